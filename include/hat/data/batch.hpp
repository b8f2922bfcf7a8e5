// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/ragged.hpp>
#include <hat/data/batches.hpp>
#include <hat/data/corpus.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hat::data {

/// Some pairs of a corpus as a model reads them, sentence after sentence, without padding.
///
/// The decoder reads the target moved right by one. In front of a sentence `y₁ … yₙ eos` stands the
/// eos that ended the one before, so it reads `eos y₁ … yₙ`; in front of a block of a text (see
/// text_blocks.hpp) the token that ended the block before. A corpus without source gives batches
/// without one.
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
            if (corpus.has_source()) {
                const std::span<const int> source = corpus.source.sentences[i];
                source_.insert(source_.end(), source.begin(), source.end());
                source_offsets_.push_back(static_cast<int>(source_.size()));
            }
            const std::span<const int> target = corpus.target.sentences[i];
            HAT_ASSERT(!target.empty());
            decoder_input_.push_back(token_before(corpus.target, i));
            decoder_input_.insert(decoder_input_.end(), target.begin(), target.end() - 1);
            target_.insert(target_.end(), target.begin(), target.end());
            target_offsets_.push_back(static_cast<int>(target_.size()));
        }
    }

    [[nodiscard]] int sentences() const noexcept {
        return static_cast<int>(target_offsets_.size()) - 1;
    }
    /// Where the sentences lie in `source_tokens`; none without source.
    [[nodiscard]] Ragged source() const noexcept {
        return {source_offsets_.data(), static_cast<int>(source_offsets_.size()) - 1};
    }
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

    /// What ends sentence `i − 1`; an end of sentence stands in front of the first.
    static int token_before(const Side& side, int i) noexcept {
        const std::int64_t begin = side.sentences.offsets[static_cast<std::size_t>(i)];
        return begin == 0 ? side.eos : side.sentences.tokens[static_cast<std::size_t>(begin - 1)];
    }

    std::vector<int> source_, decoder_input_, target_;
    std::vector<int> source_offsets_{0}, target_offsets_{0};
};

}  // namespace hat::data
