// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/decode/hypothesis.hpp>
#include <hat/decode/step_model.hpp>

#include <cstddef>
#include <limits>
#include <span>
#include <vector>

namespace hat::decode {

/// Scores of targets that are given: bit for bit those that a search gives them when it finds them.
/// What limits a search (lengths, repeated n-grams) plays no part.
///
/// An object keeps its memory.
class ForcedDecoding {
public:
    /// Fills `results`, one entry of one hypothesis, which has the tokens of the target, for every
    /// pair of `sources` and `targets`. The score of a target that cannot be said is −∞.
    ///
    /// After each step, `after_step(rows)` is told the rows that it took.
    ///
    /// Precondition: there are as many targets as sources; each ends in eos and has as many tokens
    /// as the model has positions at most.
    template <StepModel Model, class AfterStep>
    void run(Model& model, const Sources& sources, const Sources& targets,
             const SpecialTokens& special, const SearchOptions& options,
             std::span<Hypotheses> results, const AfterStep& after_step) {
        const int sentences = targets.sentences.sentences();
        HAT_ASSERT(sentences == sources.sentences.sentences());
        lengths_.clear();
        rows_.clear();
        sums_.assign(index(sentences), 0.0F);
        for (int s = 0; s < sentences; ++s) {
            const int length = targets.sentences.length(s);
            HAT_ASSERT(1 <= length && length <= model.max_length());
            lengths_.push_back(length);
            rows_.push_back({.sentence = s, .parent = s, .token = special.eos});
            results[index(s)].resize(1);
            Hypothesis& target = results[index(s)].front();
            const auto tokens =
                targets.tokens.subspan(index(targets.sentences.begin(s)), index(length));
            target.tokens.assign(tokens.begin(), tokens.end());
            target.positional_scores.clear();
        }
        model.start(sources, 1, lengths_);
        const Selection selection{.count = 1,
                                  .normalize = true,
                                  .temperature = options.temperature,
                                  .unk_penalty = effective_unk_penalty(options),
                                  .special = special};
        for (int step = 0; !rows_.empty(); ++step) {
            for (Row& row : rows_)
                row.only = results[index(row.sentence)].front().tokens[index(step)];
            const kernels::CandidateRows candidates = model.step(rows_, selection);
            after_step(std::span<const Row>(rows_));
            extend(candidates, step, options, results);
        }
    }
    template <StepModel Model>
    void run(Model& model, const Sources& sources, const Sources& targets,
             const SpecialTokens& special, const SearchOptions& options,
             std::span<Hypotheses> results) {
        run(model, sources, targets, special, options, results, [](std::span<const Row>) {});
    }

private:
    static std::size_t index(int i) noexcept { return static_cast<std::size_t>(i); }

    /// Takes the only candidate of every row; those that are at their end leave.
    void extend(const kernels::CandidateRows& candidates, int step, const SearchOptions& options,
                std::span<Hypotheses> results) {
        std::size_t live = 0;
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            const int sentence = rows_[i].sentence;
            const auto only = candidates.row(static_cast<int>(i));
            Hypothesis& target = results[index(sentence)].front();
            float& sum = sums_[index(sentence)];
            const float before = sum;
            constexpr float impossible = -std::numeric_limits<float>::infinity();
            sum = impossible;
            if (!only.empty()) sum = before + only.front().value;
            const bool was_possible = before > impossible;
            target.positional_scores.push_back(was_possible ? sum - before : before);
            if (step + 1 == lengths_[index(sentence)]) {
                target.score = final_score(sum, target.tokens.size(), options);
                continue;
            }
            rows_[live++] = {.sentence = sentence,
                             .parent = static_cast<int>(i),
                             .token = target.tokens[index(step)]};
        }
        rows_.resize(live);
    }

    std::vector<Row> rows_;
    std::vector<int> lengths_;
    std::vector<float> sums_;
};

}  // namespace hat::decode
