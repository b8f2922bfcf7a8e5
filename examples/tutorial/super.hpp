// SPDX-License-Identifier: Apache-2.0
#pragma once

/// A SuperTransformer that sorts letters: chapter 3 trains it, chapter 4 searches it.

#include <hat/elastic/elastic.hpp>

#include "letters.hpp"

namespace letters {

inline hat::elastic::DesignSpace design_space() {
    return {
        .super = hat::model::uniform(
            {.encoder_layers = 2, .decoder_layers = 2, .embed_dim = 32, .ffn_dim = 64, .heads = 4},
            vocab_size, vocab_size),
        .encoder_embed_dims = {32, 16},
        .decoder_embed_dims = {32, 16},
        .encoder_layer_counts = {2, 1},
        .decoder_layer_counts = {2, 1},
        .encoder_ffn_dims = {64, 32},
        .encoder_heads = {4, 2},
        .decoder_ffn_dims = {64, 32},
        .decoder_heads = {4, 2},
        .decoder_cross_heads = {4, 2},
        .decoder_attended_layers = {1}};
}

/// Every update trains the largest member, the smallest and a random one.
inline void train_super(hat::model::Network& network, const hat::elastic::DesignSpace& space,
                        hat::ThreadPool& pool) {
    hat::elastic::SuperTraining members(network, space, {.sandwich = true});
    hat::train::Trainer trainer(network, rate, {.label_smoothing = 0}, pool);
    each_batch(400, [&](const hat::model::Batch& batch) {
        trainer.accumulate(members(trainer.updates()), batch);
        trainer.update();
    });
}

}  // namespace letters
