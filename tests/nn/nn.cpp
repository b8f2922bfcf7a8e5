// SPDX-License-Identifier: Apache-2.0
#include <hat/nn/nn.hpp>

#include "support/layers.hpp"

#include <doctest/doctest.h>

TEST_SUITE("nn/nn") {
    TEST_CASE("what its description shows holds: a layer runs in a tape as in an evaluation") {
        hat::support::Layers layers(2);
        const auto weight = layers.parameter(7, 5);
        const auto bias = layers.parameter(1, 7);
        const auto x = layers.variable(3, 5);
        const hat::nn::Linear<hat::nn::Trainable> layer{weight, bias};
        hat::Arena memory;
        hat::Arena scratch;
        hat::autograd::Tape tape(memory, scratch, hat::RandomKey(1));
        const auto y = forward(tape, layer, x, hat::Activation::relu);
        hat::support::OwnEval own;
        const auto evaluated = forward(own.eval, layer, x, hat::Activation::relu);
        CHECK(y.value.rows() == 3);
        CHECK(y.value.cols() == 7);
        CHECK(hat::support::same_bits(y.value, evaluated.value));
    }
}
