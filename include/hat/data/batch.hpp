// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/ragged.hpp>
#include <hat/data/batches.hpp>
#include <hat/data/corpus.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace hat::data {

/// Some pairs of a corpus as a model reads them, sentence after sentence, without padding.
///
/// The decoder reads `eos y₁ … yₙ` and is to predict `y₁ … yₙ eos`.
///
///     Batch batch;
///     batch.reserve(plan);                                  // the only allocation
///     for (int b = 0; b < plan.size(); ++b) batch.fill(corpus, plan.sentences(b));
class Batch {
public:
    /// Makes room for every batch of `plan`; `fill` allocates nothing then.
    void reserve(const BatchPlan& plan) {
        const auto sentences = static_cast<std::size_t>(plan.max_sentences());
        source_offsets_.reserve(sentences + 1);
        target_offsets_.reserve(sentences + 1);
        source_.reserve(static_cast<std::size_t>(plan.max_source_tokens()));
        decoder_input_.reserve(static_cast<std::size_t>(plan.max_target_tokens()));
        target_.reserve(static_cast<std::size_t>(plan.max_target_tokens()));
    }

    /// Replaces the batch by the pairs numbered `sentences`.
    void fill(const Corpus& corpus, std::span<const int> sentences) {
        clear();
        for (const int i : sentences) {
            const std::span<const int> source = corpus.source.sentences[i];
            const std::span<const int> target = corpus.target.sentences[i];
            HAT_ASSERT(!target.empty() && target.back() == corpus.target.eos);
            source_.insert(source_.end(), source.begin(), source.end());
            decoder_input_.push_back(target.back());
            decoder_input_.insert(decoder_input_.end(), target.begin(), target.end() - 1);
            target_.insert(target_.end(), target.begin(), target.end());
            source_offsets_.push_back(static_cast<int>(source_.size()));
            target_offsets_.push_back(static_cast<int>(target_.size()));
        }
    }

    [[nodiscard]] int sentences() const noexcept {
        return static_cast<int>(source_offsets_.size()) - 1;
    }
    /// Where the sentences lie in `source_tokens`.
    [[nodiscard]] Ragged source() const noexcept { return {source_offsets_.data(), sentences()}; }
    /// Where the sentences lie in `decoder_input` and `target_tokens`.
    [[nodiscard]] Ragged target() const noexcept { return {target_offsets_.data(), sentences()}; }

    [[nodiscard]] std::span<const int> source_tokens() const noexcept { return source_; }
    [[nodiscard]] std::span<const int> decoder_input() const noexcept { return decoder_input_; }
    [[nodiscard]] std::span<const int> target_tokens() const noexcept { return target_; }

private:
    void clear() {
        source_.clear();
        decoder_input_.clear();
        target_.clear();
        source_offsets_.assign(1, 0);
        target_offsets_.assign(1, 0);
    }

    std::vector<int> source_, decoder_input_, target_;
    std::vector<int> source_offsets_{0}, target_offsets_{0};
};

}  // namespace hat::data
