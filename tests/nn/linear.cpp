// SPDX-License-Identifier: Apache-2.0
#include <hat/nn/linear.hpp>

#include "support/layers.hpp"

#include <doctest/doctest.h>

#include <array>

using hat::Activation;
using hat::nn::Linear;
using hat::nn::Packed;
using hat::nn::Trainable;
using hat::nn::Variable;
using hat::support::Layers;
using hat::support::OwnEval;
using hat::support::same_bits;

namespace {

constexpr std::array activations{Activation::linear,    Activation::relu, Activation::gelu,
                                 Activation::gelu_tanh, Activation::tanh, Activation::swish};

}  // namespace

TEST_SUITE("nn/linear") {
    TEST_CASE("a linear layer is its weight times x plus its bias") {
        std::array weight{1.0F, 2.0F,   //
                          3.0F, -4.0F,  //
                          0.0F, 1.0F};
        std::array bias{0.5F, 0.0F, -1.0F};
        std::array x{1.0F, 10.0F};
        const Linear<Trainable> layer{{{weight.data(), 3, 2}, {}, nullptr},
                                      {{bias.data(), 1, 3}, {}, nullptr}};
        OwnEval own;
        const Variable y = forward(own.eval, layer, Variable{{x.data(), 1, 2}, nullptr});
        CHECK(y.value(0, 0) == 21.5F);
        CHECK(y.value(0, 1) == -37.0F);
        CHECK(y.value(0, 2) == 9.0F);

        const Linear<Trainable> without_bias{layer.weight, {}};
        const Variable z =
            forward(own.eval, without_bias, Variable{{x.data(), 1, 2}, nullptr}, Activation::relu);
        CHECK(z.value(0, 0) == 21.0F);
        CHECK(z.value(0, 1) == 0.0F);
    }

    TEST_CASE("a layer without weights is an error, of fixed sizes, too") {
        Layers layers(1);
        const Variable x = layers.variable(2, 16);
        OwnEval own;
        const Linear<Packed, hat::Fixed<16>, hat::Fixed<16>> packed;
        const Linear<Trainable, hat::Fixed<16>, hat::Fixed<16>> trainable;
        CHECK_THROWS_WITH_AS(forward(own.eval, packed, x), "Linear: its weight is empty",
                             hat::Error);
        CHECK_THROWS_WITH_AS(forward(own.eval, trainable, x), "Linear: its weight is empty",
                             hat::Error);
    }

    TEST_CASE("every activation is that of the sum") {
        Layers layers(1);
        const auto layer = layers.linear(37, 19);
        const Variable x = layers.variable(5, 19);
        OwnEval own;
        const Variable sum = forward(own.eval, layer, x);
        for (const Activation f : activations) {
            CAPTURE(static_cast<int>(f));
            hat::support::Doubles expected(sum.value);
            for (double& value : expected.data)
                value = hat::support::reference::activation(f, value);
            CHECK(hat::support::relative_error(forward(own.eval, layer, x, f).value, expected) <
                  1e-6);
        }
    }

    TEST_CASE("packed weights give the same bits as trainable ones") {
        Layers layers(2);
        for (const int rows : {1, 5, 17}) {
            const auto layer = layers.linear(37, 19);
            const Linear<Trainable> without_bias{layer.weight, {}};
            const Variable x = layers.variable(rows, 19);
            OwnEval own;
            for (const Activation f : activations) {
                CAPTURE(static_cast<int>(f));
                CHECK(same_bits(forward(own.eval, layers.packed<Linear<Packed>>(layer), x, f).value,
                                forward(own.eval, layer, x, f).value));
            }
            CHECK(same_bits(forward(own.eval, layers.packed<Linear<Packed>>(without_bias), x).value,
                            forward(own.eval, without_bias, x).value));
        }
    }

    TEST_CASE("a slice of packed weights is the slice of trainable ones") {
        Layers layers(3);
        const auto layer = layers.linear(64, 48);
        auto packed = layers.packed<Linear<Packed>>(layer);
        packed.weight = packed.weight.top_left(21, 19);
        packed.bias = packed.bias.head(21);
        const Linear<Trainable> slice{layer.weight.top_left(21, 19), layer.bias.middle_cols(0, 21)};
        const Variable x = layers.variable(5, 19);
        OwnEval own;
        CHECK(same_bits(forward(own.eval, packed, x).value, forward(own.eval, slice, x).value));
    }
}
