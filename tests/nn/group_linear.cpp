// SPDX-License-Identifier: Apache-2.0
#include <hat/nn/group_linear.hpp>

#include "support/group_layers.hpp"

#include <doctest/doctest.h>

#include <cstddef>

using hat::Activation;
using hat::nn::GroupLinear;
using hat::nn::Linear;
using hat::nn::Packed;
using hat::nn::Trainable;
using hat::nn::Variable;
using hat::support::GroupLayers;
using hat::support::OwnEval;
using hat::support::same_bits;

TEST_SUITE("nn/group_linear") {
    TEST_CASE("with one group it is a linear layer, a norm and an activation") {
        GroupLayers layers(1);
        const auto layer = layers.group_linear(19, 0, 37, 1, true, Activation::swish);
        const Variable x = layers.variable(5, 19);
        OwnEval own;
        const Variable linear = forward(own.eval, Linear<Trainable>{layer.weight, layer.bias}, x);
        const Variable norm = forward(own.eval, layer.norm, linear);
        CHECK(same_bits(forward(own.eval, layer, x, 0.0F).value,
                        activation(own.eval, Activation::swish, norm).value));
    }

    TEST_CASE("packed weights give the same bits as trainable ones") {
        for (const Activation f : {Activation::relu, Activation::gelu, Activation::swish}) {
            GroupLayers layers(2);
            const auto layer = layers.group_linear(32, 40, 88, 8, true, f);
            const Variable h = layers.variable(11, 32);
            const Variable y = layers.variable(11, 40);
            OwnEval own;
            CHECK(same_bits(
                forward(own.eval, layers.packed<GroupLinear<Packed>>(layer), h, y, 0.5F).value,
                forward(own.eval, layer, h, y, 0.5F).value));
        }
    }

    TEST_CASE("a second input equals chunks laid side by side") {
        GroupLayers layers(3);
        auto joint = layers.group_linear(24 + 40, 0, 48, 4, true, Activation::swish);
        GroupLinear<Trainable> split = joint;
        split.weight = joint.weight.middle_cols(0, 6);
        split.second_weight = joint.weight.middle_cols(6, 10);
        const Variable h = layers.variable(7, 24);
        const Variable y = layers.variable(7, 40);
        const Variable mixed = layers.variable(7, 64);
        for (int k = 0; k < 4; ++k) {
            hat::kernels::add(h.value.middle_cols(k * 6, 6), mixed.value.middle_cols(k * 16, 6),
                              false);
            hat::kernels::add(y.value.middle_cols(k * 10, 10),
                              mixed.value.middle_cols(k * 16 + 6, 10), false);
        }
        OwnEval own;
        CHECK(same_bits(forward(own.eval, split, h, y, 0.0F).value,
                        forward(own.eval, joint, mixed, 0.0F).value));
    }

    TEST_CASE("a narrower layer is a view of the first rows and columns") {
        GroupLayers layers(4);
        const auto wide = layers.group_linear(48, 64, 96, 4, true, Activation::swish);
        GroupLinear<Trainable> narrow = wide;
        narrow.weight = wide.weight.top_left(72, 8);
        narrow.second_weight = wide.second_weight.top_left(72, 10);
        narrow.bias = wide.bias.middle_cols(0, 72);
        narrow.norm = {wide.norm.gain.middle_cols(0, 18), wide.norm.bias.middle_cols(0, 18)};
        const Variable h = layers.variable(7, 32);
        const Variable y = layers.variable(7, 40);
        OwnEval own;
        const Variable sliced = forward(own.eval, narrow, h, y, 0.0F);
        CHECK(sliced.cols() == 72);
        CHECK(same_bits(
            sliced.value,
            forward(own.eval, layers.packed<GroupLinear<Packed>>(narrow), h, y, 0.0F).value));
    }

    TEST_CASE("features are dropped in training only") {
        GroupLayers layers(5);
        const auto layer = layers.group_linear(16, 0, 32, 2, true, Activation::swish);
        const Variable x = layers.variable(9, 16);
        OwnEval own;
        hat::autograd::Tape tape(own.memory, own.scratch, hat::RandomKey(1));
        const Variable kept = forward(own.eval, layer, x, 0.5F);
        CHECK(same_bits(forward(tape, layer, x, 0.0F).value, kept.value));
        const Variable dropped = forward(tape, layer, x, 0.5F);
        int zeros = 0;
        for (int i = 0; i < 9; ++i) {
            for (int p = 0; p < 32; ++p) {
                const float v = dropped.value(i, p);
                const bool right = v == 0.0F || v == 2.0F * kept.value(i, p);
                CHECK(right);
                zeros += v == 0.0F ? 1 : 0;
            }
        }
        CHECK(zeros > 9 * 32 / 4);
        CHECK(zeros < 9 * 32 * 3 / 4);
    }
}
