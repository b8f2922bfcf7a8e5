// SPDX-License-Identifier: Apache-2.0
#include <hat/nn/attention.hpp>

#include "support/layers.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>

using hat::Ragged;
using hat::nn::CrossAttention;
using hat::nn::Linear;
using hat::nn::Packed;
using hat::nn::SelfAttention;
using hat::nn::Trainable;
using hat::nn::Variable;
using hat::nn::WholeMemory;
using hat::nn::WholeSequences;
using hat::support::Layers;
using hat::support::OwnEval;
using hat::support::same_bits;

namespace {

constexpr std::array offsets{0, 3, 4, 9};
constexpr Ragged sentences(offsets.data(), 3);
constexpr std::array memory_offsets{0, 5, 7, 8};
constexpr Ragged memories(memory_offsets.data(), 3);

}  // namespace

TEST_SUITE("nn/attention") {
    TEST_CASE("where there is one key, attention passes its value on") {
        Layers layers(1);
        const auto layer = layers.self_attention(19, 12, 3);
        const Variable x = layers.variable(9, 19);
        OwnEval own;
        const Variable all = forward(own.eval, layer, x, WholeSequences{sentences, false});
        const Variable causal = forward(own.eval, layer, x, WholeSequences{sentences, true});
        const Variable passed =
            forward(own.eval, layer.out_proj, forward(own.eval, layer.value, x));
        const auto rows = [](const Variable& y, int first) {
            return y.value.middle_rows(first, 1);
        };
        CHECK(same_bits(rows(all, 3), rows(passed, 3)));  // the sentence of one token
        for (const int first : {0, 3, 4})
            CHECK(same_bits(rows(causal, first), rows(passed, first)));
        CHECK_FALSE(same_bits(rows(all, 0), rows(passed, 0)));
    }

    TEST_CASE("a query whose keys are all alike gets their value") {
        Layers layers(2);
        const auto layer = layers.cross_attention(19, 21, 12, 2);
        const Variable x = layers.variable(9, 19);
        const Variable memory = layers.variable(8, 21);
        for (int t = 1; t < 5; ++t) {
            for (int j = 0; j < 21; ++j) memory.value(t, j) = memory.value(0, j);
        }
        OwnEval own;
        const Variable y = forward(own.eval, layer, x, WholeMemory{sentences, memory, memories});
        for (int t = 1; t < 3; ++t) {
            for (int j = 0; j < 19; ++j)
                CHECK(y.value(t, j) == doctest::Approx(y.value(0, j)).epsilon(1e-5));
        }
    }

    TEST_CASE("sentences do not see each other") {
        Layers layers(3);
        const auto self = layers.self_attention(19, 12, 3);
        const auto cross = layers.cross_attention(19, 21, 12, 2);
        const Variable x = layers.variable(9, 19);
        const Variable memory = layers.variable(8, 21);
        OwnEval own;
        const auto run = [&] {
            return std::array{
                forward(own.eval, self, x, WholeSequences{sentences, false}),
                forward(own.eval, cross, x, WholeMemory{sentences, memory, memories})};
        };
        const auto before = run();
        for (int j = 0; j < 19; ++j) x.value(3, j) += 1.0F;       // the second sentence
        for (int j = 0; j < 21; ++j) memory.value(6, j) += 1.0F;  // and its memory
        const auto after = run();
        for (std::size_t i = 0; i < 2; ++i) {
            const auto same = [&](int first, int count) {
                return same_bits(before[i].value.middle_rows(first, count),
                                 after[i].value.middle_rows(first, count));
            };
            CHECK(same(0, 3));
            CHECK_FALSE(same(3, 1));
            CHECK(same(4, 5));
        }
    }

    TEST_CASE("the number of heads changes the result, not the parameters") {
        Layers layers(4);
        auto layer = layers.self_attention(19, 12, 1);
        const Variable x = layers.variable(9, 19);
        OwnEval own;
        const Variable one = forward(own.eval, layer, x, WholeSequences{sentences, false});
        layer.heads = 12;
        CHECK_FALSE(same_bits(one.value,
                              forward(own.eval, layer, x, WholeSequences{sentences, false}).value));
    }

    TEST_CASE("projections give the same bits stored together, in one product, or apart") {
        Layers layers(5);
        const auto self = layers.self_attention(19, 12, 3);
        const auto cross = layers.cross_attention(19, 19, 12, 2);
        auto self_apart = self;
        auto cross_apart = cross;
        const auto move = [&](Linear<Trainable>& layer) {
            const auto weight = layers.parameter(12, 19);
            const auto bias = layers.parameter(1, 12);
            const auto copy = [](hat::ConstMatrix from, hat::ConstMatrix to) {
                hat::kernels::add(
                    from, {const_cast<float*>(to.data()), to.rows(), to.cols(), to.stride()},
                    false);
            };
            copy(layer.weight.value, weight.value);
            copy(layer.bias.value, bias.value);
            layer = {weight, bias};
        };
        move(self_apart.key);
        move(cross_apart.key);
        CHECK(Trainable::follows(self.query.weight, self.key.weight));
        CHECK_FALSE(Trainable::follows(self_apart.query.weight, self_apart.key.weight));
        const Variable x = layers.variable(9, 19);
        const Variable memory = layers.variable(8, 19);
        OwnEval own;
        CHECK(same_bits(forward(own.eval, self, x, WholeSequences{sentences}).value,
                        forward(own.eval, self_apart, x, WholeSequences{sentences}).value));
        const WholeMemory whole{sentences, memory, memories};
        CHECK(same_bits(forward(own.eval, cross, x, whole).value,
                        forward(own.eval, cross_apart, x, whole).value));
    }

    TEST_CASE("weights that are neighbours are one product only if their biases are, too") {
        Layers layers(7);
        const auto together = layers.self_attention(19, 12, 3);
        auto biases_apart = together;
        biases_apart.key.bias = layers.parameter(1, 12);
        const Variable x = layers.variable(9, 19);
        OwnEval own;
        const auto projected = project(own.eval, biases_apart, x);
        CHECK(same_bits(projected.keys.value(), forward(own.eval, biases_apart.key, x).value));
        CHECK(same_bits(projected.values.value(), forward(own.eval, together.value, x).value));

        // Tensors of their own, whose gradients are told of apart.
        std::uint8_t flags[2] = {0, 0};
        auto flagged = together;
        flagged.key.weight.has_gradient = flags;
        flagged.value.weight.has_gradient = flags + 1;
        CHECK_FALSE(Trainable::follows(flagged.key.weight, flagged.value.weight));
    }

    TEST_CASE("packed weights give the same bits as trainable ones") {
        Layers layers(6);
        const auto self = layers.self_attention(19, 12, 3);
        const auto cross = layers.cross_attention(19, 21, 12, 2);
        const Variable x = layers.variable(9, 19);
        const Variable memory = layers.variable(8, 21);
        OwnEval own;
        for (const bool causal : {false, true}) {
            CHECK(same_bits(forward(own.eval, layers.packed<SelfAttention<Packed>>(self), x,
                                    WholeSequences{sentences, causal})
                                .value,
                            forward(own.eval, self, x, WholeSequences{sentences, causal}).value));
        }
        CHECK(
            same_bits(forward(own.eval, layers.packed<CrossAttention<Packed>>(cross), x,
                              WholeMemory{sentences, memory, memories})
                          .value,
                      forward(own.eval, cross, x, WholeMemory{sentences, memory, memories}).value));
    }
}
