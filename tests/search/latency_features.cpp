// SPDX-License-Identifier: Apache-2.0
#include <hat/search/latency_features.hpp>

#include <doctest/doctest.h>

using namespace hat::search;
using hat::model::Architecture;

namespace {

constexpr Architecture small = [] {
    Architecture a;
    a.encoder_embed_dim = 640;
    a.decoder_embed_dim = 512;
    a.encoder_layer_count = 3;
    a.decoder_layer_count = 2;
    a.encoder_layer_shapes[0] = {.ffn_dim = 1024, .heads = 4};
    a.encoder_layer_shapes[1] = {.ffn_dim = 2048, .heads = 8};
    a.encoder_layer_shapes[2] = {.ffn_dim = 1024, .heads = 8};
    a.decoder_layer_shapes[0] = {
        .ffn_dim = 1024, .heads = 4, .cross_heads = 8, .attended_layers = 3};
    a.decoder_layer_shapes[1] = {
        .ffn_dim = 3072, .heads = 4, .cross_heads = 4, .attended_layers = 1};
    return a;
}();

}  // namespace

TEST_SUITE("search/latency_features") {
    TEST_CASE("features are means over the layers that a network has") {
        static_assert(latency_features(small) ==
                      LatencyFeatures{640, 3, 4096.0 / 3, 20.0 / 3, 512, 2, 2048, 4, 6, 2});
        static_assert(latency_features(small).values()[2] == 4096.0 / 3);
    }

    TEST_CASE("terms are sums over layers") {
        const auto features = latency_features(small);
        const auto e = encoder_terms(features);
        CHECK(e[0] == 1);
        CHECK(e[5] == doctest::Approx(640.0 * (1024 + 2048 + 1024)));
        CHECK(e[6] == doctest::Approx(4 + 8 + 8));
        const auto d = decoder_terms(features);
        CHECK(d[3] == 2 * 512);
        CHECK(d[5] == 512 * (1024 + 3072));
        CHECK(d[7] == 8 + 4);
        CHECK(d[9] == 640 * (3 + 1));
    }

    TEST_CASE("a decoder alone has no encoder's features and terms") {
        Architecture a = small;
        a.encoder_embed_dim = a.encoder_layer_count = 0;
        const auto features = latency_features(a);
        CHECK(features.encoder_ffn_dim == 0);
        CHECK(encoder_terms(features) == EncoderTerms{});
    }
}
