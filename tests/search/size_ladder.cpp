// SPDX-License-Identifier: Apache-2.0
#include <hat/core/random.hpp>
#include <hat/elastic/genes.hpp>
#include <hat/elastic/spaces.hpp>
#include <hat/model/counts.hpp>
#include <hat/search/size_ladder.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

using hat::model::Architecture;
using hat::search::size_ladder;

namespace {

/// A layer of a decoder costs far more than one of an encoder, as on every processor.
double predict_ms(const Architecture& a) {
    double ms = 1;
    for (const auto& layer : a.encoder.layers())
        ms += 1e-3 * a.encoder.embed_dim + 2e-4 * layer.ffn_dim;
    for (const auto& layer : a.decoder.layers())
        ms += 1e-2 * a.decoder.embed_dim + 2e-3 * layer.ffn_dim + 0.1 * layer.attended_layers;
    return ms;
}

hat::elastic::DesignSpace space() {
    return with_vocabulary(hat::elastic::multi30k_space(), 100, 100);
}

}  // namespace

TEST_SUITE("search/size_ladder") {
    TEST_CASE("it goes from the fastest to the largest, and each takes longer and is larger") {
        const auto of = space();
        const auto ladder = size_ladder(of, predict_ms, 6);
        REQUIRE(ladder.size() == 6);
        CHECK(ladder.front().architecture == smallest(of));
        CHECK(ladder.back().architecture == largest(of));
        for (std::size_t i = 1; i < ladder.size(); ++i) {
            CHECK(ladder[i].predicted_ms == predict_ms(ladder[i].architecture));
            CHECK(ladder[i].predicted_ms > ladder[i - 1].predicted_ms);
            CHECK(layer_parameters(ladder[i].architecture) >
                  layer_parameters(ladder[i - 1].architecture));
        }
    }

    TEST_CASE("none of ten thousand members that is as fast is larger") {
        const auto of = space();
        const auto ladder = size_ladder(of, predict_ms, 6);
        hat::Random random(std::uint64_t{3});
        for (int i = 0; i < 10'000; ++i) {
            const Architecture member = hat::elastic::sample(of, random);
            for (const auto& rung : ladder)
                if (predict_ms(member) <= rung.predicted_ms)
                    REQUIRE(layer_parameters(member) <= layer_parameters(rung.architecture));
        }
    }

    TEST_CASE("the largest member is the last one, also where others have as many parameters") {
        const auto of = space();
        const auto by_heads = [](const Architecture& a) {
            double ms = predict_ms(a);
            for (const auto& layer : a.decoder.layers()) ms += 0.5 * layer.heads;
            return ms;
        };
        CHECK(size_ladder(of, by_heads, 8).back().architecture == largest(of));
    }

    TEST_CASE("a space of one member has a ladder of one rung") {
        auto of = space();
        const int dim = of.super.encoder.embed_dim;
        of = {.super = of.super,
              .encoder_embed_dims = {dim},
              .decoder_embed_dims = {dim},
              .encoder_layer_counts = {6},
              .decoder_layer_counts = {6},
              .encoder_ffn_dims = {512},
              .encoder_heads = {4},
              .decoder_ffn_dims = {512},
              .decoder_heads = {4},
              .decoder_cross_heads = {4},
              .decoder_attended_layers = {3}};
        CHECK(size_ladder(of, predict_ms, 8).size() == 1);
    }

    TEST_CASE("networks that take no time are refused") {
        CHECK_THROWS_AS(size_ladder(
                            space(), [](const Architecture&) { return 0.0; }, 4),
                        hat::Error);
    }
}
