// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/arena.hpp>
#include <hat/core/bounded_vector.hpp>
#include <hat/decode/hypothesis.hpp>
#include <hat/decode/repetition.hpp>

#include <cstddef>
#include <span>

namespace hat::decode {

/// Greedy search: always the best next token, one hypothesis a sentence. The same tokens as beam
/// search with a beam of 1, without a softmax unless scores are wanted.
///
/// An object keeps its memory: a search no bigger than one before allocates nothing. It may be
/// given memory instead.
class GreedySearch {
public:
    GreedySearch() = default;
    /// Works in `memory`, which must outlive it and have the `bytes` of every search.
    explicit GreedySearch(std::span<std::byte> memory) noexcept : memory_(memory) {}

    [[nodiscard]] const Arena& memory() const noexcept { return memory_; }

    /// Bytes that a search takes for `sentences` targets of at most `positions` tokens, eos among
    /// them.
    [[nodiscard]] static constexpr std::size_t bytes(int sentences, int positions,
                                                     int no_repeat_ngram) noexcept {
        const auto n = index(sentences);
        const std::ptrdiff_t rows = sentences;
        return 2 * Arena::bytes_of<int>(rows) + Arena::bytes_of<Row>(rows) +
               History::bytes(n * (1 + index(positions))) +
               RepetitionRule::bytes(no_repeat_ngram, n, index(positions));
    }

    /// Fills `results`, one entry of one hypothesis for every sentence of `sources`: `Hypotheses`,
    /// or whatever else has their members.
    ///
    /// Throws  `Error` if an option is out of range, or the model's output is not a number
    template <StepModel Model>
    void run(Model& model, const Sources& sources, const SpecialTokens& special,
             const SearchOptions& options, auto&& results) {
        validate(options);
        start(model, sources, special, options);
        const Selection selection{.count = 1,
                                  .normalize = options.scores,
                                  .temperature = options.temperature,
                                  .unk_penalty = effective_unk_penalty(options),
                                  .special = special};
        for (int step = 0; !rows_.empty(); ++step) {
            for (Row& row : rows_) {
                row.allowed = allowed(step, limits_[index(row.sentence)] - 1, options.min_length);
            }
            repetition_.apply(history_, ends_, rows_);
            extend(model.step(rows_, selection), special, options, results);
        }
    }

private:
    static constexpr std::size_t index(int i) noexcept { return static_cast<std::size_t>(i); }

    template <StepModel Model>
    void start(Model& model, const Sources& sources, const SpecialTokens& special,
               const SearchOptions& options) {
        const int sentences = sources.sentences.sentences();
        const int longest = most_target_positions(options, sources, model.max_length());
        memory_.reset(bytes(sentences, longest, options.no_repeat_ngram));
        limits_ = {index(sentences), memory_};
        rows_ = {index(sentences), memory_};
        ends_ = {index(sentences), memory_};
        history_.start(index(sentences) * (1 + index(longest)), memory_);
        repetition_.start(options.no_repeat_ngram, index(sentences), index(longest), memory_);
        for (int s = 0; s < sentences; ++s) {
            limits_.push_back(target_positions(options, sources, s, model.max_length()));
            rows_.push_back({.sentence = s, .parent = s, .token = special.eos});
            ends_.push_back(history_.add(-1, special.eos, 0.0F));
        }
        model.start(sources, 1, limits_);
    }

    /// Continues every row with its best candidate; those that end leave.
    void extend(const kernels::CandidateRows& candidates, const SpecialTokens& special,
                const SearchOptions& options, auto& results) {
        std::size_t live = 0;
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            const Row row = rows_[i];
            const auto best = candidates.row(static_cast<int>(i));
            if (best.empty()) {
                fail("greedy search: sentence ", row.sentence,
                     ": no next token has a finite score");
            }
            const auto [value, token] = best.front();
            const float score = options.scores ? history_.score(ends_[i]) + value : 0.0F;
            const int end = history_.add(ends_[i], token, score);
            if (token == special.eos) {
                finish(end, options, results[index(row.sentence)]);
                continue;
            }
            rows_[live] = {.sentence = row.sentence, .parent = static_cast<int>(i), .token = token};
            ends_[live++] = end;
        }
        rows_.resize(live);
        ends_.resize(live);
    }

    void finish(int end, const SearchOptions& options, auto& result) {
        result.resize(1);
        history_.trace(end, options.scores, result[0]);
        result[0].score = final_score(history_.score(end), result[0].tokens.size(), options);
    }

    Arena memory_;
    BoundedVector<Row> rows_;
    BoundedVector<int> ends_;    ///< of the rows, in the history
    BoundedVector<int> limits_;  ///< positions of each sentence
    History history_;
    RepetitionRule repetition_;
};

}  // namespace hat::decode
