// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/model/architecture.hpp>
#include <hat/model/delight.hpp>
#include <hat/model/genes.hpp>
#include <hat/model/presets.hpp>

#include <array>

namespace hat::support {

/// A translator of DeFINE units, embeddings included: its sides are unlike in depth, width and
/// reduction of the feed-forward layer, and have tables of their own.
constexpr model::Architecture define_translator(int source_vocab_size, int target_vocab_size) {
    return model::delight(
        {.embed_dim = 32,
         .encoder = {.min_depth = 3,
                     .max_depth = 5,
                     .width_thousandths = 2500,
                     .blocks = 3,
                     .ffn_reduction = 4,
                     .max_groups = 4},
         .decoder =
             {.min_depth = 2, .max_depth = 3, .blocks = 2, .ffn_reduction = 2, .max_groups = 4},
         .embedding_dim = 24,
         .embedding_depth = 4,
         .embedding_width_thousandths = 2750,
         .embedding_max_groups = 4,
         .variant = nn::DExTraVariant::define,
         .sharing = model::Sharing::decoder_input_output},
        source_vocab_size, target_vocab_size);
}

/// A translator whose sides differ in width, so that its cross-attention stores keys and values
/// apart and a shared table has different columns; its inner width is not whole panels, so that
/// values begin inside a panel. It attends to several layers.
constexpr model::Architecture uneven_translator(model::Sharing sharing) {
    const int target_vocab_size = sharing == model::Sharing::all ? 40 : 36;
    model::Architecture a = model::uniform({.encoder_layers = 3,
                                            .decoder_layers = 2,
                                            .embed_dim = 24,
                                            .ffn_dim = 40,
                                            .heads = 3,
                                            .qkv_dim = 12,
                                            .attended_layers = 2,
                                            .sharing = sharing},
                                           40, target_vocab_size);
    a.decoder.embed_dim = 20;
    validate(a);
    return a;
}

/// Architectures that together use every field and every value that files have words for.
inline std::array<model::Architecture, 5> varied_architectures() {
    using namespace model;
    Architecture genes = hat_super_wmt(1000);
    genes.encoder.embed_dim = 512;
    genes.encoder.layer_count = 5;
    genes.decoder.layer_count = 2;
    genes.encoder.layer_shapes[1] = {1024, 4};
    genes.decoder.layer_shapes[0] = {2048, 4, 2, 2};

    Architecture learned = uniform({.encoder_layers = 2,
                                    .decoder_layers = 3,
                                    .embed_dim = 32,
                                    .ffn_dim = 48,
                                    .heads = 4,
                                    .qkv_dim = 24,
                                    .attended_layers = 2,
                                    .sharing = Sharing::decoder_input_output},
                                   40, 36);
    learned.norm = Norm::pre;
    learned.encoder.final_norm = learned.decoder.final_norm = true;
    learned.activation = Activation::gelu;
    learned.encoder.positions = Positions::learned;
    learned.decoder.positions = Positions::none;
    learned.encoder.max_positions = 20;
    learned.embedding.scaled_by_super_dim = true;

    const DecoderLayerShape layer{.ffn_dim = 256, .heads = 4};
    const Architecture language_model{.target_vocab_size = 100,
                                      .decoder = {.embed_dim = 64,
                                                  .layer_count = 2,
                                                  .layer_shapes = {layer, layer},
                                                  .positions = Positions::learned,
                                                  .max_positions = 128},
                                      .qkv_dim = 32,
                                      .sharing = Sharing::decoder_input_output,
                                      .activation = Activation::swish};
    return {transformer_tiny(1000), sub_architecture(genes, hat_super_wmt(1000)), learned,
            language_model, define_translator(60, 50)};
}

}  // namespace hat::support
