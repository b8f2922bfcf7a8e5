// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/tree.hpp>
#include <hat/nn/attention.hpp>
#include <hat/nn/check.hpp>
#include <hat/nn/dextra.hpp>
#include <hat/nn/feed_forward.hpp>
#include <hat/nn/layer_norm.hpp>
#include <hat/nn/unit_pool.hpp>

#include <concepts>
#include <optional>
#include <type_traits>

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
/// drops less by that factor, but for attention probabilities and the encoder's self-attention,
/// as in HAT's reference implementation.
struct BlockDropout {
    float self_attention = 0;
    float scaled = 0;
    float attention = 0;
    float activation = 0;
    float unit = 0;
};

namespace detail {

/// That all that stands in a layer of width `dim` is as wide.
constexpr void check_block_width(const Path& path, const char* part, int found, int dim) {
    if (found != dim)
        fail(place_text(path), part, " is ", found, " wide, but the final layer norm ", dim,
             ": all of a layer is alike");
}
template <class Layer, class Units>
constexpr void check_block(const Path& path, const Layer& layer, const Units& units) {
    const int dim = length_of(layer.final_layer_norm.gain);
    int in = dim;
    if constexpr (!std::same_as<std::remove_cvref_t<decltype(layer.dextra)>, Absent>) {
        const auto& may_be = hat::detail::found_in(units, layer.dextra);
        if (hat::detail::is_present(may_be)) {
            const auto& unit = hat::detail::inside(may_be);
            check_block_width(path, "DExTra", unit.input.weight.inputs(), dim);
            in = unit.output.weight.outputs();
        }
    }
    const int read = layer.self_attn.query.weight.inputs();
    if (read != in)
        fail(place_text(path), "self-attention reads ", read, " features, expected ", in);
    check_block_width(path, "self-attention", layer.self_attn.out_proj.weight.outputs(), dim);
    check_block_width(path, "the norm of self-attention",
                      length_of(layer.self_attn_layer_norm.gain), dim);
    check_block_width(path, "the input of the feed-forward layer",
                      layer.feed_forward.first.weight.inputs(), dim);
    check_block_width(path, "the feed-forward layer", layer.feed_forward.second.weight.outputs(),
                      dim);
}

}  // namespace detail

/// One layer of the encoder: HAT's (arXiv:2005.14187, section 3.1), or with a DExTra in front of
/// self-attention DeLighT's (arXiv:2008.00623, section 3.2). `Unit` is an optional DExTra, one
/// that lies in a pool or is of a fixed shape, or `Absent`; self-attention reads `In` features.
template <class Weights, Extent Dim = int, Extent Qkv = int, Extent Heads = int, Extent Ffn = int,
          class Unit = std::optional<DExTra<Weights>>, Extent In = Dim>
struct EncoderLayer {
    SelfAttention<Weights, Dim, Qkv, Heads, In> self_attn{};
    LayerNorm<Weights, Dim> self_attn_layer_norm{};
    FeedForward<Weights, Dim, Ffn> feed_forward{};
    LayerNorm<Weights, Dim> final_layer_norm{};
    [[no_unique_address]] Unit dextra{};

    static constexpr void members(const auto& f, auto&... self) {
        f("dextra_layer", self.dextra...);
        f("self_attn", self.self_attn...);
        f("self_attn_layer_norm", self.self_attn_layer_norm...);
        f("", self.feed_forward...);
        f("final_layer_norm", self.final_layer_norm...);
    }

    /// `units` are the pool that its unit may lie in.
    /// Throws  `Error` if the widths of its parts do not chain.
    template <class Units = Absent>
    constexpr void check_sizes(const Path& path = {},
                               const Units& units = {}) const requires ComputingWeights<Weights> {
        detail::check_block(path, *this, units);
    }
};

/// One layer of the decoder; `attended_layers` encoder outputs are its memory, 0 in a language
/// model.
template <class Weights, Extent Dim = int, Extent Memory = int, Extent Qkv = int,
          Extent Heads = int, Extent CrossHeads = int, Extent Ffn = int,
          class Unit = std::optional<DExTra<Weights>>, Extent In = Dim>
