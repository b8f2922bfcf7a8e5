// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/model/architecture.hpp>
#include <hat/model/block_scaling.hpp>
#include <hat/model/counts.hpp>

#include <cstddef>
#include <cstdint>

/// DeLighT networks (Mehta et al. 2021, arXiv:2008.00623) as architectures; where paper and
/// reference implementation differ, this is the reference.
namespace hat::model {

/// The blocks of one side of a DeLighT network.
///
/// Numbers that are 0 follow from others as in the published settings.
struct DeLighTSide {
    int min_depth = 4;  ///< of the unit in the first block
    int max_depth = 8;  ///< of that in the last one; equal depths mean uniform scaling
    int width_thousandths = 2000;
    int blocks = 0;         ///< 0: max_depth
    int ffn_reduction = 4;  ///< embed_dim over ffn_dim
    int max_groups = 0;     ///< 0: `default_max_groups(embed_dim)`
};

/// What a DeLighT network is made from, or its predecessor of DeFINE units, which is the same but
/// for the variant. Language models have a decoder alone.
///
/// Numbers that are 0 follow from others as in the published settings.
struct DeLighTShape {
    int embed_dim = 256;  ///< d_m, a multiple of 32
    DeLighTSide encoder{};
    DeLighTSide decoder{};
    int embedding_dim = 128;
    int embedding_depth = 0;              ///< 0: the decoder's min_depth
    int embedding_width_thousandths = 0;  ///< over embedding_dim; 0: the encoder's, or
                                          ///< the decoder's where there is none
    int embedding_max_groups = 0;         ///< 0: `default_max_groups(embed_dim)`
    nn::DExTraVariant variant = nn::DExTraVariant::dextra;
    Activation activation = Activation::swish;  ///< of units and feed-forward layers
    Sharing sharing = Sharing::all;
};

namespace detail {

[[nodiscard]] constexpr int group_cap(const DeLighTShape& shape, int max_groups) {
    return max_groups > 0 ? max_groups : default_max_groups(shape.embed_dim);
}

/// Sets the layers of a side but for cross-attention; returns how many there are.
template <class LayerShape>
[[nodiscard]] constexpr int set_blocks(const DeLighTShape& shape, const DeLighTSide& side,
                                       LayerShape* layers) {
    const int blocks = side.blocks > 0 ? side.blocks : side.max_depth;
    if (blocks > max_layers) fail("DeLighT: ", blocks, " blocks, expected at most ", max_layers);
    if (side.ffn_reduction < 1 || shape.embed_dim % side.ffn_reduction != 0)
        fail("DeLighT: ffn_reduction = ", side.ffn_reduction,
             " does not divide embed_dim = ", shape.embed_dim);
    const BlockScaling scaling{.min_depth = side.min_depth,
                               .max_depth = side.max_depth,
                               .width_thousandths = side.width_thousandths,
                               .blocks = blocks};
    for (int i = 0; i < blocks; ++i) {
        const BlockScale scale = block_scale(scaling, i);
        layers[i].ffn_dim = shape.embed_dim / side.ffn_reduction;
        layers[i].heads = 1;
        layers[i].dextra_depth = scale.depth;
        layers[i].dextra_width = scale.width_thousandths;
        layers[i].dextra_groups = group_cap(shape, side.max_groups);
    }
    return blocks;
}

/// The decoder of a DeLighT network and what all of them have in common; `first` is the side that
/// embeddings are as wide as.
[[nodiscard]] constexpr Architecture delight_decoder(const DeLighTShape& shape,
                                                     const DeLighTSide& first) {
    Architecture a;
    a.decoder.embed_dim = shape.embed_dim;
    a.qkv_dim = shape.embed_dim / 2;
    a.decoder.layer_count = set_blocks(shape, shape.decoder, a.decoder.layer_shapes.data());
    a.sharing = shape.sharing;
    a.activation = shape.activation;
    a.embedding.dim = shape.embedding_dim;
    a.embedding.dextra_depth =
        shape.embedding_depth > 0 ? shape.embedding_depth : shape.decoder.min_depth;
    a.embedding.dextra_width = shape.embedding_width_thousandths > 0
                                   ? shape.embedding_width_thousandths
                                   : first.width_thousandths;
    a.embedding.dextra_groups = group_cap(shape, shape.embedding_max_groups);
    a.dextra_variant = shape.variant;
    return a;
}

}  // namespace detail

/// A DeLighT translator with block-wise scaling, post-norm.
///
/// Throws  `Error` if no such network can be built, as `validate` and `block_scale` say.
[[nodiscard]] constexpr Architecture delight(const DeLighTShape& shape, int source_vocab_size,
                                             int target_vocab_size) {
    Architecture a = detail::delight_decoder(shape, shape.encoder);
    a.source_vocab_size = source_vocab_size;
    a.target_vocab_size = target_vocab_size;
    a.encoder.embed_dim = shape.embed_dim;
    a.encoder.layer_count = detail::set_blocks(shape, shape.encoder, a.encoder.layer_shapes.data());
    for (int i = 0; i < a.decoder.layer_count; ++i) {
        auto& layer = a.decoder.layer_shapes[static_cast<std::size_t>(i)];
        layer.cross_heads = 1;
        layer.attended_layers = 1;
    }
    validate(a);
    return a;
}

/// A DeLighT language model with block-wise scaling, pre-norm without a norm behind the last block,
/// its table tied to its output.
///
/// Throws  `Error` as `delight`.
[[nodiscard]] constexpr Architecture delight_language_model(const DeLighTShape& shape,
                                                            int vocab_size) {
    Architecture a = detail::delight_decoder(shape, shape.decoder);
    a.target_vocab_size = vocab_size;
    a.sharing = Sharing::decoder_input_output;
    a.norm = Norm::pre;
    validate(a);
    return a;
}

/// The published translators of WMT'14 and WMT'16, d_m = `embed_dim`.
[[nodiscard]] constexpr Architecture delight_wmt(int embed_dim, int vocab_size) {
    return delight({.embed_dim = embed_dim}, vocab_size, vocab_size);
}

/// Ours for corpora of some 30,000 sentence pairs: two thirds of the parameters of Transformer-Tiny
/// without tables, as wide and as many layers.
[[nodiscard]] constexpr Architecture delight_small(int vocab_size) {
    constexpr DeLighTSide side{.min_depth = 3, .max_depth = 4};
    return delight({.embed_dim = 128, .encoder = side, .decoder = side}, vocab_size, vocab_size);
}

/// That of IWSLT'14: depths 3 … 9, no extra width, two vocabularies.
[[nodiscard]] constexpr Architecture delight_iwslt(int embed_dim, int source_vocab_size,
                                                   int target_vocab_size) {
    constexpr DeLighTSide side{.min_depth = 3, .max_depth = 9, .width_thousandths = 1000};
    return delight({.embed_dim = embed_dim,
                    .encoder = side,
                    .decoder = side,
                    .sharing = Sharing::decoder_input_output},
                   source_vocab_size, target_vocab_size);
}

/// Entries of the dictionary of WikiText-103 that its networks are published with.
inline constexpr int wikitext103_vocab_size = 267744;

/// The language model of WikiText-103: depths 4 … 12, adaptive input and softmax, all tied.
[[nodiscard]] constexpr Architecture delight_wikitext103(int embed_dim, int vocab_size) {
    Architecture a =
        delight_language_model({.embed_dim = embed_dim, .decoder = {.max_depth = 12}}, vocab_size);
    a.adaptive.bands = 3;
    a.adaptive.factor = 2;
    a.adaptive.cutoffs[0] = 20000;
    a.adaptive.cutoffs[1] = 60000;
    validate(a);
    return a;
}

/// Depth of a network as DeLighT counts it: in every block the group-linear layers of its DExTra,
/// the projections of its self-attention (one in, one out) and its feed-forward layers.
/// See  arXiv:2008.00623, section 3.2
struct Depth {
    int encoder = 0;
    int decoder = 0;

