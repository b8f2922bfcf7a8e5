// SPDX-License-Identifier: Apache-2.0
#include <hat/kernels/softmax.hpp>

#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

using hat::support::Doubles;
using hat::support::Operand;

namespace kernels = hat::kernels;

namespace {

/// exp is good to 2 ULP, its argument is rounded once, and the normalisation adds two roundings.
constexpr double tolerance = 6e-7;

}  // namespace

TEST_SUITE("kernels/softmax") {
    TEST_CASE("softmax equals its definition for every width") {
        hat::Random random(1);
        for (int n = 1; n <= 50; ++n) {
            for (const float scale : {1.0F, 0.125F}) {
                CAPTURE(n);
                const Operand x(random, 1, n, 0, 3.0);
                Operand y(1, n, 4);
                kernels::row_softmax(x.view().data(), n, scale, y.view().data());
                Doubles expected(x);
                for (auto& v : expected.data) v *= static_cast<double>(scale);
                hat::support::reference::softmax_row(expected, 0, n);
                CHECK(relative_error(y.view(), expected) < tolerance);
                CHECK(y.padding_is_untouched());
                Operand in_place = x;
                kernels::row_softmax(in_place.view().data(), n, scale, in_place.view().data());
                CHECK(hat::support::same_bits(in_place.view(), y.view()));
            }
        }
    }

    TEST_CASE("large numbers of either sign do not overflow") {
        Operand x(1, 20, 0, -5000.0F);
        x(0, 3) = 5000.0F;
        x(0, 17) = 5000.0F;
        Operand y(1, 20);
        kernels::row_softmax(x.view().data(), 20, 1.0F, y.view().data());
        for (int j = 0; j < 20; ++j) CHECK(y(0, j) == (j == 3 || j == 17 ? 0.5F : 0.0F));
    }

    TEST_CASE("what is −∞ gets nothing") {
        Operand x(1, 3, 0, 1.0F);
        x(0, 1) = -std::numeric_limits<float>::infinity();
        kernels::row_softmax(x.view().data(), 3, 1.0F, x.view().data());
        CHECK(x(0, 0) == 0.5F);
        CHECK(x(0, 1) == 0.0F);
        CHECK(x(0, 2) == 0.5F);
    }

    TEST_CASE("the largest of negative numbers is found at any place") {
        for (int n = 1; n <= 40; ++n) {
            for (int place = 0; place < n; ++place) {
                Operand x(1, n, 3, -7.0F);
                x(0, place) = -6.5F;
                REQUIRE(kernels::row_max(x.view().data(), n) == -6.5F);
            }
        }
    }

    TEST_CASE("row_exp gives exponentials and their sum") {
        hat::Random random(2);
        for (const int n : {1, 16, 35}) {
            const Operand x(random, 1, n);
            Operand y(1, n, 1);
            const float sum = kernels::row_exp(x.view().data(), n, 0.5F, 0.25F, y.view().data());
            Doubles expected(x);
            double total = 0;
            for (auto& v : expected.data) total += v = std::exp(0.5 * v - 0.25);
            CHECK(relative_error(y.view(), expected) < tolerance);
            CHECK(std::abs(static_cast<double>(sum) / total - 1) < tolerance);
            CHECK(y.padding_is_untouched());
        }
    }

    TEST_CASE("log equals that of the C library to 2 ULP") {
        for (const float x : {1e-30F, 0.1F, 0.999F, 1.0F, 1.001F, 2.0F, 12345.0F, 1e30F}) {
            const double expected = std::log(static_cast<double>(x));
            CHECK(std::abs(static_cast<double>(kernels::log(x)) - expected) <=
                  4 * hat::support::float_rounding * std::max(std::abs(expected), 1e-3));
        }
    }
}
