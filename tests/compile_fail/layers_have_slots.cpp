// SPDX-License-Identifier: Apache-2.0
// Expect: StaticTransformer: a layer_count is not from 0 to max_layers

#include <hat/model/presets.hpp>
#include <hat/model/static_transformer.hpp>

using hat::model::Architecture;

constexpr Architecture one_layer = hat::model::uniform(
    {.encoder_layers = 1, .decoder_layers = 1, .embed_dim = 32, .ffn_dim = 48, .heads = 4}, 50, 50);
constexpr Architecture fewer_than_none = [] {
    Architecture genes = one_layer;
    genes.decoder.layer_count = -1;
    return genes;
}();

const hat::model::StaticTransformer<one_layer, hat::nn::Packed> one{};
const hat::model::StaticTransformer<fewer_than_none, hat::nn::Packed> wrong{};  // wrong
