// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/ragged.hpp>
#include <hat/core/token_ids.hpp>
#include <hat/data/batches.hpp>
#include <hat/data/corpus.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
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
        HAT_ASSERT(0 <= first && first <= last &&
                   static_cast<int>(sentences.size()) == this->sentences());
        for (int at = first; at < last; ++at) {
            const int i = sentences[static_cast<std::size_t>(at)];
            if (corpus.has_source())
                copy(checked(corpus.source, "source", i), source_.data() + source().begin(at));
            const std::span<const int> own = checked(corpus.target, "target", i);
            HAT_ASSERT(!own.empty());
            const int begin = target().begin(at);
            copy(own, target_.data() + begin);
            int* const input = decoder_input_.data() + begin;
            *input = i == 0 ? corpus.target.eos : checked(corpus.target, "target", i - 1).back();
            copy(own.first(own.size() - 1), input + 1);
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

    /// The tokens of all sentences: sources, targets behind the token that begins them, and targets
    /// up to the one that ends them.
    [[nodiscard]] std::span<const int> source_tokens() const noexcept { return source_; }
    [[nodiscard]] std::span<const int> decoder_input() const noexcept { return decoder_input_; }
    [[nodiscard]] std::span<const int> target_tokens() const noexcept { return target_; }

private:
    static std::span<const int> checked(const Side& side, const char* name, int i) {
        const std::span<const int> sentence = side.sentences[i];
        for (const int token : sentence)
            if (token < 0 || token >= side.vocab_size)
                check_token_ids(
                    sentence, side.vocab_size,
                    std::string_view(std::string("corpus: ") + name + ' ' + std::to_string(i + 1)));
        return sentence;
    }
    static void copy(std::span<const int> tokens, int* to) noexcept {
        std::copy_n(tokens.data(), tokens.size(), to);
    }

    std::vector<int> source_, decoder_input_, target_;
    std::vector<int> source_offsets_{0}, target_offsets_{0};
};

}  // namespace hat::data
