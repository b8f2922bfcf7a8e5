// SPDX-License-Identifier: Apache-2.0
#include <hat/integer/model.hpp>
#include <hat/integer/weight_sizes.hpp>
#include <hat/model/presets.hpp>

#include "support/architectures.hpp"
#include "support/integer_network.hpp"

#include <doctest/doctest.h>

#include <cstddef>
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
static_assert(std::is_nothrow_move_constructible_v<Model> && std::is_move_assignable_v<Model>);
static_assert(!std::is_copy_constructible_v<Model> && !std::is_copy_assignable_v<Model>);

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

    TEST_CASE("an architecture that is not supported has no model") {
        auto unit = small;
        unit.decoder.layer_shapes[0].heads = 0;
        CHECK_THROWS_WITH_AS(Model{unit}, doctest::Contains("heads = 0"), hat::Error);
        CHECK_THROWS_WITH_AS(Model{hat::support::define_translator(40, 36)},
                             doctest::Contains("integers: this network has "), hat::Error);
    }

    TEST_CASE("weights of constants have the first rows of the tables of positions") {
        Model model(small);
        for (int i = 0; i < 1024; ++i) model.variables().target.positions(i, 15) = 7;
        model.variables().output.scales[19] = 3;
        const auto bytes = static_weights(model, 5, 6);
        const auto sizes = weight_sizes(small, 5, 6);
        const auto view = place_weights<Constants>(sizes, bytes.data());
        CHECK(view.target.positions.rows() == 6);
        CHECK(view.target.positions(5, 15) == 7);
        CHECK(view.output.scales[19] == 3);
        CHECK(static_cast<std::ptrdiff_t>(bytes.size_bytes()) == weight_bytes(sizes));
    }
}
