// SPDX-License-Identifier: Apache-2.0
#include <hat/elastic/gene_string.hpp>
#include <hat/model/presets.hpp>
#include <hat/search/latency_features.hpp>

#include <doctest/doctest.h>

#include <array>

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
        static_assert(latency_features(small).values() == std::array{640.0, 3.0, 4096.0 / 3,
                                                                     20.0 / 3, 512.0, 2.0, 2048.0,
                                                                     4.0, 6.0, 2.0});
        static_assert(latency_features(small).values()[2] == 4096.0 / 3);
    }

    TEST_CASE("what a step of the decoder reads is counted, and costs more beyond a cache") {
        Architecture a = small;
        a.qkv_dim = 512;
        a.target_vocab_size = 1000;
        // The output; six matrices of attention and two of the feed-forward layer, in both layers.
        const double weights = 1000 * 512 + 2 * 6 * 512 * 512 + 2 * 512 * (1024 + 3072);
        const auto features = latency_features(a);
        CHECK(features.decoder_weight_mb == doctest::Approx(4 * weights / 1e6));
        CHECK(decoder_terms(features).back() == 0);
        CHECK(decoder_terms(features, 1).back() == features.decoder_weight_mb - 1);
        CHECK(decoder_terms(features, 1000).back() == 0);

        Architecture narrow = a;  // a table of 64 columns, and what leads from and to it
        narrow.embedding_dim = 64;
        narrow.embedding_dextra_depth = 4;
        narrow.embedding_dextra_width = 2000;
        narrow.embedding_dextra_groups = 4;
        const auto unit = hat::model::unit_weights(narrow.embedding_unit(512));
        CHECK(latency_features(narrow).decoder_weight_mb ==
              doctest::Approx(
                  4 * (weights + 1000 * (64 - 512) + 512 * 64 + static_cast<double>(unit)) / 1e6));
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

    TEST_CASE("the published ten follow from genes alone") {
        const auto network = hat::model::transformer_tiny(1000);
        const auto genes = hat::elastic::parse_genes(hat::elastic::gene_string(network), "genes");
        CHECK(published_features(genes).values() == latency_features(network).values());
    }
}
