// SPDX-License-Identifier: Apache-2.0
#include <hat/model/delight.hpp>
#include <hat/model/presets.hpp>
#include <hat/model/sizes.hpp>

#include <doctest/doctest.h>

using namespace hat::model;
using Size = hat::nn::Sizes::Size;

namespace {

constexpr Architecture small = uniform({.encoder_layers = 2,
                                        .decoder_layers = 1,
                                        .embed_dim = 24,
                                        .ffn_dim = 40,
                                        .heads = 4,
                                        .qkv_dim = 16,
                                        .attended_layers = 2},
                                       30, 30);

constexpr DeLighTSide one{.min_depth = 4, .max_depth = 4, .blocks = 1};

constexpr bool is(const Size& size, int rows, int cols) {
    return size.rows == rows && size.cols == cols;
}

}  // namespace

TEST_SUITE("model/sizes") {
    TEST_CASE("an architecture says the sizes of all weights, to the compiler too") {
        static constexpr auto sizes = sizes_of(small);
        static_assert(sizes.encoder_layers.size() == 2);
        constexpr auto& layer = sizes.decoder_layers[0];
        static_assert(is(layer.self_attn.query.weight, 16, 24));
        static_assert(layer.self_attn.query.weight.stored_rows() == 48);  // with keys and values
        static_assert(is(layer.feed_forward.first.weight, 40, 24));
        static_assert(is(layer.final_layer_norm.gain, 1, 24));
        static_assert(layer.attended_layers == 2);
        static_assert(sizes.target_embedding.weight.is_shared && sizes.output.is_shared);
        CHECK_FALSE(sizes.units.at(layer.dextra));
    }

    TEST_CASE("projections of unequal widths are tensors of their own") {
        Architecture a = small;
        a.encoder.embed_dim = 20;
        a.sharing = Sharing::none;
        const auto sizes = sizes_of(a);
        const auto& cross = sizes.decoder_layers[0].encoder_attn;
        CHECK(is(cross.query.weight, 16, 24));
        CHECK(is(cross.key.weight, 16, 20));
        CHECK(cross.key.weight.stored_rows() == 16);
        CHECK(cross.key.bias.stored_cols() == 48);
    }

    TEST_CASE("a table that both sides share is stored as wide as the wider side") {
        Architecture a = small;
        a.encoder.embed_dim = 20;
        const auto sizes = sizes_of(a);
        CHECK(is(sizes.source_embedding.weight, 30, 20));
        CHECK(sizes.source_embedding.weight.stored_cols() == 24);
    }

    TEST_CASE("an elastic unit has room for narrower and shallower ones") {
        Architecture a =
            delight({.embed_dim = 64, .encoder = one, .decoder = one, .embedding_dim = 32}, 30, 30);
        const auto own = sizes_of(a, Room::elastic);  // is not
        a.elastic_units = true;
        const auto elastic = sizes_of(a, Room::elastic);
        const auto small_unit = *own.units.at(own.encoder_layers[0].dextra);
        const auto large_unit = *elastic.units.at(elastic.encoder_layers[0].dextra);
        CHECK(large_unit.layers[0].weight.rows > small_unit.layers[0].weight.rows);
        CHECK(large_unit.layers[3].weight.rows == small_unit.layers[3].weight.rows);
        CHECK(is(elastic.encoder_layers[0].self_attn.query.weight, 32, 64));  // may lack its unit
        CHECK(is(own.encoder_layers[0].self_attn.query.weight, 32, 32));
    }
}
