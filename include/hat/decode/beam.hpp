// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/arena.hpp>
#include <hat/core/bounded_vector.hpp>
#include <hat/decode/hypothesis.hpp>
#include <hat/decode/repetition.hpp>

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
        const std::ptrdiff_t rows = std::ptrdiff_t{sentences} * beam;
        return 2 * Arena::bytes_of<int>(sentences) + 2 * Arena::bytes_of<Row>(rows) +
               2 * Arena::bytes_of<int>(rows) + Arena::bytes_of<Finished>(rows) +
               Arena::bytes_of<std::size_t>(beam) +
               History::bytes(nodes(sentences, beam, positions)) +
               RepetitionRule::bytes(no_repeat_ngram, static_cast<std::size_t>(rows),
                                     index(positions));
    }

    /// Fills `results`, one entry for every sentence of `sources`, with `beam` hypotheses each (as
    /// many as there are, if the vocabulary is too small for that): `Hypotheses`, or whatever else
    /// has their members.
    ///
    /// Throws  `Error` if an option is out of range, or the model's output is not a number
    template <StepModel Model>
    void run(Model& model, const Sources& sources, const SpecialTokens& special,
             const SearchOptions& options, auto&& results) {
        validate(options);
        vocab_size_ = model.vocab_size();
        beam_ = std::max(1, std::min(options.beam, vocab_size_ - 1));
        eos_ = special.eos;
        start(model, sources, options);
        const Selection selection{.count = std::min(2 * beam_, vocab_size_),
                                  .normalize = true,
                                  .temperature = options.temperature,
                                  .unk_penalty = effective_unk_penalty(options),
                                  .special = special};
        for (int step = 0; !rows_.empty(); ++step) {
            for (Row& row : rows_) {
                row.allowed = allowed(step, limits_[index(row.sentence)] - 1, options.min_length);
            }
            repetition_.apply(history_, ends_, rows_);
            extend(model.step(rows_, selection), step, options);
        }
        for (std::size_t s = 0; s < finished_counts_.size(); ++s) {
            rank(finished(static_cast<int>(s)), results[s]);
        }
    }

