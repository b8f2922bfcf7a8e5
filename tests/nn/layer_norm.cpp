// SPDX-License-Identifier: Apache-2.0
#include <hat/nn/layer_norm.hpp>

#include "support/layers.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>

using hat::nn::LayerNorm;
using hat::nn::Packed;
using hat::nn::Trainable;
using hat::nn::Variable;
using hat::support::Layers;
using hat::support::OwnEval;
using hat::support::same_bits;

TEST_SUITE("nn/layer_norm") {
    TEST_CASE("a norm of two features is ± 1 but for ε, then gain and bias") {
        std::array gain{2.0F, 3.0F};
        std::array bias{10.0F, 20.0F};
        std::array x{1.0F, 5.0F};
        const LayerNorm<Trainable> norm{{{gain.data(), 1, 2}, {}, nullptr},
                                        {{bias.data(), 1, 2}, {}, nullptr}};
        OwnEval own;
        const Variable in{{x.data(), 1, 2}, nullptr};
        const double unit = 2.0 / std::sqrt(4.0 + 1e-5);  // (5 − 3) / √(variance + ε)
        const Variable y = forward(own.eval, norm, in);
        CHECK(static_cast<double>(y.value(0, 0)) == doctest::Approx(10.0 - 2.0 * unit));
        CHECK(static_cast<double>(y.value(0, 1)) == doctest::Approx(20.0 + 3.0 * unit));

        // x + x has twice the deviation.
        const double twice = 4.0 / std::sqrt(16.0 + 1e-5);
        const Variable z = add_and_norm(own.eval, norm, 0.0F, in, in);
        CHECK(static_cast<double>(z.value(0, 0)) == doctest::Approx(10.0 - 2.0 * twice));
    }

    TEST_CASE("packed weights give the same bits as trainable ones") {
        Layers layers(1);
        for (const int dim : {1, 16, 37}) {
            const auto norm = layers.norm(dim);
            const auto packed = layers.packed<LayerNorm<Packed>>(norm);
            const Variable x = layers.variable(5, dim);
            const Variable branch = layers.variable(5, dim);
            OwnEval own;
            CHECK(same_bits(forward(own.eval, packed, x).value, forward(own.eval, norm, x).value));
            CHECK(same_bits(add_and_norm(own.eval, packed, 0.3F, x, branch).value,
                            add_and_norm(own.eval, norm, 0.3F, x, branch).value));
        }
    }
}
