// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/extent.hpp>
#include <hat/model/architecture.hpp>
#include <hat/model/transformer.hpp>
#include <hat/nn/dextra.hpp>
#include <hat/nn/weights.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

/// What an architecture says of every weight: the only place where the sizes of layers follow from
/// it. What is bound, stored, packed, counted and initialised follows from these.
namespace hat::model {

/// Whether the sizes are those that the network computes with, or those that are stored for it and
/// for all of its sub-networks, if it is elastic.
enum class Room : std::uint8_t { own, elastic };

/// The sizes of a linear layer with a bias; this and the next ones are what `set_sizes` of a layer
/// of one's own is made from.
[[nodiscard]] constexpr nn::Linear<nn::Sizes> linear_sizes(int out, int in) noexcept {
    return {nn::Sizes::matrix(out, in), nn::Sizes::vector(out)};
}
/// The sizes of a norm of `dim` features.
[[nodiscard]] constexpr nn::LayerNorm<nn::Sizes> norm_sizes(int dim) noexcept {
    return {nn::Sizes::vector(dim, nn::Sizes::Initial::ones), nn::Sizes::vector(dim)};
}
/// The sizes of a feed-forward layer from `dim` features through `ffn_dim` and back.
[[nodiscard]] constexpr nn::FeedForward<nn::Sizes>
feed_forward_sizes(int dim, int ffn_dim, Activation activation) noexcept {
    return {linear_sizes(ffn_dim, dim), linear_sizes(dim, ffn_dim), activation};
}

namespace detail {

using nn::Sizes;

/// One of queries, keys and values, which have their biases in one vector, and their weights in one
/// matrix if they read equal widths.
[[nodiscard]] constexpr nn::Linear<Sizes> projection_sizes(int qkv_dim, int in,
                                                           bool joint) noexcept {
    const auto weight = Sizes::matrix(qkv_dim, in);
    return {joint ? weight.of(3 * qkv_dim, in) : weight, Sizes::vector(qkv_dim).of(1, 3 * qkv_dim)};
}

}  // namespace detail

/// The sizes of self-attention that reads `in` features and makes `dim`.
[[nodiscard]] constexpr nn::SelfAttention<nn::Sizes>
self_attention_sizes(int dim, int in, int qkv_dim, int heads) noexcept {
    const auto projection = detail::projection_sizes(qkv_dim, in, true);
    return {heads, projection, projection, projection, linear_sizes(dim, qkv_dim)};
}
/// The sizes of attention from `dim` features to `memory_dim` features of another sequence.
[[nodiscard]] constexpr nn::CrossAttention<nn::Sizes>
cross_attention_sizes(int dim, int memory_dim, int qkv_dim, int heads) noexcept {
    const bool joint = dim == memory_dim;
    const auto of_memory = detail::projection_sizes(qkv_dim, memory_dim, joint);
    return {heads, detail::projection_sizes(qkv_dim, dim, joint), of_memory, of_memory,
            linear_sizes(dim, qkv_dim)};
}

namespace detail {

/// Gives the weights of a unit room for those of all units that are no deeper and no wider and have
/// no fewer groups: layers of shallower ones are taken from both ends, where groups go through the
/// same numbers, but their widths may rise more steeply.
constexpr void make_elastic(nn::DExTra<Sizes>& unit, const nn::DExTraShape& shape) noexcept {
    const nn::DExTraPlan plan = dextra_plan(shape);
    constexpr int step = 64;  // widths are multiples of their groups
    const int widest = round_up(
        std::max(
            {plan.max_width(), shape.inner_dim,
             static_cast<int>(std::int64_t{shape.in_dim} * shape.width_thousandths / 1000) + 1}),
        step);
    for (std::size_t i = 0; i < unit.layers.size(); ++i) {
        auto& layer = unit.layers[i];
        const int rows = i + 1 < unit.layers.size() ? widest : layer.weight.rows;
        const int second = i > 0 ? widest / layer.groups : 0;
        const int cols = layer.weight.cols + second;
        layer.weight = Sizes::matrix(rows, layer.weight.cols).of(rows, cols);
        if (second > 0) layer.second_weight = Sizes::matrix(rows, second).of(rows, cols);
        layer.bias = Sizes::vector(rows);
        layer.norm = norm_sizes(rows / layer.groups);
    }
}

/// A layer that is one of the library's or derived from one, and so has its parts.
template <class Layer>
concept HasLibraryParts = requires(Layer& layer) {
    layer.dextra;
};

/// Whether a layer is exactly one of the library's, not derived from it.
template <class Layer>
inline constexpr bool is_library_layer = false;
template <class Weights, class... Parts>
inline constexpr bool is_library_layer<nn::EncoderLayer<Weights, Parts...>> = true;
template <class Weights, class... Parts>
inline constexpr bool is_library_layer<nn::DecoderLayer<Weights, Parts...>> = true;

/// Lets a layer of one's own tell its sizes, if it is one.
template <class Layer, class LayerShape>
constexpr void let_set_sizes(Layer& layer, const Architecture& a, const LayerShape& shape) {
    constexpr bool sets_sizes = requires {
        layer.set_sizes(a, shape);
    };
    static_assert(sets_sizes || is_library_layer<Layer>,
                  "a layer of one's own has set_sizes(architecture, shape)");
    if constexpr (sets_sizes) layer.set_sizes(a, shape);
}

/// All of a layer but its cross-attention, and its unit, which is an optional one. An elastic unit
/// may be absent: self-attention then reads the whole width.
template <class Layer, class Unit, class LayerShape>
constexpr void set_own_layers(Layer& layer, Unit&& unit, const Architecture& a,
                              const LayerShape& shape, int dim, bool elastic) {
    if (shape.dextra_depth > 0) {
        const nn::DExTraShape unit_shape = a.unit_of(shape, dim);
        nn::DExTra<Sizes> sizes = nn::sizes_of(unit_shape, a.activation);
        if (elastic) make_elastic(sizes, unit_shape);
        unit.emplace(sizes);
    }
    const int in = elastic ? dim : a.attention_input_dim(shape, dim);
    layer.self_attn = self_attention_sizes(dim, in, a.qkv_dim_of(shape), shape.heads);
    layer.self_attn_layer_norm = norm_sizes(dim);
    layer.feed_forward = feed_forward_sizes(dim, shape.ffn_dim, a.activation);
    layer.final_layer_norm = norm_sizes(dim);
}

/// A table that both sides use has the wider one's columns.
[[nodiscard]] constexpr Sizes::Size table_sizes(int rows, int cols, int stored_cols,
                                                bool is_shared) noexcept {
    auto table = Sizes::table(rows, cols).of(rows, stored_cols);
    table.is_shared = is_shared;
    return table;
}

[[nodiscard]] constexpr nn::AdaptiveInput<Sizes>
adaptive_input_sizes(const nn::AdaptiveBands& bands, bool scaled) noexcept {
    nn::AdaptiveInput<Sizes> input;
    input.bands = bands;
    input.scaled = scaled;
    for (int i = 0; i < bands.count; ++i) {
        const auto slot = static_cast<std::size_t>(i);
        input.tables[slot] = Sizes::table(bands.size(i), bands.band_dim(i));
        input.projections[slot] = Sizes::matrix(bands.dim, bands.band_dim(i));
    }
    return input;
}

/// Tied, its weights are those of the input, but for the classes.
[[nodiscard]] constexpr nn::AdaptiveSoftmax<Sizes>
adaptive_softmax_sizes(const nn::AdaptiveBands& bands, bool tied) noexcept {
    const auto shared_if_tied = [tied](Sizes::Size size) {
        size.is_shared = tied;
        return size;
    };
    nn::AdaptiveSoftmax<Sizes> softmax;
    softmax.bands = bands;
    softmax.has_tied_projections = tied;
    softmax.head =
        shared_if_tied(Sizes::matrix(tied ? bands.size(0) : bands.head_size(), bands.dim));
    if (tied) softmax.classes = Sizes::matrix(bands.count - 1, bands.dim);
    for (int i = 1; i < bands.count; ++i) {
        const auto slot = static_cast<std::size_t>(i - 1);
        const int dim = bands.band_dim(i);
        softmax.tails[slot] = shared_if_tied(Sizes::matrix(bands.size(i), dim));
        softmax.projections[slot] =
            shared_if_tied(tied ? Sizes::matrix(bands.dim, dim) : Sizes::matrix(dim, bands.dim));
    }
    return softmax;
}

template <class Parts>
constexpr void set_encoder(Transformer<Sizes, Parts>& model, bool elastic) {
    const Architecture& a = model.architecture;
    const int dim = a.encoder.embed_dim;
    model.source_embedding.weight =
        table_sizes(a.source_vocab_size, a.embedding.dim > 0 ? a.embedding.dim : dim,
                    a.source_table_dim(), false);
    if (a.encoder.positions == Positions::learned)
        model.source_positions = Sizes::table(learned_position_rows(a.encoder.max_positions), dim);
    if (a.embedding.dim > 0)
        model.units.at(model.source_unit)
            .emplace(nn::sizes_of(a.embedding_unit(dim), a.activation));
    for (const EncoderLayerShape& shape : a.encoder.layers()) {
        auto& layer = model.encoder_layers.emplace_back();
        if constexpr (HasLibraryParts<decltype(layer)>)
            set_own_layers(layer, model.units.at(layer.dextra), a, shape, dim, elastic);
        let_set_sizes(layer, a, shape);
    }
    if (a.encoder.final_norm) model.encoder_layer_norm = norm_sizes(dim);
}

template <class Parts>
constexpr void set_decoder(Transformer<Sizes, Parts>& model, bool elastic) {
    const Architecture& a = model.architecture;
    const int dim = a.decoder.embed_dim;
    if (a.has_adaptive_input())
        model.adaptive_input = adaptive_input_sizes(a.bands(), !a.embedding.unscaled);
    else
        model.target_embedding.weight =
            table_sizes(a.target_vocab_size, a.embedding.dim > 0 ? a.embedding.dim : dim,
                        a.target_table_dim(), a.sharing == Sharing::all);
    if (a.has_adaptive_softmax())
        model.adaptive_softmax = adaptive_softmax_sizes(a.bands(), a.has_adaptive_input());
    else
        model.output =
            table_sizes(a.target_vocab_size, a.output_dim(),
                        a.sharing == Sharing::none ? a.output_dim() : a.target_table_dim(),
                        a.sharing != Sharing::none);
    if (a.embedding.dim > 0)
        model.units.at(model.target_unit)
            .emplace(nn::sizes_of(a.embedding_unit(dim), a.activation));
    if (a.decoder.positions == Positions::learned)
        model.target_positions = Sizes::table(learned_position_rows(a.decoder.max_positions), dim);
    for (const DecoderLayerShape& shape : a.decoder.layers()) {
        auto& layer = model.decoder_layers.emplace_back();
        static_assert(HasLibraryParts<decltype(layer)>,
                      "a decoder layer of one's own derives from nn::DecoderLayer");
        set_own_layers(layer, model.units.at(layer.dextra), a, shape, dim, elastic);
        layer.attended_layers = shape.attended_layers;
        if (a.has_encoder()) {
            layer.encoder_attn = cross_attention_sizes(dim, a.encoder.embed_dim,
                                                       a.qkv_dim_of(shape), shape.cross_heads);
            layer.encoder_attn_layer_norm = norm_sizes(dim);
        }
        let_set_sizes(layer, a, shape);
    }
    if (a.decoder.final_norm) model.decoder_layer_norm = norm_sizes(dim);
    if (a.projects_output()) model.project_out.weight = Sizes::matrix(a.output_dim(), dim);
}

}  // namespace detail

/// The sizes of all weights of a network that is valid. `Parts` are `AnyArchitecture`, or that with
/// layers of one's own (see `BasicNetwork`).
///
/// A table of sinusoids is none of them: nobody trains it.
template <class Parts = AnyArchitecture>
[[nodiscard]] constexpr Transformer<nn::Sizes, Parts> sizes_of(const Architecture& architecture,
                                                               Room room = Room::own) {
    Transformer<nn::Sizes, Parts> model;
    model.architecture = architecture;
    const bool elastic = room == Room::elastic && architecture.elastic_units;
    if (architecture.has_encoder()) detail::set_encoder(model, elastic);
    detail::set_decoder(model, elastic);
    return model;
}

}  // namespace hat::model
