// SPDX-License-Identifier: Apache-2.0
#include <hat/elastic/gene_string.hpp>
#include <hat/latency/features.hpp>
#include <hat/model/presets.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <string_view>

using namespace hat::latency;
using hat::model::Architecture;

namespace {

constexpr Architecture small = [] {
    Architecture a;
    a.encoder.embed_dim = 640;
    a.decoder.embed_dim = 512;
    a.encoder.layer_count = 3;
    a.decoder.layer_count = 2;
    a.encoder.layer_shapes[0] = {.ffn_dim = 1024, .heads = 4};
    a.encoder.layer_shapes[1] = {.ffn_dim = 2048, .heads = 8};
    a.encoder.layer_shapes[2] = {.ffn_dim = 1024, .heads = 8};
    a.decoder.layer_shapes[0] = {
        .ffn_dim = 1024, .heads = 4, .cross_heads = 8, .attended_layers = 3};
    a.decoder.layer_shapes[1] = {
        .ffn_dim = 3072, .heads = 4, .cross_heads = 4, .attended_layers = 1};
    return a;
}();

/// The published ten in their order.
constexpr std::array<double, published_feature_count> published(const LatencyFeatures& features) {
    std::array<double, published_feature_count> values{};
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = features.*published_features[i].place;
    return values;
}

}  // namespace

TEST_SUITE("latency/features") {
    TEST_CASE("features are means over the layers that a network has") {
        static_assert(published(latency_features(small)) == std::array{640.0, 3.0, 4096.0 / 3,
                                                                       20.0 / 3, 512.0, 2.0, 2048.0,
                                                                       4.0, 6.0, 2.0});
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
        narrow.embedding.dim = 64;
        narrow.embedding.dextra_depth = 4;
        narrow.embedding.dextra_width = 2000;
        narrow.embedding.dextra_groups = 4;
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
        a.encoder.embed_dim = a.encoder.layer_count = 0;
        const auto features = latency_features(a);
        CHECK(features.encoder_ffn_dim == 0);
        CHECK(encoder_terms(features) == EncoderTerms{});
    }

    TEST_CASE("the published ten follow from genes alone") {
        const auto network = hat::model::transformer_tiny(1000);
        const auto genes = hat::elastic::parse_genes(hat::elastic::gene_string(network), "genes");
        CHECK(published(latency_features(genes)) == published(latency_features(network)));
    }

    TEST_CASE("the published columns stand first, and every feature is found by its own name") {
        constexpr std::array<std::string_view, published_feature_count> names{
            "encoder_embed_dim",
            "encoder_layer_num",
            "encoder_ffn_embed_dim_avg",
            "encoder_self_attention_heads_avg",
            "decoder_embed_dim",
            "decoder_layer_num",
            "decoder_ffn_embed_dim_avg",
            "decoder_self_attention_heads_avg",
            "decoder_ende_attention_heads_avg",
            "decoder_arbitrary_ende_attn_avg"};
        for (std::size_t i = 0; i < names.size(); ++i)
            CHECK(published_features[i].name == names[i]);
        for (int i = 0; i < latency_feature_count; ++i)
            CHECK(find_latency_feature(latency_feature_table[static_cast<std::size_t>(i)].name) ==
                  i);
        CHECK(find_latency_feature("encoder_ffn_dim") == -1);
    }

    TEST_CASE("lists and weights of fewer bits are features, and less to read") {
        Architecture a = small;
        a.qkv_dim = 512;
        a.target_vocab_size = 1000;
        const LatencyFeatures usual = latency_features(a);
        CHECK(usual.weight_bits == 32);
        CHECK(usual.listed_tokens == 0);
        a.serving = {8, 100};
        const LatencyFeatures served = latency_features(a);
        CHECK(served.weight_bits == 8);
        CHECK(served.listed_tokens == 100);
        CHECK(served.decoder_weight_mb ==
              doctest::Approx((usual.decoder_weight_mb - 4 * 900 * 512 / 1e6) / 4));
    }

    TEST_CASE("outputs are all tokens or those of a list, each with a cost of its own") {
        const auto term = [](std::string_view name, const LatencyFeatures& features) {
            for (std::size_t i = 0; i < decoder_term_table.size(); ++i)
                if (decoder_term_table[i].name == name) return decoder_terms(features)[i];
            return -1.0;
        };
        LatencyFeatures features = latency_features(small);
        CHECK(term("embed_dim", features) == 512);
        CHECK(term("listed_tokens*embed_dim", features) == 0);
        features.listed_tokens = 100;
        CHECK(term("embed_dim", features) == 0);
        CHECK(term("listed_tokens*embed_dim", features) == 100 * 512);
    }
}
