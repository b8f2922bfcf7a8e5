// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/matrix_view.hpp>
#include <hat/core/ragged.hpp>
#include <hat/model/transformer.hpp>
#include <hat/nn/block.hpp>

#include <span>
#include <vector>

namespace hat::support {

/// Sentences one after the other, with the offsets that tell them apart.
struct TokenLists {
    std::vector<int> tokens;
    std::vector<int> offsets{0};

    TokenLists() = default;
    explicit TokenLists(const std::vector<std::vector<int>>& sentences) {
        for (const auto& sentence : sentences) {
            tokens.insert(tokens.end(), sentence.begin(), sentence.end());
            offsets.push_back(static_cast<int>(tokens.size()));
        }
    }
    [[nodiscard]] Ragged ragged() const noexcept {
        return {offsets.data(), static_cast<int>(offsets.size()) - 1};
    }
};

/// Pairs of sentences as a model trains on them. Each target is given as the decoder reads it; what
/// it is to say is the same moved left by one, with `eos` behind.
class SentencePairs {
public:
    SentencePairs(const std::vector<std::vector<int>>& sources,
                  const std::vector<std::vector<int>>& inputs, int eos = 2)
        : source_(sources), input_(inputs) {
        for (const auto& input : inputs) {
            target_.insert(target_.end(), input.begin() + 1, input.end());
            target_.push_back(eos);
        }
    }

    [[nodiscard]] model::Batch batch() const noexcept {
        return {source_.tokens, source_.ragged(), input_.tokens, target_, input_.ragged()};
    }

private:
    TokenLists source_;
    TokenLists input_;
    std::vector<int> target_;
};

/// The logits of a batch, whatever the network is made of; on a tape, of a training step.
template <class Context, class Model>
[[nodiscard]] Matrix logits_of(Context& context, const Model& model, const nn::DropoutRates& rates,
                               const model::Batch& batch) {
    const auto encoded = encode(context, model, rates, batch.source, batch.source_sentences);
    const auto decoded =
        hat::model::decode(context, model, rates, encoded, batch.input, batch.target_sentences);
    return logits(context, model, decoded.output).value;
}

}  // namespace hat::support
