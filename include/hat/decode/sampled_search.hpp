// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/random.hpp>
#include <hat/decode/greedy.hpp>
#include <hat/decode/hypothesis.hpp>
#include <hat/decode/running_batch.hpp>
#include <hat/decode/sampling.hpp>
#include <hat/decode/sentence_queue.hpp>
#include <hat/decode/step_model.hpp>
#include <hat/kernels/softmax.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

namespace hat::decode {

/// Translations drawn at random, one hypothesis a sentence, each of its tokens as `TokenSampler`
/// draws it. What is drawn for a sentence follows from its key alone: it is the same in any batch.
/// Its scores are log-probabilities, whatever the temperature.
///
/// An object keeps its memory.
class SampledSearch {
public:
    /// Fills `results` as `GreedySearch` does; `keys` are those of the sentences, by number. Of the
    /// options, lengths, the rules and how scores are normalised play a part; there are scores
    /// whether they are wanted or not.
    ///
    /// Throws  `Error` if an option is out of range, or the model's output is not a number
    template <class Model, SentenceSupply Supply>
    requires LogitModel<Model>
    void run(Model& model, Supply& supply, int places, const SpecialTokens& special,
             const SearchOptions& options, const SamplingOptions& sampling,
             std::span<const RandomKey> keys, auto&& results) {
        validate(sampling);
        SearchOptions scored = options;
        scored.scores = true;
        const Selection selection{.unk_penalty = effective_unk_penalty(options),
                                  .special = special};
        search_.run(
            model, supply, places, special, scored, results, [&](std::span<const Row> rows) {
                return [&, rows, logits = model.logits(rows)](int row,
                                                              const RunningBatch::Place& place) {
                    const RandomKey key = keys[static_cast<std::size_t>(place.number)];
                    const kernels::Candidate drawn =
                        draw(logits.row(row), rows[static_cast<std::size_t>(row)], selection,
                             sampling, key.split(static_cast<std::uint64_t>(place.length)));
                    if (drawn.index < 0)
                        fail_without_next("sampling", place.number, place.length, scored);
                    return drawn;
                };
            });
    }

private:
    /// `GreedySearch::none` if there is nothing to draw.
    kernels::Candidate draw(Vector logits, const Row& row, const Selection& selection,
                            const SamplingOptions& sampling, RandomKey key) {
        const float log_sum = kernels::row_log_sum_exp(logits.data(), logits.size());
        const std::span<float> all(logits.data(), static_cast<std::size_t>(logits.size()));
        apply_rules(row, selection, 0, all);
        const int bos = selection.special.bos;
        if (bos >= 0 && bos < logits.size()) logits[bos] = -std::numeric_limits<float>::infinity();
        if (std::none_of(all.begin(), all.end(), [](float x) { return std::isfinite(x); }))
            return GreedySearch::none;
        const int token = sampler_.draw(all, sampling, Random(key).uniform());
        return {.value = logits[token] - log_sum, .index = token};
    }

    GreedySearch search_;
    TokenSampler sampler_;
};

}  // namespace hat::decode