private:
    struct Finished {
        int end;  ///< in the history
        float score;
    };
    static constexpr std::size_t index(int i) noexcept { return static_cast<std::size_t>(i); }

    /// Of the history: a root, and in every step what lives on and what ends.
    static constexpr std::size_t nodes(int sentences, int beam, int positions) noexcept {
        return index(sentences) * (1 + 2 * index(beam) * index(positions));
    }

    template <StepModel Model>
    void start(Model& model, const Sources& sources, const SearchOptions& options) {
        const int sentences = sources.sentences.sentences();
        const int longest = most_target_positions(options, sources, model.max_length());
        memory_.reset(bytes(sentences, longest, beam_, options.no_repeat_ngram));
        const std::size_t most_rows = index(sentences) * index(beam_);
        limits_ = {index(sentences), memory_};
        finished_counts_ = {index(sentences), memory_};
        for (auto* rows : {&rows_, &next_rows_}) *rows = {most_rows, memory_};
        for (auto* ends : {&ends_, &next_ends_}) *ends = {most_rows, memory_};
        finished_ = {most_rows, memory_};
        heads_ = {index(beam_), memory_};
        history_.start(nodes(sentences, beam_, longest), memory_);
        repetition_.start(options.no_repeat_ngram, most_rows, index(longest), memory_);
        finished_.resize(most_rows);
        finished_counts_.resize(index(sentences));
        heads_.resize(index(beam_));
        for (int s = 0; s < sentences; ++s) {
            limits_.push_back(target_positions(options, sources, s, model.max_length()));
            rows_.push_back({.sentence = s, .parent = s, .token = eos_});
            ends_.push_back(history_.add(-1, eos_, 0.0F));
        }
        model.start(sources, beam_, limits_);
    }

    /// Goes on with the best candidates of every sentence.
    void extend(const kernels::CandidateRows& candidates, int step, const SearchOptions& options) {
        next_rows_.clear();
        next_ends_.clear();
        for (std::size_t first = 0, last = 0; first < rows_.size(); first = last) {
            const int sentence = rows_[first].sentence;
            while (last < rows_.size() && rows_[last].sentence == sentence) ++last;
            extend_sentence(candidates, static_cast<int>(first), static_cast<int>(last), step,
                            options);
        }
        std::swap(rows_, next_rows_);
        std::swap(ends_, next_ends_);
    }

    void extend_sentence(const kernels::CandidateRows& candidates, int first, int last, int step,
                         const SearchOptions& options) {
        const int sentence = rows_[index(first)].sentence;
        int& count = finished_counts_[index(sentence)];
        const std::size_t rows_before = next_rows_.size();
        const std::int64_t all = std::int64_t{last - first} * vocab_size_;
        const auto considered =
            static_cast<int>(std::min(std::int64_t{2} * beam_, std::max(std::int64_t{1}, all - 1)));
        std::fill_n(heads_.begin(), last - first, std::size_t{0});
        for (int position = 0; position < considered; ++position) {
            const Best best = take_best(candidates, first, last);
            if (best.row < 0) break;  // all others are impossible
            const int end = ends_[index(best.row)];
            const int length = step + 1;
            if (best.token == eos_) {
                if (position < beam_ && count < beam_) {
                    finished_[index(sentence) * index(beam_) + index(count++)] = {
                        history_.add(end, eos_, best.score),
                        final_score(best.score, index(length), options)};
                }
            } else if (next_rows_.size() - rows_before < index(beam_)) {
                next_rows_.push_back(
                    {.sentence = sentence, .parent = best.row, .token = best.token});
                next_ends_.push_back(history_.add(end, best.token, best.score));
            }
        }
        if (count == beam_) {
            next_rows_.resize(rows_before);
            next_ends_.resize(rows_before);
        }
        if (count == 0 && next_rows_.size() == rows_before) {
            fail("beam search: sentence ", sentence, ": no next token has a finite score");
        }
    }

    struct Best {
        int row = -1;
        int token = -1;
        float score = 0;
    };

    /// The best candidate that is left among the rows of a sentence: each row's come best first.
    Best take_best(const kernels::CandidateRows& candidates, int first, int last) noexcept {
        Best best;
        for (int row = first; row < last; ++row) {
            const auto of_row = candidates.row(row);
            const std::size_t head = heads_[index(row - first)];
            if (head == of_row.size()) continue;
            const float score = history_.score(ends_[index(row)]) + of_row[head].value;
            if (best.row < 0 || score > best.score) best = {row, of_row[head].index, score};
        }
        if (best.row >= 0) ++heads_[index(best.row - first)];
        return best;
    }

    /// The finished hypotheses of a sentence.
    [[nodiscard]] std::span<Finished> finished(int sentence) noexcept {
        return {finished_.data() + index(sentence) * index(beam_),
                index(finished_counts_[index(sentence)])};
    }

    void rank(std::span<Finished> finished, auto& result) const {
        // Insertion keeps the order of equals and asks for no memory. Beams are short: it takes
        // steps as the square of one.
        for (std::size_t i = 1; i < finished.size(); ++i) {
            for (std::size_t k = i; k > 0 && finished[k].score > finished[k - 1].score; --k) {
                std::swap(finished[k], finished[k - 1]);
            }
        }
        result.resize(finished.size());
        for (std::size_t i = 0; i < finished.size(); ++i) {
            history_.trace(finished[i].end, true, result[i]);
            result[i].score = finished[i].score;
        }
    }

    int beam_ = 1;
    int vocab_size_ = 0;
    int eos_ = 0;
    Arena memory_;
    BoundedVector<Row> rows_;
    BoundedVector<Row> next_rows_;
    BoundedVector<int> ends_;  ///< of the rows, in the history
    BoundedVector<int> next_ends_;
    BoundedVector<int> limits_;         ///< positions of each sentence
    BoundedVector<Finished> finished_;  ///< [sentence][beam]
    BoundedVector<int> finished_counts_;
    BoundedVector<std::size_t> heads_;  ///< candidates taken of each row of a sentence
    History history_;
    RepetitionRule repetition_;
};

}  // namespace hat::decode
