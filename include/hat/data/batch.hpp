// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/ragged.hpp>
#include <hat/core/token_ids.hpp>
#include <hat/data/batches.hpp>
#include <hat/data/corpus.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
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
    ///
    /// Throws  `Error` as `read`
    void fill(const Corpus& corpus, std::span<const int> sentences) {
        lay_out(corpus, sentences);
        read(corpus, sentences, 0, this->sentences());
    }

    /// Replaces the batch by pairs of the same lengths whose tokens are all 0. Tokens of the corpus
    /// are not touched.
    void lay_out(const Corpus& corpus, std::span<const int> sentences) {
        const auto lay_out_side = [&](const Side& side, std::vector<int>& offsets) {
            offsets.assign(1, 0);
            for (const int i : sentences)
                offsets.push_back(offsets.back() + side.sentences.length(i));
        };
        source_offsets_.assign(1, 0);
        if (corpus.has_source()) lay_out_side(corpus.source, source_offsets_);
        lay_out_side(corpus.target, target_offsets_);
        source_.assign(static_cast<std::size_t>(source_offsets_.back()), 0);
        target_.assign(static_cast<std::size_t>(target_offsets_.back()), 0);
        decoder_input_.assign(target_.size(), 0);
    }

    /// After `lay_out` of the same pairs: the tokens of those at first … last − 1 of them.
    ///
    /// Throws  `Error` if one of these tokens is not in its vocabulary
    void read(const Corpus& corpus, std::span<const int> sentences, int first, int last) {
        HAT_ASSERT(0 <= first && first <= last && std::ssize(sentences) == this->sentences());
        for (int at = first; at < last; ++at) {
            const int i = sentences[static_cast<std::size_t>(at)];
            if (corpus.has_source()) {
                const std::span<const int> source = corpus.source.sentences[i];
                check_token_ids(source, corpus.source.vocab_size, "corpus: source ", i + 1);
                std::ranges::copy(source, source_.begin() + this->source().begin(at));
            }
            const std::span<const int> target = corpus.target.sentences[i];
            HAT_ASSERT(!target.empty());
            check_token_ids(target, corpus.target.vocab_size, "corpus: target ", i + 1);
            const auto begin = this->target().begin(at);
            std::ranges::copy(target, target_.begin() + begin);
            decoder_input_[static_cast<std::size_t>(begin)] = token_before(corpus.target, i);
            std::ranges::copy(target.first(target.size() - 1), decoder_input_.begin() + begin + 1);
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
    /// What ends sentence `i − 1`; an end of sentence stands in front of the first.
    static int token_before(const Side& side, int i) {
        if (i == 0) return side.eos;
        const std::span<const int> last = side.sentences[i - 1].last(1);
        check_token_ids(last, side.vocab_size, "corpus: target ", i);
        return last.front();
    }

    std::vector<int> source_, decoder_input_, target_;
    std::vector<int> source_offsets_{0}, target_offsets_{0};
};

}  // namespace hat::data
