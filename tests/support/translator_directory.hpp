// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/data/subword_trainer.hpp>
#include <hat/io/model_directory.hpp>
#include <hat/model/network.hpp>
#include <hat/model/presets.hpp>

#include "support/subword_text.hpp"

#include <string>

namespace hat::support {

/// Writes the directory of a small translator that knows the characters of `subword_text`, with
/// random weights.
inline void save_random_translator(const std::string& path) {
    const data::Subword subword = data::train_subword(subword_text, {.vocab_size = 40});
    const io::ModelConfig config{
        .architecture = model::uniform(
            {.encoder_layers = 1, .decoder_layers = 2, .embed_dim = 32, .ffn_dim = 48, .heads = 2},
            subword.size(), subword.size()),
        .special_tokens = subword.special(),
        .provenance = {}};
    model::Network network(config.architecture);
    network.initialize(3);
    io::save_model_directory(path, config, network.table(), network.values(), subword.bytes(),
                             "# card\n");
}

}  // namespace hat::support
