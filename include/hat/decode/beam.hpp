// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/arena.hpp>
#include <hat/core/bounded_vector.hpp>
#include <hat/core/error.hpp>
#include <hat/decode/hypothesis.hpp>
#include <hat/decode/running_batch.hpp>
#include <hat/decode/sentence_queue.hpp>
#include <hat/decode/step_model.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace hat::decode {

/// Beam search as fairseq does it, over anything that has `start` and `step`.
///
/// A sentence is finished when it has as many hypotheses as the beam is wide, whatever their
/// scores, and leaves at once. Of candidates with equal scores the earlier row's is the better one;
/// within a row the one with the larger logit, then the smaller token.
///
/// An object keeps its memory: a search no bigger than one before allocates nothing. It may be
/// given memory instead.
class BeamSearch {
public:
    BeamSearch() = default;
    /// Works in `memory`, which must outlive it and have the `bytes` of every search.
    explicit BeamSearch(std::span<std::byte> memory) noexcept : memory_(memory) {}

    [[nodiscard]] const Arena& memory() const noexcept { return memory_; }

    /// Bytes that a search takes for `sentences` targets of at most `positions` tokens, eos among
    /// them, if the vocabulary is not too small for the beam.
    [[nodiscard]] static constexpr std::size_t bytes(int sentences, int positions, int beam,
                                                     int no_repeat_ngram) noexcept {
        return bytes(extents(sentences, positions, beam, no_repeat_ngram));
    }

    /// Fills `results`, one entry for every sentence of `sources`, with `beam` hypotheses each (as
    /// many as there are, if the vocabulary is too small for that): `Hypotheses`, or whatever else
    /// has their members.
    ///
    /// Throws  `Error` if an option is out of range, or the model's output is not a number
    template <StepModel Model>
    void run(Model& model, const Sources& sources, const SpecialTokens& special,
             const SearchOptions& options, auto&& results) {
        OneBatch batch(sources);
        run(model, batch, sources.sentences.sentences(), special, options, results);
    }

    /// The same of all sentences of `supply`, `places` of them at once.
    template <StepModel Model, SentenceSupply Supply>
    void run(Model& model, Supply& supply, int places, const SpecialTokens& special,
             const SearchOptions& options, auto&& results) {
        validate(options);
        vocab_size_ = model.vocab_size();
        beam_ = std::max(1, std::min(options.beam, vocab_size_ - 1));
        eos_ = special.eos;
        start(model, supply.take(places), options);
        const Selection selection{.count = std::min(2 * beam_, vocab_size_),
                                  .normalize = true,
                                  .temperature = options.temperature,
                                  .unk_penalty = effective_unk_penalty(options),
                                  .special = special};
        while (!batch_.rows().empty()) {
            batch_.apply_rules(options);
            extend(model.step(batch_.rows(), selection), options, results);
            batch_.refill(model, supply, options, eos_);
        }
    }

private:
    struct Finished {
        int end;  ///< in the history
        float score;
    };
    static constexpr std::size_t index(int i) noexcept { return static_cast<std::size_t>(i); }

    static constexpr RunningBatch::Extents extents(int places, int positions, int beam,
                                                   int no_repeat_ngram) noexcept {
        return {.places = places,
                .rows_per_place = beam,
                .positions = positions,
                // A root, and in every step what lives on and what ends.
                .nodes = 1 + 2 * index(beam) * index(positions),
                .no_repeat_ngram = no_repeat_ngram};
    }
    static constexpr std::size_t bytes(const RunningBatch::Extents& size) noexcept {
        const auto rows = static_cast<std::ptrdiff_t>(size.rows());
        return RunningBatch::bytes(size) + Arena::bytes_of<Row>(rows) + Arena::bytes_of<int>(rows) +
               Arena::bytes_of<Finished>(rows) + Arena::bytes_of<std::size_t>(size.rows_per_place);
    }

    template <StepModel Model>
    void start(Model& model, const Entrants& first, const SearchOptions& options) {
        const auto size = extents(first.count(),
                                  most_target_positions(options, first.sources, model.max_length()),
                                  beam_, options.no_repeat_ngram);
        memory_.reset(bytes(size));
        next_rows_ = {size.rows(), memory_};
        next_ends_ = {size.rows(), memory_};
        finished_ = {size.rows(), memory_};
        heads_ = {index(beam_), memory_};
        finished_.resize(size.rows());
        heads_.resize(index(beam_));
        batch_.start(model, first, size, options, eos_, memory_);
    }

