// SPDX-License-Identifier: Apache-2.0
#include <hat/kernels/activation.hpp>

#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>

using hat::Activation;
using hat::support::Doubles;
using hat::support::Operand;
using hat::support::relative_error;

namespace kernels = hat::kernels;
namespace reference = hat::support::reference;

namespace {

constexpr std::array all{Activation::linear,    Activation::relu, Activation::gelu,
                         Activation::gelu_tanh, Activation::tanh, Activation::swish};

/// The error function and tanh are good to 5e-7; their factor x/2 and the roundings behind them
/// are counted by the size of the result or of x.
constexpr double tolerance = 1e-6;

}  // namespace

TEST_SUITE("kernels/activation") {
    TEST_CASE("every activation equals its definition in double precision") {
        Operand x(1, 1601);
        for (int j = 0; j <= 1600; ++j) x(0, j) = static_cast<float>(j - 800) / 100.0F;
        for (const Activation f : all) {
            CAPTURE(static_cast<int>(f));
            Operand y(1, 1601);
            kernels::activation(f, x.view(), y.view());
            double worst = 0;
            for (int j = 0; j <= 1600; ++j) {
                const auto at = static_cast<double>(x(0, j));
                const double error = static_cast<double>(y(0, j)) - reference::activation(f, at);
                worst = std::max(worst, std::abs(error) / std::max(1.0, std::abs(at)));
            }
            CHECK(worst < tolerance);
        }
    }

    TEST_CASE("every slope equals the finite difference of its activation") {
        Operand x(1, 1600);
        for (int j = 0; j < 1600; ++j) x(0, j) = (static_cast<float>(j) - 799.5F) / 100.0F;
        const Operand ones(1, 1600, 0, 1.0F);
        for (const Activation f : all) {
            CAPTURE(static_cast<int>(f));
            Operand slope(1, 1600);
            kernels::activation_backward(f, x.view(), ones.view(), slope.view(), false);
            double worst = 0;
            for (int j = 0; j < 1600; ++j) {
                const auto at = static_cast<double>(x(0, j));
                const double expected =
                    (reference::activation(f, at + 1e-5) - reference::activation(f, at - 1e-5)) /
                    2e-5;
                worst = std::max(worst, std::abs(static_cast<double>(slope(0, j)) - expected));
            }
            CHECK(worst < 2 * tolerance);  // products of two such functions
        }
    }

    TEST_CASE("far from 0 every activation has reached its limit") {
        Operand x(1, 2);
        x(0, 0) = -1000;
        x(0, 1) = 1000;
        for (const Activation f :
             {Activation::relu, Activation::gelu, Activation::gelu_tanh, Activation::swish}) {
            Operand y(1, 2);
            kernels::activation(f, x.view(), y.view());
            CHECK(std::abs(y(0, 0)) < 1e-30F);
            CHECK(y(0, 1) == doctest::Approx(1000).epsilon(1e-6));
            const Operand ones(1, 2, 0, 1.0F);
            kernels::activation_backward(f, x.view(), ones.view(), y.view(), false);
            CHECK(y(0, 0) == doctest::Approx(0).epsilon(1e-6));
            CHECK(y(0, 1) == doctest::Approx(1).epsilon(1e-6));
        }
    }

    TEST_CASE("the slope of relu at 0 is 0") {
        const Operand x(1, 3);
        const Operand dy(1, 3, 0, 2.0F);
        Operand dx(1, 3, 0, 1.0F);
        kernels::activation_backward(Activation::relu, x.view(), dy.view(), dx.view(), false);
        for (int j = 0; j < 3; ++j) CHECK(dx(0, j) == 0.0F);
    }

    TEST_CASE("rows of any width and stride, in place, touching nothing between them") {
        hat::Random random(1);
        for (int cols = 1; cols <= 35; ++cols) {
            const Operand x(random, 3, cols, 5);
            Operand y(3, cols, 2);
            kernels::activation(Activation::swish, x.view(), y.view());
            CHECK(y.padding_is_untouched());
            Operand alone(1, 1);
            for (int i = 0; i < 3; ++i) {
                kernels::activation(Activation::swish,
                                    x.view().middle_rows(i, 1).middle_cols(cols - 1, 1),
                                    alone.view());
                CHECK(alone(0, 0) == y(i, cols - 1));
            }
            Operand in_place = x;
            kernels::activation(Activation::swish, in_place.view(), in_place.view());
            CHECK(hat::support::same_bits(in_place.view(), y.view()));
        }
    }

    TEST_CASE("the backward pass multiplies by the slope and adds where told to") {
        hat::Random random(2);
        for (const Activation f : all) {
            CAPTURE(static_cast<int>(f));
            const Operand x(random, 4, 21, 3);
            const Operand dy(random, 4, 21, 1);
            const Operand old(random, 4, 21, 6);
            Operand dx = old;
            kernels::activation_backward(f, x.view(), dy.view(), dx.view(), true);
            CHECK(dx.padding_is_untouched());
            Doubles point(x);
            const Doubles up(dy);
            const Doubles slope = hat::support::finite_differences(point, [&] {
                double loss = 0;
                for (std::size_t i = 0; i < point.data.size(); ++i) {
                    loss += up.data[i] * reference::activation(f, point.data[i]);
                }
                return loss;
            });
            CHECK(relative_error(dx.view(), slope + Doubles(old)) < 2 * tolerance);
            kernels::activation_backward(f, x.view(), dy.view(), dx.view(), false);
            CHECK(relative_error(dx.view(), slope) < 2 * tolerance);
        }
    }

    TEST_CASE("for relu and tanh the output tells the slope") {
        hat::Random random(3);
        for (const Activation f : {Activation::relu, Activation::tanh}) {
            for (const int cols : {1, 16, 35}) {
                const Operand x(random, 3, cols, 2);
                const Operand dy(random, 3, cols, 1);
                Operand y(3, cols, 4);
                kernels::activation(f, x.view(), y.view());
                Operand expected(3, cols);
                kernels::activation_backward(f, x.view(), dy.view(), expected.view(), false);
                Operand dx = dy;
                kernels::activation_backward_from_output(f, y.view(), dx.view());
                CHECK(hat::support::same_bits(dx.view(), expected.view()));
                CHECK(dx.padding_is_untouched());
            }
        }
    }
}
