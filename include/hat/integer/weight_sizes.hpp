// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/activation.hpp>
#include <hat/core/error.hpp>
#include <hat/core/matrix_view.hpp>
#include <hat/core/tree.hpp>
#include <hat/integer/attention.hpp>
#include <hat/integer/embedding.hpp>
#include <hat/integer/feed_forward.hpp>
#include <hat/integer/layer_norm.hpp>
#include <hat/integer/linear.hpp>
#include <hat/integer/transformer.hpp>
#include <hat/integer/weights.hpp>
#include <hat/model/architecture.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

/// Which networks can be integers, and how many weights they have, which lie one behind the other.
namespace hat::integer {

static_assert(max_layers == model::max_layers && max_attended_layers == model::max_attended_layers,
              "integers: a network has room for what an architecture may have");

/// That a network of this architecture can be one of integers.
///
/// Throws  `Error` if the architecture is not valid, or naming what cannot
constexpr void check_supported(const model::Architecture& a) {
    model::validate(a);
    const auto refuse = [](const char* what) {
        fail("integers: this network has ", what,
             ", expected a HAT Transformer: an encoder, embeddings as wide as its sides and "
             "no DExTra");
    };
    if (!a.has_encoder()) refuse("no encoder");
    if (a.embedding.dim > 0) refuse("embeddings that a unit widens");
    if (a.has_adaptive_softmax()) refuse("an adaptive softmax");
    // Sums of products are of 32 bits.
    constexpr int most = 512;
    const auto is_wide = [&](const auto& layer) {
        const int qkv = a.qkv_dim_of(layer);
        if constexpr (requires { layer.cross_heads; })
            if (qkv / layer.cross_heads > most) return true;
        return qkv / layer.heads > most;
    };
    const auto has_unit = [](const auto& layer) { return layer.dextra_depth > 0; };
    const auto encoder = a.encoder.layers();
    const auto decoder = a.decoder.layers();
    if (std::any_of(encoder.begin(), encoder.end(), has_unit) ||
        std::any_of(decoder.begin(), decoder.end(), has_unit))
        refuse("DExTra units");
    if (std::any_of(encoder.begin(), encoder.end(), is_wide) ||
        std::any_of(decoder.begin(), decoder.end(), is_wide))
        refuse("heads of more than 512 features");
}

namespace detail {

constexpr Linear<Sizes> linear_sizes(int out, int in) noexcept {
    return {Sizes::matrix<std::int8_t>(out, in), Sizes::vector<std::int32_t>(out),
            Sizes::vector<std::int32_t>(out)};
}
constexpr LayerNorm<Sizes> norm_sizes(int dim) noexcept {
    return {Sizes::vector<std::int32_t>(dim), Sizes::vector<std::int32_t>(dim),
            Sizes::vector<std::int32_t>(1)};
}
constexpr Attention<Sizes> attention_sizes(int heads, int qkv, int dim, int memory) noexcept {
    return {heads,
            linear_sizes(qkv, dim),
            linear_sizes(qkv, memory),
            linear_sizes(qkv, memory),
            linear_sizes(dim, qkv),
            Sizes::vector<std::int32_t>(heads)};
}
constexpr FeedForward<Sizes> feed_forward_sizes(int ffn, int dim, Activation activation) noexcept {
    const int points = activation == Activation::relu ? 0 : activation_points;
    return {linear_sizes(ffn, dim), linear_sizes(dim, ffn), Sizes::vector<std::int16_t>(points)};
}
template <class Side>
constexpr Embedding<Sizes> embedding_sizes(const Side& side, int vocab, int columns,
                                           int most_positions) noexcept {
    const int has = side.positions == model::Positions::none ? 0
                    : side.positions == model::Positions::learned
                        ? side.max_positions
                        : model::most_sinusoidal_positions;
    const int positions = std::min(has, most_positions);
    return {Sizes::matrix<std::int8_t>(vocab, columns), Sizes::vector<std::int32_t>(vocab),
            Sizes::matrix<std::int16_t>(positions, side.embed_dim),
            Sizes::vector<std::int32_t>(positions > 0 ? 1 : 0)};
}

}  // namespace detail

/// The sizes of all weights of a network; of each table of positions it has so many rows at most.
/// Precondition: it is supported.
[[nodiscard]] constexpr Transformer<Sizes>
weight_sizes(const model::Architecture& a, int source_positions = model::most_sinusoidal_positions,
             int target_positions = model::most_sinusoidal_positions) noexcept {
    using namespace detail;
    Transformer<Sizes> all;
    const auto& encoder = a.encoder;
    const auto& decoder = a.decoder;
    all.pre_norm = a.norm == model::Norm::pre;
    all.shares_words = a.sharing == model::Sharing::all;
    all.shares_output = a.sharing != model::Sharing::none;
    all.source_dim = encoder.embed_dim;
    all.target_dim = decoder.embed_dim;
    all.identity_layers = a.origin.identity_layers;
    all.source =
        embedding_sizes(encoder, a.source_vocab_size, a.source_table_dim(), source_positions);
    all.target =
        embedding_sizes(decoder, a.target_vocab_size, a.target_table_dim(), target_positions);
    all.output = linear_sizes(a.target_vocab_size, decoder.embed_dim);
    all.output.bias = {};
    separate_tables(all);
    for (const auto& layer : encoder.layers())
        all.encoder_layers.push_back(
            {attention_sizes(layer.heads, a.qkv_dim_of(layer), encoder.embed_dim,
                             encoder.embed_dim),
             norm_sizes(encoder.embed_dim),
             feed_forward_sizes(layer.ffn_dim, encoder.embed_dim, a.activation),
             norm_sizes(encoder.embed_dim)});
    for (const auto& layer : decoder.layers())
        all.decoder_layers.push_back(
            {layer.attended_layers,
             attention_sizes(layer.heads, a.qkv_dim_of(layer), decoder.embed_dim,
                             decoder.embed_dim),
             norm_sizes(decoder.embed_dim),
             attention_sizes(layer.cross_heads, a.qkv_dim_of(layer), decoder.embed_dim,
                             encoder.embed_dim),
             norm_sizes(decoder.embed_dim),
             feed_forward_sizes(layer.ffn_dim, decoder.embed_dim, a.activation),
             norm_sizes(decoder.embed_dim)});
    if (encoder.final_norm) all.encoder_layer_norm = norm_sizes(encoder.embed_dim);
    if (decoder.final_norm) all.decoder_layer_norm = norm_sizes(decoder.embed_dim);
    return all;
}

/// Where each of the weights of a network begins: at a multiple of so many bytes.
inline constexpr std::ptrdiff_t weight_alignment = 16;

namespace detail {

/// Makes views of weights that lie one behind the other; without a place it only counts their
/// bytes.
template <class Byte>
class PlaceWeights {
public:
    constexpr PlaceWeights(Byte* memory, std::ptrdiff_t& bytes) noexcept
        : memory_(memory), bytes_(bytes) {}