    /// Goes on with the best candidates of every sentence; those that are finished leave.
    void extend(const kernels::CandidateRows& candidates, const SearchOptions& options,
                auto& results) {
        next_rows_.clear();
        next_ends_.clear();
        const auto& rows = batch_.rows();
        for (std::size_t first = 0, last = 0; first < rows.size(); first = last) {
            const int place = rows[first].sentence;
            while (last < rows.size() && rows[last].sentence == place) ++last;
            const std::size_t before = next_rows_.size();
            extend_sentence(candidates, static_cast<int>(first), static_cast<int>(last), options);
            if (next_rows_.size() > before) continue;
            rank(place, results[index(batch_.at(place).number)]);
            batch_.leave(place);
        }
        std::swap(batch_.rows(), next_rows_);
        std::swap(batch_.ends(), next_ends_);
    }

    void extend_sentence(const kernels::CandidateRows& candidates, int first, int last,
                         const SearchOptions& options) {
        const int number = batch_.rows()[index(first)].sentence;
        RunningBatch::Place& place = batch_.at(number);
        const std::size_t rows_before = next_rows_.size();
        const std::int64_t all = std::int64_t{last - first} * vocab_size_;
        const auto considered =
            static_cast<int>(std::min(std::int64_t{2} * beam_, std::max(std::int64_t{1}, all - 1)));
        ++place.length;
        std::fill_n(heads_.begin(), last - first, std::size_t{0});
        for (int position = 0; position < considered; ++position) {
            const Best best = take_best(place.history, candidates, first, last);
            if (best.row < 0) break;  // all others are impossible
            const int end = batch_.ends()[index(best.row)];
            if (best.token == eos_) {
                if (position < beam_ && place.finished < beam_) {
                    finished(number)[index(place.finished++)] = {
                        place.history.add(end, eos_, best.score),
                        final_score(best.score, index(place.length), options)};
                }
            } else if (next_rows_.size() - rows_before < index(beam_)) {
                next_rows_.push_back({.sentence = number, .parent = best.row, .token = best.token});
                next_ends_.push_back(place.history.add(end, best.token, best.score));
            }
        }
        if (place.finished == beam_) {
            next_rows_.resize(rows_before);
            next_ends_.resize(rows_before);
        }
        if (place.finished == 0 && next_rows_.size() == rows_before) {
            fail("beam search: sentence ", place.number, ": no next token has a finite score");
        }
    }

    struct Best {
        int row = -1;
        int token = -1;
        float score = 0;
    };

    /// The best candidate that is left among the rows of a sentence: each row's come best first.
    Best take_best(const History& history, const kernels::CandidateRows& candidates, int first,
                   int last) noexcept {
        Best best;
        for (int row = first; row < last; ++row) {
            const auto of_row = candidates.row(row);
            const std::size_t head = heads_[index(row - first)];
            if (head == of_row.size()) continue;
            const float score = history.score(batch_.ends()[index(row)]) + of_row[head].value;
            if (best.row < 0 || score > best.score) best = {row, of_row[head].index, score};
        }
        if (best.row >= 0) ++heads_[index(best.row - first)];
        return best;
    }

    /// Room for the finished hypotheses of a sentence.
    [[nodiscard]] std::span<Finished> finished(int place) noexcept {
        return {finished_.data() + index(place) * index(beam_), index(beam_)};
    }

    /// Writes the finished hypotheses of a sentence, best first.
    void rank(int number, auto& result) {
        const RunningBatch::Place& place = batch_.at(number);
        const std::span ended = finished(number).first(index(place.finished));
        // Insertion keeps the order of equals and asks for no memory. Beams are short: it takes
        // steps as the square of one.
        for (std::size_t i = 1; i < ended.size(); ++i) {
            for (std::size_t k = i; k > 0 && ended[k].score > ended[k - 1].score; --k) {
                std::swap(ended[k], ended[k - 1]);
            }
        }
        result.resize(ended.size());
        for (std::size_t i = 0; i < ended.size(); ++i) {
            place.history.trace(ended[i].end, true, result[i]);
            result[i].score = ended[i].score;
        }
    }

    int beam_ = 1;
    int vocab_size_ = 0;
    int eos_ = 0;
    Arena memory_;
    RunningBatch batch_;
    BoundedVector<Row> next_rows_;
    BoundedVector<int> next_ends_;
    BoundedVector<Finished> finished_;  ///< [place][beam]
    BoundedVector<std::size_t> heads_;  ///< candidates taken of each row of a sentence
};

}  // namespace hat::decode
