// SPDX-License-Identifier: Apache-2.0
#include <hat/integer/weight_sizes.hpp>
#include <hat/model/presets.hpp>

#include "support/architectures.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>

using namespace hat::integer;

namespace {

constexpr auto small = hat::model::uniform({.encoder_layers = 2,
                                            .decoder_layers = 2,
                                            .embed_dim = 16,
                                            .ffn_dim = 32,
                                            .heads = 2,
                                            .qkv_dim = 16},
                                           20, 20);
static_assert(weight_sizes(small).encoder_layers[1].feed_forward.first.weight.rows == 32);
static_assert(weight_sizes(small).decoder_layers[0].encoder_attn.scores.cols == 2);
static_assert(weight_sizes(small).source.positions.rows == 1024);
static_assert(weight_sizes(small, 5, 6).target.positions.rows == 6);
static_assert(weight_bytes(weight_sizes(small, 5, 6)) + (1018 + 1019) * 32 ==
              weight_bytes(weight_sizes(small)));

}  // namespace

TEST_SUITE("integer/weight_sizes") {
    TEST_CASE("weights lie one behind the other, each at a multiple of 16 bytes") {
        const auto sizes = weight_sizes(small, 5, 6);
        alignas(
            weight_alignment) static std::array<std::byte, weight_bytes(weight_sizes(small, 5, 6))>
            memory;
        const auto view = place_weights<Constants>(sizes, memory.data());
        const auto offset = [&](const auto* weight) {
            return reinterpret_cast<const std::byte*>(weight) - memory.data();
        };
        CHECK(offset(view.source.words.data()) == 0);
        CHECK(offset(view.source.scales.data()) == 20 * 16);
        CHECK(offset(view.source.positions.data()) == 20 * 16 + 20 * 4);
        CHECK(offset(view.source.position_scale.data()) == 20 * 16 + 20 * 4 + 5 * 16 * 2);
        // One number, and what is left of 16 bytes.
        CHECK(offset(view.encoder_layers[0].self_attn.query.weight.data()) ==
              offset(view.source.position_scale.data()) + 16);
    }

    TEST_CASE("what cannot be integers is said") {
        const auto check_refused = [](const hat::model::Architecture& a, const char* what) {
            CHECK_THROWS_WITH_AS(check_supported(a), doctest::Contains(what), hat::Error);
        };
        check_refused(hat::support::define_translator(40, 36), "embeddings that a unit widens");
        auto unit = small;
        unit.decoder.layer_shapes[1].dextra_depth = 4;
        check_refused(unit, "DExTra");
        check_refused(hat::model::language_model(
                          {.layers = 2, .embed_dim = 16, .ffn_dim = 32, .heads = 2}, 20),
                      "no encoder");
        auto headless = small;
        headless.encoder.layer_shapes[0].heads = 0;
        check_refused(headless, "heads = 0 does not divide qkv_dim = 16");
    }
}
