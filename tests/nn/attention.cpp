// SPDX-License-Identifier: Apache-2.0
#include <hat/nn/attention.hpp>

#include "support/layers.hpp"

#include <doctest/doctest.h>

#include <array>

using hat::Ragged;
using hat::nn::CrossAttention;
using hat::nn::Linear;
using hat::nn::Trainable;
using hat::nn::Variable;
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
        const Linear<Trainable> value{layer.in_proj.weight.middle_rows(24, 12),
                                      layer.in_proj.bias.middle_cols(24, 12)};
        const Variable x = layers.variable(9, 19);
        OwnEval own;
        const Variable all = forward(own.eval, layer, x, sentences, false, 0.0F);
        const Variable causal = forward(own.eval, layer, x, sentences, true, 0.0F);
        const Variable passed = forward(own.eval, layer.out_proj, forward(own.eval, value, x));
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
        const Variable y = forward(own.eval, layer, x, sentences, memory, memories, 0.0F);
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
            return std::array{forward(own.eval, self, x, sentences, false, 0.0F),
                              forward(own.eval, cross, x, sentences, memory, memories, 0.0F)};
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
        const Variable one = forward(own.eval, layer, x, sentences, false, 0.0F);
        layer.heads = 12;
        CHECK_FALSE(
            same_bits(one.value, forward(own.eval, layer, x, sentences, false, 0.0F).value));
    }

    TEST_CASE("keys and values stored apart give the same bits as stored together") {
        Layers layers(5);
        const auto together = layers.cross_attention(19, 21, 12, 2);
        CrossAttention<Trainable> apart = together;
        apart.key_value = {together.key_value.weight.middle_rows(0, 12),
                           together.key_value.bias.middle_cols(0, 12)};
        apart.value = {together.key_value.weight.middle_rows(12, 12),
                       together.key_value.bias.middle_cols(12, 12)};
        const Variable x = layers.variable(9, 19);
        const Variable memory = layers.variable(8, 21);
        OwnEval own;
        CHECK(same_bits(forward(own.eval, apart, x, sentences, memory, memories, 0.0F).value,
                        forward(own.eval, together, x, sentences, memory, memories, 0.0F).value));
    }

    TEST_CASE("packed weights give the same bits as trainable ones") {
        Layers layers(6);
        const auto self = layers.self_attention(19, 12, 3);
        const auto cross = layers.cross_attention(19, 21, 12, 2);
        const Variable x = layers.variable(9, 19);
        const Variable memory = layers.variable(8, 21);
        OwnEval own;
        for (const bool causal : {false, true}) {
            CHECK(same_bits(forward(own.eval, layers.pack(self), x, sentences, causal, 0.0F).value,
                            forward(own.eval, self, x, sentences, causal, 0.0F).value));
        }
        CHECK(same_bits(
            forward(own.eval, layers.pack(cross), x, sentences, memory, memories, 0.0F).value,
            forward(own.eval, cross, x, sentences, memory, memories, 0.0F).value));
    }
}