    friend constexpr bool operator==(const Depth&, const Depth&) = default;
};
/// That depth of each side.
[[nodiscard]] constexpr Depth published_depth(const Architecture& a) noexcept {
    Depth depth;
    for (const auto& layer : a.encoder.layers()) depth.encoder += layer.dextra_depth + 4;
    for (const auto& layer : a.decoder.layers()) depth.decoder += layer.dextra_depth + 4;
    return depth;
}

/// Layers with weights on the longest way through each side: the dense ends of a DExTra and both
/// projections of cross-attention count, too (as in table 1 of the paper).
[[nodiscard]] constexpr Depth weight_layers(const Architecture& a) noexcept {
    Depth depth;
    for (const auto& layer : a.encoder.layers())
        depth.encoder += 4 + (layer.dextra_depth > 0 ? layer.dextra_depth + 2 : 0);
    for (const auto& layer : a.decoder.layers())
        depth.decoder += 4 + (layer.dextra_depth > 0 ? layer.dextra_depth + 2 : 0) +
                         (layer.attended_layers > 0 ? 2 : 0);
    return depth;
}

/// Multiply-adds of one pass as the reference of DeLighT counts them: a bias is one per output,
/// norms and look-ups none, causal attention is full.
struct PublishedMacs {
    std::int64_t encoder = 0;
    std::int64_t decoder = 0;  ///< the output projection included

