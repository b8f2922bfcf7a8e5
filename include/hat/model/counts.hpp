// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/ragged.hpp>
#include <hat/core/tree.hpp>
#include <hat/model/architecture.hpp>
#include <hat/model/sizes.hpp>

#include <cstdint>

namespace hat::model {

namespace detail {

/// Counts the numbers of all tensors of a tree of sizes, each once.
struct CountParameters {
    std::int64_t& count;

    constexpr void operator()(const Leaf& leaf, const nn::Sizes::Size& size) const noexcept {
        if (leaf.storage.joint == Joint::no && !size.is_shared)
            count += std::int64_t{size.stored_rows()} * size.stored_cols();
    }
};

/// Counts the multiply-adds per row of all linear maps of a tree of sizes: their weights.
struct CountWeights {
    std::int64_t& count;

    constexpr void operator()(const Leaf& /*leaf*/, const nn::Sizes::Size& size) const noexcept {
        if (!size.is_vector) count += std::int64_t{size.rows} * size.cols;
    }
};

template <class Count, class... Trees>
[[nodiscard]] constexpr std::int64_t total(const Trees&... trees) noexcept {
    std::int64_t count = 0;
    (walk(Count{count}, trees), ...);
    return count;
}

template <class LayerShape>
[[nodiscard]] constexpr nn::EncoderLayer<nn::Sizes>
own_sizes(const Architecture& a, const LayerShape& shape, int dim) noexcept {
    nn::EncoderLayer<nn::Sizes> layer;
    set_own_layers(layer, layer.dextra, a, shape, dim, false);
    return layer;
}

}  // namespace detail

/// Weights and biases of all encoder and decoder layers, as HAT counts a model's size: without
/// embeddings, output projection, positions, and norms after the last layer.
///
/// See  HAT (arXiv:2005.14187), the numbers of its README
[[nodiscard]] constexpr std::int64_t layer_parameters(const Architecture& a) noexcept {
    const Transformer<nn::Sizes> sizes = sizes_of(a);
    std::int64_t count = 0;
    const detail::CountParameters counter{count};
    for (const auto& layer : sizes.encoder_layers) walk_part(sizes.units, counter, layer);
    for (const auto& layer : sizes.decoder_layers) walk_part(sizes.units, counter, layer);
    return count;
}

/// Weights and biases of the DExTra units that widen the embeddings, and of the projection back.
[[nodiscard]] constexpr std::int64_t embedding_unit_parameters(const Architecture& a) noexcept {
    const Transformer<nn::Sizes> sizes = sizes_of(a);
    std::int64_t count = 0;
    for (const auto& unit : {sizes.units.at(sizes.source_unit), sizes.units.at(sizes.target_unit)})
        if (unit) walk(detail::CountParameters{count}, *unit);
    if (a.projects_output()) count += detail::total<detail::CountParameters>(sizes.project_out);
    return count;
}

namespace detail {

/// Multiply-adds per token of an adaptive softmax over all words.
[[nodiscard]] constexpr std::int64_t
adaptive_softmax_macs(const nn::AdaptiveBands& bands) noexcept {
    std::int64_t count = std::int64_t{bands.head_size()} * bands.dim;
    for (int i = 1; i < bands.count; ++i)
        count += std::int64_t{bands.size(i) + bands.dim} * bands.band_dim(i);
    return count;
}

/// Those of projecting the words of every band, as if each token were in all of them.
[[nodiscard]] constexpr std::int64_t adaptive_input_macs(const nn::AdaptiveBands& bands) noexcept {
    std::int64_t count = 0;
    for (int i = 0; i < bands.count; ++i) count += std::int64_t{bands.dim} * bands.band_dim(i);
    return count;
}

}  // namespace detail

/// All that is stored and trained: layers, norms after the last layer, units of the embeddings,
/// learned positions, and every embedding or output table once.
[[nodiscard]] constexpr std::int64_t parameters(const Architecture& a) noexcept {
    return detail::total<detail::CountParameters>(sizes_of(a));
}

/// Multiply-adds of one forward pass, by what they are spent on.
struct Macs {
    std::int64_t linear = 0;        ///< linear maps of all layers and units: tokens · in · out
    std::int64_t attention = 0;     ///< query–key and probability–value products
    std::int64_t element_wise = 0;  ///< scalings of embeddings and queries, layer norms
    std::int64_t output_projection = 0;  ///< target tokens · output_dim · vocabulary
};

/// Multiply-adds per row of the linear maps of a unit.
[[nodiscard]] constexpr std::int64_t unit_weights(const nn::DExTraShape& shape) noexcept {
    return detail::total<detail::CountWeights>(nn::sizes_of(shape, Activation::linear));
}

/// Multiply-adds per row of the linear maps of a layer of width `dim`, without its cross-attention.
template <class LayerShape>
[[nodiscard]] constexpr std::int64_t layer_weights(const Architecture& a, const LayerShape& layer,
                                                   int dim) noexcept {
    return detail::total<detail::CountWeights>(detail::own_sizes(a, layer, dim));
}

/// Multiply-adds per row of the unit that widens embeddings to `dim`; 0 without one.
[[nodiscard]] constexpr std::int64_t embedding_weights(const Architecture& a, int dim) noexcept {
    return a.embedding.dim > 0 ? unit_weights(a.embedding_unit(dim)) : 0;
}

/// Multiply-adds per row of the map from the decoder's width to that of the output's table; 0 where
/// they are the same.
[[nodiscard]] constexpr std::int64_t output_weights(const Architecture& a) noexcept {
    return a.projects_output() ? std::int64_t{a.decoder.embed_dim} * a.output_dim() : 0;
}

/// Multiply-adds of one forward pass over a whole sentence pair, as HAT counts them: causal
/// attention is counted as full, softmax, additions and activations not at all.
///
/// See  HAT (arXiv:2005.14187), the numbers of its README
[[nodiscard]] constexpr Macs macs(const Architecture& a, int source_tokens,
                                  int target_tokens) noexcept {
    const std::int64_t s = source_tokens;
    const std::int64_t t = target_tokens;
    const std::int64_t e = a.encoder.embed_dim;
    const std::int64_t d = a.decoder.embed_dim;

    Macs count;
    count.element_wise += s * e + t * d;
    for (const EncoderLayerShape& layer : a.encoder.layers()) {
        const std::int64_t q = a.qkv_dim_of(layer);
        count.linear += s * layer_weights(a, layer, a.encoder.embed_dim);
        count.attention += 2 * s * s * q;
        count.element_wise += s * q + 2 * s * e;
    }
    for (const DecoderLayerShape& layer : a.decoder.layers()) {
        const std::int64_t q = a.qkv_dim_of(layer);
        count.linear += t * layer_weights(a, layer, a.decoder.embed_dim);
        count.attention += 2 * t * t * q;
        count.element_wise += t * q + 2 * t * d;
        if (a.has_encoder()) {
            const std::int64_t memory = s * layer.attended_layers;
            const auto cross = cross_attention_sizes(a.decoder.embed_dim, a.encoder.embed_dim,
                                                     a.qkv_dim_of(layer), 1);
            count.linear += t * detail::total<detail::CountWeights>(cross.query, cross.out_proj) +
                            memory * detail::total<detail::CountWeights>(cross.key, cross.value);
            count.attention += 2 * t * memory * q;
            count.element_wise += t * q + t * d;
        }
    }
    if (a.encoder.final_norm) count.element_wise += s * e;
    if (a.decoder.final_norm) count.element_wise += t * d;
    count.linear += t * (embedding_weights(a, a.decoder.embed_dim) + output_weights(a));
    if (a.has_encoder()) count.linear += s * embedding_weights(a, a.encoder.embed_dim);
    if (a.has_adaptive_input()) count.linear += t * detail::adaptive_input_macs(a.bands());
    count.output_projection =
        t * (a.has_adaptive_softmax() ? detail::adaptive_softmax_macs(a.bands())
                                      : std::int64_t{a.output_dim()} * a.target_vocab_size);
    return count;
}

/// Multiply-adds of encoding a source, with the keys and values that decoders read of it.
[[nodiscard]] constexpr std::int64_t encoding_macs(const Architecture& a,
                                                   int source_tokens) noexcept {
    const Macs count = macs(a, source_tokens, 0);
    return count.linear + count.attention + count.element_wise;
}

/// Multiply-adds of decoding one more token, which attends to itself and `earlier` ones.
[[nodiscard]] constexpr std::int64_t step_macs(const Architecture& a, int source_tokens,
                                               int earlier) noexcept {
    const Macs count = macs(a, source_tokens, 1);
    std::int64_t widths = 0;
    for (const DecoderLayerShape& layer : a.decoder.layers()) widths += a.qkv_dim_of(layer);
    return count.linear + count.attention + count.element_wise + count.output_projection -
           encoding_macs(a, source_tokens) + 2 * std::int64_t{earlier} * widths;
}

/// FLOPs of one forward pass as HAT publishes them: 2 per multiply-add, without the output
/// projection, source and target both `tokens` long (30 for its WMT models, 23 for IWSLT).
[[nodiscard]] constexpr std::int64_t published_flops(const Architecture& a, int tokens) noexcept {
    const Macs count = macs(a, tokens, tokens);
    return 2 * (count.linear + count.attention + count.element_wise);
}

/// Model FLOPs of a training step on a batch: 6 per multiply-add (2 forward, 4 backward) of the
/// linear maps, attention products and output projection. Only real tokens count, causal attention
/// only where a query may look (t (t + 1) / 2 pairs), and nothing element-wise.
///
/// Shapes  sources, targets: the same number of sentences; without an encoder, `sources` is empty
[[nodiscard]] constexpr std::int64_t training_flops(const Architecture& a, Ragged sources,
                                                    Ragged targets) noexcept {
    std::int64_t total = 0;
    for (int i = 0; i < targets.sentences(); ++i) {
        const int t = targets.length(i);
        const Macs count = macs(a, a.has_encoder() ? sources.length(i) : 0, t);
        std::int64_t widths = 0;  // of causal attention, which skips half of the pairs
        for (const DecoderLayerShape& layer : a.decoder.layers()) widths += a.qkv_dim_of(layer);
        const std::int64_t hidden_pairs = std::int64_t{t} * (t - 1) / 2;
        total +=
            count.linear + count.attention - 2 * hidden_pairs * widths + count.output_projection;
    }
    return 6 * total;
}

}  // namespace hat::model
