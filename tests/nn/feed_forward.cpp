// SPDX-License-Identifier: Apache-2.0
#include <hat/nn/feed_forward.hpp>

#include "support/layers.hpp"

#include <doctest/doctest.h>

#include <array>

using hat::Activation;
using hat::nn::FeedForward;
using hat::nn::Packed;
using hat::nn::Trainable;
using hat::nn::Variable;
using hat::support::Layers;
using hat::support::OwnEval;
using hat::support::same_bits;

TEST_SUITE("nn/feed_forward") {
    TEST_CASE("a feed-forward layer is two linear ones with an activation between") {
        std::array first{1.0F, -1.0F};
        std::array first_bias{0.0F, 1.0F};
        std::array second{10.0F, 100.0F};
        std::array second_bias{0.5F};
        const FeedForward<Trainable> layer{
            {{{first.data(), 2, 1}, {}, nullptr}, {{first_bias.data(), 1, 2}, {}, nullptr}},
            {{{second.data(), 1, 2}, {}, nullptr}, {{second_bias.data(), 1, 1}, {}, nullptr}},
            Activation::relu};
        std::array x{3.0F, -4.0F};
        OwnEval own;
        const Variable y = forward(own.eval, layer, Variable{{x.data(), 2, 1}, nullptr}, 0.5F);
        CHECK(y.value(0, 0) == 30.5F);   // relu(3, −2) = (3, 0)
        CHECK(y.value(1, 0) == 500.5F);  // relu(−4, 5) = (0, 5)
    }

    TEST_CASE("packed weights give the same bits as trainable ones") {
        for (const Activation f : {Activation::relu, Activation::gelu, Activation::swish}) {
            Layers layers(1);
            const auto layer = layers.feed_forward(19, 37, f);
            const Variable x = layers.variable(5, 19);
            OwnEval own;
            CHECK(same_bits(
                forward(own.eval, layers.packed<FeedForward<Packed>>(layer), x, 0.5F).value,
                forward(own.eval, layer, x, 0.5F).value));
        }
    }

    TEST_CASE("hidden features are dropped in training only") {
        Layers layers(2);
        auto layer = layers.feed_forward(19, 37, Activation::relu);
        const Variable x = layers.variable(5, 19);
        OwnEval own;
        hat::autograd::Tape tape(own.memory, own.scratch, hat::RandomKey(1));
        CHECK(same_bits(forward(tape, layer, x, 0.0F).value,
                        forward(own.eval, layer, x, 0.5F).value));
        CHECK_FALSE(same_bits(forward(tape, layer, x, 0.5F).value,
                              forward(own.eval, layer, x, 0.5F).value));
    }
}