    friend constexpr bool operator==(const PublishedMacs&, const PublishedMacs&) = default;
};

/// See  the tables 2 and 6 of the paper, whose numbers these are but for rounding
[[nodiscard]] constexpr PublishedMacs published_macs(const Architecture& a, int source_tokens,
                                                     int target_tokens) noexcept {
    const auto dense = [](std::int64_t in, std::int64_t out) { return in * out + out; };
    const auto layer_macs = [&](const auto& layer, std::int64_t dim, std::int64_t tokens) {
        const std::int64_t q = a.qkv_dim_of(layer);
        const std::int64_t in_dim = a.attention_input_dim(layer, static_cast<int>(dim));
        std::int64_t row = dense(in_dim, 3 * q) + dense(q, dim) + dense(dim, layer.ffn_dim) +
                           dense(layer.ffn_dim, dim);
        if (layer.dextra_depth > 0)
            row += dextra_plan(a.unit_of(layer, static_cast<int>(dim))).macs();
        return tokens * row + 2 * tokens * tokens * q;
    };
    const std::int64_t s = source_tokens;
    const std::int64_t t = target_tokens;
    const std::int64_t e = a.encoder.embed_dim;
    const std::int64_t d = a.decoder.embed_dim;
    PublishedMacs count;
    for (const auto& layer : a.encoder.layers()) count.encoder += layer_macs(layer, e, s);
    for (const auto& layer : a.decoder.layers()) {
        count.decoder += layer_macs(layer, d, t);
        if (layer.attended_layers == 0) continue;
        const std::int64_t q = a.qkv_dim_of(layer);
        const std::int64_t memory = s * layer.attended_layers;
        count.decoder +=
            t * (dense(d, q) + dense(q, d)) + memory * dense(e, 2 * q) + 2 * t * memory * q;
    }
    if (a.embedding.dim > 0) {
        if (a.has_encoder())
            count.encoder += s * dextra_plan(a.embedding_unit(a.encoder.embed_dim)).macs();
        count.decoder += t * dextra_plan(a.embedding_unit(a.decoder.embed_dim)).macs();
        if (a.projects_output()) count.decoder += t * d * a.output_dim();
    }
    if (a.has_adaptive_input()) count.decoder += t * detail::adaptive_input_macs(a.bands());
    count.decoder +=
        t * (a.has_adaptive_softmax() ? detail::adaptive_softmax_macs(a.bands())
                                      : std::int64_t{a.output_dim()} * a.target_vocab_size);
    return count;
}

}  // namespace hat::model
