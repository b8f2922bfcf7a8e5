// SPDX-License-Identifier: Apache-2.0
#include <hat/model/delight.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <string>

using namespace hat::model;

TEST_SUITE("model/delight") {
    TEST_CASE("blocks grow from the least depth to the largest, and are as many") {
        constexpr Architecture a = delight_wmt(256, 1000);
        static_assert(a.encoder.layer_count == 8 && a.decoder.layer_count == 8);
        static_assert(a.encoder.layer_shapes[0].dextra_depth == 4);
        static_assert(a.encoder.layer_shapes[7].dextra_depth == 8);
        for (int i = 1; i < 8; ++i) {
            const auto& before = a.encoder.layers()[static_cast<std::size_t>(i - 1)];
            const auto& layer = a.encoder.layers()[static_cast<std::size_t>(i)];
            CHECK(layer.dextra_depth >= before.dextra_depth);
            CHECK(layer.dextra_width >= before.dextra_width);
        }
    }

    TEST_CASE("attention has one head of half the width, the feed-forward layer a quarter") {
        constexpr Architecture a = delight_wmt(256, 1000);
        static_assert(a.qkv_dim == 128);
        for (const auto& layer : a.decoder.layers()) {
            CHECK(layer.heads == 1);
            CHECK(layer.cross_heads == 1);
            CHECK(layer.attended_layers == 1);
            CHECK(layer.ffn_dim == 64);
        }
    }

    TEST_CASE("equal depths mean uniform scaling") {
        constexpr Architecture a = delight({.encoder = {.max_depth = 4}}, 1000, 1000);
        for (const auto& layer : a.encoder.layers()) CHECK(layer == a.encoder.layers()[0]);
    }

    TEST_CASE("both ways to count depth agree with a count by hand") {
        // Depths of DExTra 3, 3, 4, 4; four layers beside it; two dense ends; cross-attention's
        // two.
        constexpr Architecture a = delight_small(1000);
        int units = 0;
        for (const auto& layer : a.encoder.layers()) units += layer.dextra_depth;
        CHECK(published_depth(a) == Depth{units + 16, units + 16});
        CHECK(weight_layers(a) == Depth{units + 4 * 6, units + 4 * 8});
    }

    TEST_CASE("each side has its own depths and reduction, and all units are of one variant") {
        constexpr Architecture a = delight(
            {.embed_dim = 64,
             .encoder = {.min_depth = 4, .max_depth = 6, .blocks = 2, .ffn_reduction = 8},
             .decoder = {.min_depth = 3, .max_depth = 5, .width_thousandths = 1250, .blocks = 3},
             .variant = hat::nn::DExTraVariant::define},
            1000, 1000);
        static_assert(a.encoder.layer_count == 2 && a.decoder.layer_count == 3);
        static_assert(a.encoder.layer_shapes[0].ffn_dim == 8);
        static_assert(a.decoder.layer_shapes[0].ffn_dim == 16);
        static_assert(a.encoder.layer_shapes[1].dextra_depth == 6);
        static_assert(a.decoder.layer_shapes[2].dextra_depth == 5);
        // Embeddings are as deep as the decoder's first block and as wide as the encoder's.
        static_assert(a.embedding.dextra_depth == 3 && a.embedding.dextra_width == 2000);
        static_assert(a.embedding_unit(64).variant == hat::nn::DExTraVariant::define);
        static_assert(a.unit_of(a.decoder.layer_shapes[0], 64).variant ==
                      hat::nn::DExTraVariant::define);
    }

    TEST_CASE("a language model has no encoder and normalises first") {
        constexpr Architecture a = delight_language_model({.embed_dim = 128}, 1000);
        static_assert(!a.has_encoder() && a.norm == Norm::pre && !a.decoder.final_norm);
        static_assert(a.sharing == Sharing::decoder_input_output);
        static_assert(a.decoder.layer_shapes[0].attended_layers == 0);
        static_assert(published_depth(a).encoder == 0 && weight_layers(a).encoder == 0);
    }

    TEST_CASE("what cannot be built is an error that says why") {
        CHECK_THROWS_WITH_AS(
            static_cast<void>(delight({.encoder = {.ffn_reduction = 3}}, 1000, 1000)),
            "DeLighT: ffn_reduction = 3 does not divide embed_dim = 256", hat::Error);
        CHECK_THROWS_WITH_AS(
            static_cast<void>(delight({.decoder = {.ffn_reduction = 0}}, 1000, 1000)),
            "DeLighT: ffn_reduction = 0 does not divide embed_dim = 256", hat::Error);
        CHECK_THROWS_WITH_AS(
            static_cast<void>(delight({.decoder = {.blocks = max_layers + 1}}, 1000, 1000)),
            ("DeLighT: " + std::to_string(max_layers + 1) + " blocks, expected at most " +
             std::to_string(max_layers))
                .c_str(),
            hat::Error);
    }
}