    template <class T, class U>
    constexpr void operator()(const Leaf& /*leaf*/, MatrixView<T>& to,
                              const Sizes::Matrix<U>& size) const {
        to = {take<T>(std::ptrdiff_t{size.rows} * size.cols), size.rows, size.cols};
    }
    template <class T, class U>
    constexpr void operator()(const Leaf& /*leaf*/, VectorView<T>& to,
                              const Sizes::Vector<U>& size) const {
        to = {take<T>(size.cols), size.cols};
    }

private:
    template <class T>
    [[nodiscard]] constexpr T* take(std::ptrdiff_t n) const noexcept {
        const std::ptrdiff_t offset = bytes_;
        bytes_ += (n * std::ptrdiff_t{sizeof(T)} + weight_alignment - 1) / weight_alignment *
                  weight_alignment;
        return memory_ == nullptr ? nullptr : reinterpret_cast<T*>(memory_ + offset);
    }

    Byte* memory_;
    std::ptrdiff_t& bytes_;
};

}  // namespace detail

/// Views of weights of such sizes that lie at `memory` one behind the other, tables that are one
/// once. Precondition: `memory` begins at a multiple of `weight_alignment`.
template <class Weights, class Byte>
[[nodiscard]] Transformer<Weights> place_weights(const Transformer<Sizes>& sizes, Byte* memory) {
    Transformer<Weights> view;
    std::ptrdiff_t bytes = 0;
    walk(detail::PlaceWeights(memory, bytes), view, sizes);
    return view;
}
/// The bytes that they take.
[[nodiscard]] constexpr std::ptrdiff_t weight_bytes(const Transformer<Sizes>& sizes) {
    Transformer<Constants> view;
    std::ptrdiff_t bytes = 0;
    walk(detail::PlaceWeights<const std::byte>(nullptr, bytes), view, sizes);
    return bytes;
}

}  // namespace hat::integer