struct DecoderLayer {
    SelfAttention<Weights, Dim, Qkv, Heads, In> self_attn{};
    LayerNorm<Weights, Dim> self_attn_layer_norm{};
    CrossAttention<Weights, Dim, Memory, Qkv, CrossHeads> encoder_attn{};
    LayerNorm<Weights, Dim> encoder_attn_layer_norm{};
    FeedForward<Weights, Dim, Ffn> feed_forward{};
    LayerNorm<Weights, Dim> final_layer_norm{};
    int attended_layers = 0;
    [[no_unique_address]] Unit dextra{};

    static constexpr void members(const auto& f, auto&... self) {
        f("attended_layers", self.attended_layers...);
        f("dextra_layer", self.dextra...);
        f("self_attn", self.self_attn...);
        f("self_attn_layer_norm", self.self_attn_layer_norm...);
        f("encoder_attn", self.encoder_attn...);
        f("encoder_attn_layer_norm", self.encoder_attn_layer_norm...);
        f("", self.feed_forward...);
        f("final_layer_norm", self.final_layer_norm...);
    }

    /// `units` are the pool that its unit may lie in.
    /// Throws  `Error` if the widths of its parts do not chain.
    template <class Units = Absent>
    constexpr void check_sizes(const Path& path = {},
                               const Units& units = {}) const requires ComputingWeights<Weights> {
        detail::check_block(path, *this, units);
        if (attended_layers == 0) return;
        const int dim = detail::length_of(final_layer_norm.gain);
        detail::check_block_width(path, "the input of cross-attention",
                                  encoder_attn.query.weight.inputs(), dim);
        detail::check_block_width(path, "cross-attention", encoder_attn.out_proj.weight.outputs(),
                                  dim);
        detail::check_block_width(path, "the norm of cross-attention",
                                  detail::length_of(encoder_attn_layer_norm.gain), dim);
    }
};

/// Puts a sublayer into its residual connection: norm(x + f(x)), or x + f(norm(x)) with pre-norm.
///
/// Shapes  x [tokens, dim] → [tokens, dim], as of f
template <class Context, class Norm, class Sublayer>
Variable residual_block(Context& context, const Norm& norm, bool pre_norm, float dropout,
                        const Variable& x, const Sublayer& sublayer) {
    if (!pre_norm) return add_and_norm(context, norm, dropout, x, sublayer(x));
    const Variable branch = sublayer(forward(context, norm, x));
    detail::check_branch(x, branch);
    return autograd::residual(context, dropout, x, branch);
}

/// What self-attention of a layer reads: x, or what the DExTra in front of it makes of x.
///
/// Shapes  x [tokens, dim] → [tokens, dim], or as wide as what the unit makes
template <class Context, class Unit>
Variable transform(Context& context, const Unit& unit, const Variable& x, float dropout) {
    if constexpr (std::same_as<Unit, Absent>)
        return x;
    else if constexpr (hat::detail::is_optional<Unit>)
        return unit ? forward(context, *unit, x, dropout) : x;
    else
        return forward(context, unit, x, dropout);
}

/// Self-attention and what stands around it in every layer.
///
/// Shapes  x [tokens, dim] → [tokens, dim]
template <class Context, class Layer, class Past, class Units>
Variable attend_to_self(Context& context, const Layer& layer, bool pre_norm,
                        const BlockDropout& dropout, const Variable& x, const Past& past,
                        const Units& units) {
    const auto& unit = hat::detail::found_in(units, layer.dextra);
    return residual_block(context, layer.self_attn_layer_norm, pre_norm, dropout.self_attention, x,
                          [&](const Variable& in) {
                              const Variable z = transform(context, unit, in, dropout.unit);
                              return forward(context, layer.self_attn, z, past);
                          });
}

