// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/model/architecture.hpp>

#include <cstddef>

namespace hat::model {

/// What all layers of a network made by `uniform` have in common.
struct UniformShape {
    int encoder_layers = 6;
    int decoder_layers = 6;
    int embed_dim = 512;
    int ffn_dim = 2048;
    int heads = 8;
    int qkv_dim = 0;  ///< 0: embed_dim
    int attended_layers = 1;
    Sharing sharing = Sharing::all;
};

/// A post-norm Transformer whose layers are all alike.
///
/// Throws  `Error` if no such network can be built, as `validate` says.
[[nodiscard]] constexpr Architecture uniform(const UniformShape& shape, int source_vocab_size,
                                             int target_vocab_size) {
    Architecture a{.source_vocab_size = source_vocab_size,
                   .target_vocab_size = target_vocab_size,
                   .encoder = {.embed_dim = shape.embed_dim, .layer_count = shape.encoder_layers},
                   .decoder = {.embed_dim = shape.embed_dim, .layer_count = shape.decoder_layers},
                   .qkv_dim = shape.qkv_dim > 0 ? shape.qkv_dim : shape.embed_dim,
                   .sharing = shape.sharing};
    for (int i = 0; i < max_layers; ++i) {
        const auto slot = static_cast<std::size_t>(i);
        if (i < shape.encoder_layers)
            a.encoder.layer_shapes[slot] = {.ffn_dim = shape.ffn_dim, .heads = shape.heads};
        if (i < shape.decoder_layers)
            a.decoder.layer_shapes[slot] = {.ffn_dim = shape.ffn_dim,
                                            .heads = shape.heads,
                                            .cross_heads = shape.heads,
                                            .attended_layers = shape.attended_layers};
    }
    validate(a);
    return a;
}

/// Transformer-Tiny, the setting of small corpora such as Multi30k (Wu et al. 2021,
/// arXiv:2105.14462): 4 + 4 layers, 128 / 256, 4 heads, one vocabulary and one table.
[[nodiscard]] constexpr Architecture transformer_tiny(int vocab_size) {
    return uniform(
        {.encoder_layers = 4, .decoder_layers = 4, .embed_dim = 128, .ffn_dim = 256, .heads = 4},
        vocab_size, vocab_size);
}

/// What all layers of a network made by `language_model` have in common.
struct LanguageModelShape {
    int layers = 6;
    int embed_dim = 512;
    int ffn_dim = 2048;
    int heads = 8;
    int qkv_dim = 0;  ///< 0: embed_dim
    Sharing sharing = Sharing::decoder_input_output;
};

/// A language model whose layers are all alike: a decoder alone, pre-norm with a final norm, which
/// trains without care.
///
/// Throws  `Error` if no such network can be built, as `validate` says.
[[nodiscard]] constexpr Architecture language_model(const LanguageModelShape& shape,
                                                    int vocab_size) {
    Architecture a{
        .target_vocab_size = vocab_size,
        .decoder = {.embed_dim = shape.embed_dim, .layer_count = shape.layers, .final_norm = true},
        .qkv_dim = shape.qkv_dim > 0 ? shape.qkv_dim : shape.embed_dim,
        .sharing = shape.sharing,
        .norm = Norm::pre};
    for (int i = 0; i < max_layers && i < shape.layers; ++i) {
        a.decoder.layer_shapes[static_cast<std::size_t>(i)] = {.ffn_dim = shape.ffn_dim,
                                                               .heads = shape.heads};
    }
    validate(a);
    return a;
}

/// A language model as big as one side of Transformer-Tiny: 4 layers, 128 / 256, 4 heads, one
/// table.
[[nodiscard]] constexpr Architecture transformer_tiny_lm(int vocab_size) {
    return language_model({.layers = 4, .embed_dim = 128, .ffn_dim = 256, .heads = 4}, vocab_size);
}

/// Transformer-Base (Vaswani et al. 2017, arXiv:1706.03762): 6 + 6 layers, 512 / 2048, 8 heads.
[[nodiscard]] constexpr Architecture transformer_base(int vocab_size) {
    return uniform({}, vocab_size, vocab_size);
}

/// Transformer-Big (Vaswani et al. 2017): 6 + 6 layers, 1024 / 4096, 16 heads.
[[nodiscard]] constexpr Architecture transformer_big(int vocab_size) {
    return uniform({.embed_dim = 1024, .ffn_dim = 4096, .heads = 16}, vocab_size, vocab_size);
}

/// The published SuperTransformer of the WMT tasks (HAT, arXiv:2005.14187): 640 / 3072, 8 heads,
/// inner width 512, one table. Its largest member, every decoder layer attending to 3 layers.
[[nodiscard]] constexpr Architecture hat_super_wmt(int vocab_size) {
    return uniform({.embed_dim = 640, .ffn_dim = 3072, .qkv_dim = 512, .attended_layers = 3},
                   vocab_size, vocab_size);
}

/// The published SuperTransformer of IWSLT'14 De–En: 640 / 2048, 4 heads, inner width 512, three
/// tables and two vocabularies.
[[nodiscard]] constexpr Architecture hat_super_iwslt(int source_vocab_size, int target_vocab_size) {
    return uniform({.embed_dim = 640,
                    .heads = 4,
                    .qkv_dim = 512,
                    .attended_layers = 3,
                    .sharing = Sharing::none},
                   source_vocab_size, target_vocab_size);
}

}  // namespace hat::model
