// SPDX-License-Identifier: Apache-2.0
#include <hat/integer/ranges.hpp>

#include "support/integer_network.hpp"
#include "support/layers.hpp"

#include <doctest/doctest.h>

#include <array>
#include <vector>

using hat::integer::Ranges;

TEST_SUITE("integer/ranges") {
    TEST_CASE("the largest magnitudes are kept, for each output") {
        std::array weight{1.0F, 2.0F, 3.0F, 4.0F};
        std::array x{0.5F, -7.0F};
        std::array y{-3.0F, 2.0F};
        std::array smaller{1.0F, 2.5F};
        Ranges ranges;
        const hat::ConstMatrix w(weight.data(), 2, 2);
        CHECK(ranges.of_input(w) == 0);
        CHECK(ranges.of_outputs(w) == 0);
        ranges.note_product(w, {x.data(), 1, 2}, {y.data(), 1, 2});
        ranges.note_product(w, {y.data(), 1, 2}, {smaller.data(), 1, 2});
        CHECK(ranges.of_input(w) == 7);
        CHECK(ranges.of_outputs(w) == 3);
        CHECK(ranges.of_outputs(w, 1, 1) == 2.5F);
        ranges.note_source({x.data(), 1, 2});
        CHECK(ranges.of_source() == 7);
        CHECK(ranges.of_target() == 0);
    }

    TEST_CASE("all products of a network are observed, and what its layers make") {
        const hat::support::IntegerNetwork made(hat::support::integer_architectures()[0]);
        const auto model = made.floats.view();
        Ranges ranges;
        const std::vector<hat::integer::Pair> pairs{{made.sources[0], made.targets[0]}};
        hat::integer::observe(model, pairs, ranges);
        const auto& layer = model.decoder_layers[1];
        for (const auto* linear :
             {&layer.self_attn.query, &layer.self_attn.key, &layer.self_attn.value,
              &layer.self_attn.out_proj, &layer.encoder_attn.query, &layer.encoder_attn.key,
              &layer.encoder_attn.value, &layer.feed_forward.first, &layer.feed_forward.second})
            CHECK(ranges.of_outputs(linear->weight.value) > 0);
        CHECK(ranges.of_source() > 0);
        CHECK(ranges.of_target() > 0);
    }
}
