// SPDX-License-Identifier: Apache-2.0
#include <hat/nn/linear.hpp>
#include <hat/nn/weights.hpp>

#include "support/layers.hpp"

#include <doctest/doctest.h>

#include <concepts>

TEST_SUITE("nn/weights") {
    TEST_CASE("a layer gives the same bits with either kind of weights") {
        hat::support::Layers layers(1);
        const hat::nn::Linear<hat::nn::Trainable> trainable = layers.linear(37, 19);
        const hat::nn::Linear<hat::nn::Packed> packed =
            layers.packed<hat::nn::Linear<hat::nn::Packed>>(trainable);
        const auto x = layers.variable(5, 19);
        hat::support::OwnEval own;
        const auto of_views = forward(own.eval, trainable, x, hat::Activation::swish);
        const auto of_panels = forward(own.eval, packed, x, hat::Activation::swish);
        CHECK(hat::support::same_bits(of_views.value, of_panels.value));
    }
    TEST_CASE("only trainable weights have gradients") {
        static_assert(std::same_as<hat::nn::Trainable::Vector<int>, hat::autograd::Parameter>);
        static_assert(std::same_as<hat::nn::Packed::Vector<int>, hat::ConstVector>);
    }
}
