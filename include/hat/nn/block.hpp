// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/nn/attention.hpp>
#include <hat/nn/dextra.hpp>
#include <hat/nn/feed_forward.hpp>
#include <hat/nn/layer_norm.hpp>

#include <optional>

namespace hat::nn {

/// Dropout probabilities of a network.
struct DropoutRates {
    float residual = 0;    ///< behind embeddings and sublayers
    float attention = 0;   ///< on attention probabilities
    float activation = 0;  ///< behind the activation of the feed-forward layer
    float unit = 0;        ///< in every layer of DExTra units
    /// In networks whose embeddings a DExTra widens, masks that all tokens of a sentence share:
    float embedding = 0;  ///< on the vectors of the tables
    float position = 0;   ///< behind the sum with the positions
    float softmax = 0;    ///< on what an adaptive softmax reads, and inside its tails
    /// Whether a sub-network that is narrower than its super network drops less, as `BlockDropout`
    /// says. HAT does so always; a small network that is tuned for long overfits with it.
    bool scaled_by_width = true;
};

/// The probabilities of one side: a sub-network that is narrower than its super network by a factor
/// drops less by that factor, but for attention probabilities and the encoder's self-attention
/// (spec/hat.md, sections 5, 6 and 16).
struct BlockDropout {
    float self_attention = 0;
    float scaled = 0;
    float attention = 0;
    float activation = 0;
    float unit = 0;
};

/// One layer of the encoder (spec/hat.md, section 5; with a DExTra: spec/delight.md, section 4).
template <class Weights>
struct EncoderLayer {
    SelfAttention<Weights> self_attn;
    LayerNorm<Weights> self_attn_layer_norm;
    FeedForward<Weights> feed_forward;
    LayerNorm<Weights> final_layer_norm;
    std::optional<DExTra<Weights>> dextra{};  ///< in front of self-attention
};

/// One layer of the decoder (spec/hat.md, section 6; with a DExTra: spec/delight.md, section 4);
/// `attended_layers` encoder outputs are its memory, 0 in a language model.
template <class Weights>
struct DecoderLayer {
    SelfAttention<Weights> self_attn;
    LayerNorm<Weights> self_attn_layer_norm;
    CrossAttention<Weights> encoder_attn;
    LayerNorm<Weights> encoder_attn_layer_norm;
    FeedForward<Weights> feed_forward;
    LayerNorm<Weights> final_layer_norm;
    int attended_layers = 0;
    std::optional<DExTra<Weights>> dextra{};
};

/// Puts a sublayer into its residual connection: norm(x + f(x)), or x + f(norm(x)) with pre-norm.
template <class Context, class Weights, class Sublayer>
Variable residual_block(Context& context, const LayerNorm<Weights>& norm, bool pre_norm,
                        float dropout, const Variable& x, const Sublayer& sublayer) {
    if (!pre_norm) return add_and_norm(context, norm, dropout, x, sublayer(x));
    return autograd::residual(context, dropout, x, sublayer(forward(context, norm, x)));
}

/// What self-attention of a layer reads: x, or what the DExTra in front of it makes of x.
template <class Context, class Weights>
Variable transform(Context& context, const std::optional<DExTra<Weights>>& dextra,
                   const Variable& x, float dropout) {
    return dextra ? forward(context, *dextra, x, dropout) : x;
}

/// x [tokens, dim] → [tokens, dim]
template <class Context, class Weights>
Variable forward(Context& context, const EncoderLayer<Weights>& layer, bool pre_norm,
                 const BlockDropout& dropout, Variable x, const Ragged& sentences) {
    x = residual_block(context, layer.self_attn_layer_norm, pre_norm, dropout.self_attention, x,
                       [&](const Variable& in) {
                           const Variable z = transform(context, layer.dextra, in, dropout.unit);
                           return forward(context, layer.self_attn, z, sentences, false,
                                          dropout.attention);
                       });
    return residual_block(context, layer.final_layer_norm, pre_norm, dropout.scaled, x,
                          [&](const Variable& in) {
                              return forward(context, layer.feed_forward, in, dropout.activation);
                          });
}

/// x [tokens, dim], memory [memory tokens, memory dim] → [tokens, dim]
template <class Context, class Weights>
Variable forward(Context& context, const DecoderLayer<Weights>& layer, bool pre_norm,
                 const BlockDropout& dropout, Variable x, const Ragged& sentences,
                 const Variable& memory, const Ragged& memory_sentences) {
    x = residual_block(context, layer.self_attn_layer_norm, pre_norm, dropout.self_attention, x,
                       [&](const Variable& in) {
                           const Variable z = transform(context, layer.dextra, in, dropout.unit);
                           return forward(context, layer.self_attn, z, sentences, true,
                                          dropout.attention);
                       });
    if (layer.attended_layers > 0) {
        x = residual_block(context, layer.encoder_attn_layer_norm, pre_norm, dropout.scaled, x,
                           [&](const Variable& in) {
                               return forward(context, layer.encoder_attn, in, sentences, memory,
                                              memory_sentences, dropout.attention);
                           });
    }
    return residual_block(context, layer.final_layer_norm, pre_norm, dropout.scaled, x,
                          [&](const Variable& in) {
                              return forward(context, layer.feed_forward, in, dropout.activation);
                          });
}

}  // namespace hat::nn
