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
#include <numeric>
#include <span>
#include <utility>

namespace hat::decode {

/// Beam search as fairseq does it, over anything that has `start` and `step`.
///
/// A sentence is finished when it has as many hypotheses as the beam is wide, whatever their
/// scores, and leaves at once. Of candidates with equal scores the earlier row's is the better one;
/// within a row the one with the larger logit, then the smaller token.
///
/// In a diverse search, all of this holds of each group; the scores of what it finds are
/// log-probabilities all the same.
///
/// An object keeps its memory: a search no bigger than one before allocates nothing. It may be
/// given memory instead.
class BeamSearch {
public:
    BeamSearch() = default;
    /// Works in `memory`, which must outlive it and have the `bytes` of every search.
    explicit BeamSearch(std::span<std::byte> memory) noexcept : memory_(memory) {}

    /// What it works in.
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
        begin(model, supply.take(places), special, options);
        while (!is_done()) {
            advance(model, results);
            batch_.refill(model, supply, options_, special_.eos);
        }
    }

    /// The same one step after the other: `begin` with all sentences, then `advance` until the
    /// search `is_done`. So long their prefixes must last.
    template <StepModel Model>
    void begin(Model& model, const Entrants& sentences, const SpecialTokens& special,
               const SearchOptions& options) {
        validate(options);
        options_ = options;
        special_ = special;
        vocab_size_ = model.vocab_size();
        groups_ = options.groups;
        // Of a vocabulary that is too small for the beam, each group has as much.
        share_ = std::max(1, std::min(options.beam, vocab_size_ - 1) / groups_);
        beam_ = groups_ * share_;
        start(model, sentences, options);
    }
    [[nodiscard]] bool is_done() const noexcept { return batch_.rows().empty(); }
    template <StepModel Model>
    void advance(Model& model, auto&& results) {
        batch_.apply_rules(options_);
        const Selection selection{.count = std::min(2 * beam_, vocab_size_),
                                  .normalize = true,
                                  .temperature = options_.temperature,
                                  .unk_penalty = effective_unk_penalty(options_),
                                  .special = special_};
        extend(model.step(batch_.rows(), selection), options_, results);
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
        return RunningBatch::bytes(size) + Arena::bytes_of<Row>(rows) +
               2 * Arena::bytes_of<int>(rows) + Arena::bytes_of<Finished>(rows) +
               Arena::bytes_of<std::size_t>(size.rows_per_place) +
               Arena::bytes_of<int>(size.rows_per_place);
    }

    template <StepModel Model>
    void start(Model& model, const Entrants& first, const SearchOptions& options) {
        auto size = extents(first.count(),
                            most_target_positions(options, first.sources, model.max_length()),
                            beam_, options.no_repeat_ngram);
        size.groups = groups_;
        memory_.reset(bytes(size));
        next_rows_ = {size.rows(), memory_};
        next_ends_ = {size.rows(), memory_};
        finished_ = {size.rows(), memory_};
        finished_counts_ = {size.rows(), memory_};
        heads_ = {index(beam_), memory_};
        chosen_ = {index(beam_), memory_};
        finished_.resize(size.rows());
        finished_counts_.resize(size.rows());
        std::fill(finished_counts_.begin(), finished_counts_.end(), 0);
        heads_.resize(index(beam_));
        batch_.start(model, first, size, options, special_.eos, memory_);
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
        const std::size_t rows_before = next_rows_.size();
        ++batch_.at(number).length;
        chosen_.clear();
        for (int begin = first, end = first; begin < last; begin = end) {
            const int group = batch_.rows()[index(begin)].group;
            while (end < last && batch_.rows()[index(end)].group == group) ++end;
            if (!chosen_.empty()) sort_by_merit(candidates, begin, end, options.diversity);
            extend_group(candidates, begin, end, options);
        }
        if (next_rows_.size() == rows_before && finished_count(number) == 0)
            fail_without_next("beam search", batch_.at(number).number, batch_.at(number).length - 1,
                              options);
    }

