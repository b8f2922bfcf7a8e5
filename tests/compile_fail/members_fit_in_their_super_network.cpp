// SPDX-License-Identifier: Apache-2.0
// Expect: SuperTransformer: the member is wider or deeper than the super network

#include <hat/elastic/super_transformer.hpp>
#include <hat/model/presets.hpp>

using hat::model::Architecture;

constexpr Architecture largest = hat::model::uniform(
    {.encoder_layers = 1, .decoder_layers = 1, .embed_dim = 32, .ffn_dim = 48, .heads = 4}, 50, 50);
constexpr Architecture wider = [] {
    Architecture genes = largest;
    genes.decoder.layer_shapes[0].ffn_dim = 64;
    return genes;
}();

void make(const hat::elastic::StaticSuperTransformer<largest>& super) {
    static_cast<void>(super.sub_transformer<largest>());
    static_cast<void>(super.sub_transformer<wider>());  // wrong
}
