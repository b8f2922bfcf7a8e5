// SPDX-License-Identifier: Apache-2.0
#include <hat/model/presets.hpp>

#include <doctest/doctest.h>

using namespace hat::model;

TEST_SUITE("model/presets") {
    TEST_CASE("presets have the published shapes") {
        constexpr Architecture tiny = transformer_tiny(10000);
        static_assert(tiny.encoder.layer_count == 4 && tiny.decoder.layer_count == 4);
        static_assert(tiny.qkv_dim == 128 && tiny.encoder.layer_shapes[3].ffn_dim == 256);
        static_assert(tiny.encoder.layer_shapes[4] == EncoderLayerShape{});
        constexpr Architecture base = transformer_base(32768);
        static_assert(base.decoder.layer_shapes[5] == DecoderLayerShape{2048, 8, 8, 1});
        constexpr Architecture big = transformer_big(32768);
        static_assert(big.encoder.layer_shapes[0] == EncoderLayerShape{4096, 16});
        constexpr Architecture wmt = hat_super_wmt(32768);
        static_assert(wmt.encoder.embed_dim == 640 && wmt.qkv_dim == 512);
        static_assert(wmt.decoder.layer_shapes[0] == DecoderLayerShape{3072, 8, 8, 3});
        constexpr Architecture iwslt = hat_super_iwslt(8848, 6632);
        static_assert(iwslt.sharing == Sharing::none && iwslt.target_vocab_size == 6632);
        for (const Architecture& a : {tiny, base, big, wmt, iwslt}) CHECK_NOTHROW(validate(a));
    }

    TEST_CASE("a language model is a decoder alone, pre-norm with a final norm") {
        constexpr Architecture tiny = transformer_tiny_lm(10000);
        static_assert(!tiny.has_encoder() && tiny.decoder.layer_count == 4);
        static_assert(tiny.source_vocab_size == 0 && tiny.target_vocab_size == 10000);
        static_assert(tiny.norm == Norm::pre && tiny.decoder.final_norm);
        static_assert(tiny.decoder.layer_shapes[3] == DecoderLayerShape{256, 4, 0, 0});
        static_assert(tiny.decoder.layer_shapes[4] == DecoderLayerShape{});
        static_assert(language_model({.qkv_dim = 256}, 9).qkv_dim == 256);
        CHECK_THROWS_WITH_AS(static_cast<void>(language_model({.layers = 17}, 10)),
                             "architecture: decoder_layers = 17 is not in 1 … 16", hat::Error);
    }

    TEST_CASE("a shape that cannot be built is an error") {
        CHECK_THROWS_WITH_AS(
            static_cast<void>(uniform({.heads = 7}, 10, 10)),
            "architecture: encoder layer 0: heads = 7 does not divide qkv_dim = 512", hat::Error);
    }
}
