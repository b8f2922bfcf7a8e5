// SPDX-License-Identifier: Apache-2.0
#include <hat/model/architecture_parts.hpp>

#include <doctest/doctest.h>

using namespace hat::model;

namespace {

template <auto Part>
constexpr int size_of_argument = sizeof(Part);

constexpr EncoderShape two{.embed_dim = 64,
                           .layer_count = 2,
                           .layer_shapes = {EncoderLayerShape{.ffn_dim = 128, .heads = 4},
                                            EncoderLayerShape{.ffn_dim = 96, .heads = 2}}};

static_assert(size_of_argument<two> > 0 && size_of_argument<EmbeddingShape{.dim = 32}> > 0 &&
                  size_of_argument<AdaptiveShape{.bands = 2}> > 0 &&
                  size_of_argument<Origin{.encoder_dim = 640}> > 0,
              "parts are template arguments");

}  // namespace

TEST_SUITE("model/architecture_parts") {
    TEST_CASE("a side shows the layers it has, not its slots") {
        static_assert(two.layers().size() == 2 && two.layers()[1].ffn_dim == 96);
        CHECK(DecoderShape{}.layers().empty());
    }

    TEST_CASE("sides are equal if all of their fields are") {
        EncoderShape other = two;
        CHECK(other == two);
        other.layer_shapes[1].heads = 4;
        CHECK(other != two);
    }

    TEST_CASE("learned positions have rows for as many tokens, and for those before the first") {
        static_assert(learned_position_rows(10) == 10 + hat::first_position);
    }
}