/// The feed-forward layer and what stands around it in every layer.
///
/// Shapes  x [tokens, dim] → [tokens, dim]
template <class Context, class Layer>
Variable feed_forward(Context& context, const Layer& layer, bool pre_norm,
                      const BlockDropout& dropout, const Variable& x) {
    return residual_block(context, layer.final_layer_norm, pre_norm, dropout.scaled, x,
                          [&](const Variable& in) {
                              return forward(context, layer.feed_forward, in, dropout.activation);
                          });
}

/// x [tokens, dim] → [tokens, dim]; `units` are the pool that its unit may lie in.
template <class Context, class Weights, class... Parts, class Units = Absent>
Variable forward(Context& context, const EncoderLayer<Weights, Parts...>& layer, bool pre_norm,
                 const BlockDropout& dropout, Variable x, const Ragged& sentences,
                 const Units& units = {}) {
    x = attend_to_self(context, layer, pre_norm, dropout, x,
                       WholeSequences{sentences, false, dropout.attention}, units);
    return feed_forward(context, layer, pre_norm, dropout, x);
}

/// x [tokens, dim] → [tokens, dim]; `past` and `memory` are what attention reads, whole sequences
/// in training, caches where one position follows the other.
template <class Context, class Weights, class... Parts, class Past, class Memory,
          class Units = Absent>
Variable forward(Context& context, const DecoderLayer<Weights, Parts...>& layer, bool pre_norm,
                 const BlockDropout& dropout, Variable x, const Past& past, const Memory& memory,
                 const Units& units = {}) {
    x = attend_to_self(context, layer, pre_norm, dropout, x, past, units);
    if (layer.attended_layers > 0) {
        x = residual_block(
            context, layer.encoder_attn_layer_norm, pre_norm, dropout.scaled, x,
            [&](const Variable& in) { return forward(context, layer.encoder_attn, in, memory); });
    }
    return feed_forward(context, layer, pre_norm, dropout, x);
}

/// A unit, if there is one.
template <class Unit>
constexpr void count_unit(MemoryCount& count, const Unit& unit) noexcept {
    if constexpr (!std::same_as<Unit, Absent>)
        if (hat::detail::is_present(unit)) count_memory(count, hat::detail::inside(unit));
}

namespace detail {

template <class Norm, class Sublayer>
constexpr void count_residual_block(MemoryCount& count, const Norm& norm, bool pre_norm,
                                    const Sublayer& sublayer) {
    if (pre_norm) count_memory(count, norm);
    sublayer();
    if (pre_norm)
        count.variable(norm.gain.inputs());
    else
        count_memory(count, norm);
}
template <class Layer, class Past, class Units>
constexpr void count_self(MemoryCount& count, const Layer& layer, bool pre_norm, const Past& past,
                          const Units& units) {
    count_residual_block(count, layer.self_attn_layer_norm, pre_norm, [&] {
        count_unit(count, hat::detail::found_in(units, layer.dextra));
        count_memory(count, layer.self_attn, past);
    });
}
template <class Layer>
constexpr void count_feed_forward(MemoryCount& count, const Layer& layer, bool pre_norm) {
    count_residual_block(count, layer.final_layer_norm, pre_norm,
                         [&] { count_memory(count, layer.feed_forward); });
}

}  // namespace detail

template <class... Parts, class Past, class Units = Absent>
constexpr void count_memory(MemoryCount& count, const EncoderLayer<Sizes, Parts...>& layer,
                            bool pre_norm, const Past& past, const Units& units = {}) {
    detail::count_self(count, layer, pre_norm, past, units);
    detail::count_feed_forward(count, layer, pre_norm);
}
template <class... Parts, class Past, class Memory, class Units = Absent>
constexpr void count_memory(MemoryCount& count, const DecoderLayer<Sizes, Parts...>& layer,
                            bool pre_norm, const Past& past, const Memory& memory,
                            const Units& units = {}) {
    detail::count_self(count, layer, pre_norm, past, units);
    if (layer.attended_layers > 0)
        detail::count_residual_block(count, layer.encoder_attn_layer_norm, pre_norm,
                                     [&] { count_memory(count, layer.encoder_attn, memory); });
    detail::count_feed_forward(count, layer, pre_norm);
}

}  // namespace hat::nn