    void extend_group(const kernels::CandidateRows& candidates, int first, int last,
                      const SearchOptions& options) {
        const auto [number, group] =
            std::pair(batch_.rows()[index(first)].sentence, batch_.rows()[index(first)].group);
        RunningBatch::Place& place = batch_.at(number);
        const std::span<Finished> ended = finished(number, group);
        int& ended_count = finished_counts_[index(number) * index(groups_) + index(group)];
        const std::size_t rows_before = next_rows_.size();
        const std::size_t chosen_before = chosen_.size();
        const std::int64_t all = std::int64_t{last - first} * vocab_size_;
        const auto considered = static_cast<int>(
            std::min(std::int64_t{2} * share_, std::max(std::int64_t{1}, all - 1)));
        std::fill_n(heads_.begin(), last - first, std::size_t{0});
        for (int position = 0; position < considered; ++position) {
            const Best best =
                take_best(place.history, candidates, first, last, options.diversity, chosen_before);
            if (best.row < 0) break;  // all others are impossible
            const int end = batch_.ends()[index(best.row)];
            if (best.token == special_.eos) {
                if (position < share_ && ended_count < share_) {
                    ended[index(ended_count++)] = {
                        place.history.add(end, best.token, best.score),
                        final_score(best.score, index(place.length), options)};
                }
            } else if (next_rows_.size() - rows_before < index(share_)) {
                next_rows_.push_back(
                    {.sentence = number, .parent = best.row, .token = best.token, .group = group});
                next_ends_.push_back(place.history.add(end, best.token, best.score));
                if (group + 1 < groups_) chosen_.push_back(best.token);
            }
        }
        if (ended_count == share_) {
            next_rows_.resize(rows_before);
            next_ends_.resize(rows_before);
        }
    }

    /// What the groups before chose in this step makes a token worth less.
    [[nodiscard]] float penalty(int token, float diversity, std::size_t chosen) const noexcept {
        const int* const begin = chosen_.data();
        return diversity * static_cast<float>(std::count(
                               begin, begin + static_cast<std::ptrdiff_t>(chosen), token));
    }

    /// Puts the candidates of each row of a group in the order of what they are worth to it.
    void sort_by_merit(const kernels::CandidateRows& candidates, int first, int last,
                       float diversity) {
        const auto merit = [&](const kernels::Candidate& candidate) {
            return candidate.value - penalty(candidate.index, diversity, chosen_.size());
        };
        for (int row = first; row < last; ++row) {
            kernels::Candidate* const of_row =
                candidates.data + std::ptrdiff_t{row} * candidates.count;
            // Insertion, as in `rank`.
            for (int i = 1; i < candidates.sizes[row]; ++i)
                for (int k = i; k > 0 && merit(of_row[k]) > merit(of_row[k - 1]); --k)
                    std::swap(of_row[k], of_row[k - 1]);
        }
    }

    struct Best {
        int row = -1;
        int token = -1;
        float score = 0;
    };

    /// The best candidate that is left among the rows of a group: each row's come best first. Of
    /// the tokens chosen in this step, the first `chosen` are those of the groups before.
    Best take_best(const History& history, const kernels::CandidateRows& candidates, int first,
                   int last, float diversity, std::size_t chosen) noexcept {
        Best best;
        float best_merit = 0;
        for (int row = first; row < last; ++row) {
            const auto of_row = candidates.row(row);
            const std::size_t head = heads_[index(row - first)];
            if (head == of_row.size()) continue;
            const float score = history.score(batch_.ends()[index(row)]) + of_row[head].value;
            const float merit =
                chosen == 0 ? score : score - penalty(of_row[head].index, diversity, chosen);
            if (best.row >= 0 && merit <= best_merit) continue;
            best = {row, of_row[head].index, score};
            best_merit = merit;
        }
        if (best.row >= 0) ++heads_[index(best.row - first)];
        return best;
    }

    /// Room for the finished hypotheses of a group.
    [[nodiscard]] std::span<Finished> finished(int place, int group) noexcept {
        const std::size_t first = index(place) * index(beam_) + index(group) * index(share_);
        return {finished_.data() + first, index(share_)};
    }
    /// How many a sentence has in all groups.
    [[nodiscard]] int finished_count(int place) const noexcept {
        const int* const counts = finished_counts_.data() + index(place) * index(groups_);
        return std::accumulate(counts, counts + groups_, 0);
    }

    /// Writes the finished hypotheses of a sentence, best first, and makes their room free.
    void rank(int number, auto& result) {
        const RunningBatch::Place& place = batch_.at(number);
        Finished* const all = finished(number, 0).data();
        std::size_t count = 0;
        for (int group = 0; group < groups_; ++group) {
            int& of_group = finished_counts_[index(number) * index(groups_) + index(group)];
            for (int i = 0; i < of_group; ++i) all[count++] = finished(number, group)[index(i)];
            of_group = 0;
        }
        const std::span ended(all, count);
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
    int groups_ = 1;
    int share_ = 1;  ///< hypotheses of a group
    int vocab_size_ = 0;
    SpecialTokens special_;
    SearchOptions options_;
    Arena memory_;
    RunningBatch batch_;
    BoundedVector<Row> next_rows_;
    BoundedVector<int> next_ends_;
    BoundedVector<Finished> finished_;    ///< [place][beam]
    BoundedVector<int> finished_counts_;  ///< [place][group]
    BoundedVector<int> chosen_;           ///< tokens, by the groups of a sentence in this step
    BoundedVector<std::size_t> heads_;    ///< candidates taken of each row of a sentence
};

}  // namespace hat::decode
