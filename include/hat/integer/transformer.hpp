// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/inplace_vector.hpp>
#include <hat/integer/attention.hpp>
#include <hat/integer/embedding.hpp>
#include <hat/integer/feed_forward.hpp>
#include <hat/integer/layer_norm.hpp>
#include <hat/integer/linear.hpp>

namespace hat::integer {

/// Most layers of a side.
inline constexpr int max_layers = 16;
/// Most encoder layers that a decoder layer attends to.
inline constexpr int max_attended_layers = 3;

/// One layer of the encoder.
template <class Weights>
struct EncoderLayer {
    Attention<Weights> self_attn{};
    LayerNorm<Weights> self_attn_layer_norm{};
    FeedForward<Weights> feed_forward{};
    LayerNorm<Weights> final_layer_norm{};

    static constexpr void members(const auto& f, auto&... self) {
        f("self_attn", self.self_attn...);
        f("self_attn_layer_norm", self.self_attn_layer_norm...);
        f("", self.feed_forward...);
        f("final_layer_norm", self.final_layer_norm...);
    }
};

/// One layer of the decoder, whose memory is that of the last `attended_layers` encoder layers.
template <class Weights>
struct DecoderLayer {
    int attended_layers = 1;
    Attention<Weights> self_attn{};
    LayerNorm<Weights> self_attn_layer_norm{};
    Attention<Weights> encoder_attn{};
    LayerNorm<Weights> encoder_attn_layer_norm{};
    FeedForward<Weights> feed_forward{};
    LayerNorm<Weights> final_layer_norm{};

    static constexpr void members(const auto& f, auto&... self) {
        f("attended_layers", self.attended_layers...);
        f("self_attn", self.self_attn...);
        f("self_attn_layer_norm", self.self_attn_layer_norm...);
        f("encoder_attn", self.encoder_attn...);
        f("encoder_attn_layer_norm", self.encoder_attn_layer_norm...);
        f("", self.feed_forward...);
        f("final_layer_norm", self.final_layer_norm...);
    }
};

/// An encoder–decoder Transformer of integers. Its residual stream has 16 bits and one scale on
/// each side; what products take has 8 bits and a factor for each row; sums of products are exact.
///
/// Tables that are one are stored once, see `share_tables`. Their rows may be wider than a side,
/// which reads their first columns.
template <class Weights>
struct Transformer {
    bool pre_norm = false;
    bool shares_words = false;   ///< between the sides
    bool shares_output = false;  ///< of the target's words with the output
    int source_dim = 0;
    int target_dim = 0;
    /// Layers of a super network's encoder behind the real ones: decoder layers that attend to
    /// several find the last real one again.
    int identity_layers = 0;
    Embedding<Weights> source{};
    Embedding<Weights> target{};
    InplaceVector<EncoderLayer<Weights>, max_layers> encoder_layers{};
    InplaceVector<DecoderLayer<Weights>, max_layers> decoder_layers{};
    LayerNorm<Weights> encoder_layer_norm{};  ///< pre-norm with a final norm only
    LayerNorm<Weights> decoder_layer_norm{};
    Linear<Weights> output{};  ///< whose outputs are logarithms of base 2; no bias

    static constexpr void members(const auto& f, auto&... self) {
        f("pre_norm", self.pre_norm...);
        f("shares_words", self.shares_words...);
        f("shares_output", self.shares_output...);
        f("source_dim", self.source_dim...);
        f("target_dim", self.target_dim...);
        f("identity_layers", self.identity_layers...);
        f("source", self.source...);
        f("encoder.layers", self.encoder_layers...);
        f("encoder.layer_norm", self.encoder_layer_norm...);
        f("target", self.target...);
        f("decoder.layers", self.decoder_layers...);
        f("decoder.layer_norm", self.decoder_layer_norm...);
        f("output", self.output...);
    }

    /// Tokens of the target's vocabulary.
    [[nodiscard]] constexpr int vocab_size() const noexcept { return output.scales.size(); }
};

/// Lets tables that are stored once stand where they are read, too.
template <class Weights>
constexpr void share_tables(Transformer<Weights>& model) noexcept {
    if (model.shares_words) model.target.words = model.source.words;
    if (model.shares_output) model.output.weight = model.target.words;
}

/// Leaves every table only where it is stored: what is to be written, and where a walk of one tree
/// meets each once.
template <class Weights>
constexpr void separate_tables(Transformer<Weights>& model) noexcept {
    if (model.shares_words) model.target.words = {};
    if (model.shares_output) model.output.weight = {};
}

}  // namespace hat::integer
