// SPDX-License-Identifier: Apache-2.0
#include <hat/integer/model.hpp>
#include <hat/model/delight.hpp>
#include <hat/model/presets.hpp>

#include "support/architectures.hpp"
#include "support/integer_network.hpp"

#include <doctest/doctest.h>

#include <type_traits>
#include <utility>

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
static_assert(std::is_nothrow_move_constructible_v<Model> && std::is_move_assignable_v<Model>);
static_assert(!std::is_copy_constructible_v<Model> && !std::is_copy_assignable_v<Model>);
static_assert(weight_sizes(small).decoder_layers[0].encoder_attn.scores.cols == 2);

}  // namespace

TEST_SUITE("integer/model") {
    TEST_CASE("weights are views of one piece of memory, which moves with its owner") {
        Model model(small);
        model.variables().encoder_layers[1].feed_forward.first.weight(31, 15) = 5;
        const auto* const place = model.view().source.words.data();
        const Model moved = std::move(model);
        CHECK(moved.view().source.words.data() == place);
        CHECK(moved.view().encoder_layers[1].feed_forward.first.weight(31, 15) == 5);
        CHECK(moved.size_bytes() > 20 * 16);
    }

    TEST_CASE("a shared table has the columns of the wider side") {
        const Model model(hat::support::uneven_translator(hat::model::Sharing::all));
        CHECK(model.view().target.words.cols() == 24);
        CHECK(model.view().target_dim == 20);
    }

    TEST_CASE("what cannot be integers is said") {
        const auto check_refused = [](const hat::model::Architecture& a, const char* what) {
            CHECK_THROWS_WITH_AS(Model{a}, doctest::Contains(what), hat::Error);
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
