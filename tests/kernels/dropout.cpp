// SPDX-License-Identifier: Apache-2.0
#include <hat/kernels/dropout.hpp>

#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstdint>

using hat::RandomKey;
using hat::kernels::Dropout;
using hat::support::Operand;
using hat::support::same_bits;

namespace kernels = hat::kernels;

namespace {

/// Within five standard deviations of a share of `n` independent draws.
bool is_share(int count, int n, double probability) {
    return std::abs(count - n * probability) < 5 * std::sqrt(n * probability * (1 - probability));
}

}  // namespace

TEST_SUITE("kernels/dropout") {
    TEST_CASE("an element lives with probability 1 − p and is scaled by 1/(1 − p)") {
        for (const float p : {0.1F, 0.3F, 0.5F, 0.9F}) {
            const Dropout drop(p, RandomKey(1));
            constexpr int n = 50'000;
            int dropped = 0;
            bool two_values = true;
            for (std::uint32_t i = 0; i < n; ++i) {
                const float factor = drop.factor(i);
                if (factor == 0.0F) ++dropped;
                two_values = two_values && (factor == 0.0F || factor == 1.0F / (1.0F - p));
            }
            CHECK(two_values);
            CHECK(is_share(dropped, n, static_cast<double>(p)));
        }
    }

    TEST_CASE("masks of neighbouring keys and of neighbouring elements are independent") {
        constexpr int n = 50'000;
        const RandomKey key(2);
        const Dropout first(0.3F, key.split(0));
        const Dropout second(0.3F, key.split(1));
        int both_keys = 0;
        int both_elements = 0;
        for (std::uint32_t i = 0; i < n; ++i) {
            if (first.factor(i) == 0.0F && second.factor(i) == 0.0F) ++both_keys;
            if (first.factor(2 * i) == 0.0F && first.factor(2 * i + 1) == 0.0F) ++both_elements;
        }
        CHECK(is_share(both_keys, n, 0.09));
        CHECK(is_share(both_elements, n, 0.09));
    }

    TEST_CASE("sixteen elements at once get the factors of one by one, across 2^32 too") {
        for (const std::uint32_t first : {0U, 1U, 12345U, 0xfffffff8U}) {
            for (std::uint64_t seed = 0; seed < 50; ++seed) {
                const Dropout drop(0.4F, RandomKey(seed));
                std::array<float, hat::simd::lanes> factors{};
                hat::simd::store(drop.factors(first), factors.data());
                for (std::uint32_t i = 0; i < factors.size(); ++i) {
                    REQUIRE(factors[i] == drop.factor(first + i));
                }
            }
        }
    }

    TEST_CASE("probability 0 drops nothing") {
        CHECK_FALSE(Dropout().active());
        CHECK_FALSE(Dropout(0.0F, RandomKey(3)).active());
        CHECK(Dropout(0.1F, RandomKey(3)).active());
        for (std::uint32_t i = 0; i < 100; ++i) CHECK(Dropout().factor(i) == 1.0F);
    }

    TEST_CASE("element (i, j) has the number i · cols + j, whatever the stride") {
        hat::Random random(4);
        const Dropout drop(0.5F, RandomKey(5));
        for (const int cols : {1, 7, 16, 37}) {
            const Operand x(random, 5, cols, 3);
            const Operand old(random, 5, cols, 6);
            Operand expected(5, cols);
            Operand expected_sum(5, cols);
            Operand expected_residual(5, cols);
            for (int i = 0; i < 5; ++i) {
                for (int j = 0; j < cols; ++j) {
                    const float kept =
                        x(i, j) * drop.factor(static_cast<std::uint32_t>(i * cols + j));
                    expected(i, j) = kept;
                    expected_sum(i, j) = kept + old(i, j);
                    expected_residual(i, j) = old(i, j) + kept;
                }
            }
            Operand y = old;
            kernels::dropout(drop, x.view(), y.view(), true);
            CHECK(same_bits(y.view(), expected_sum.view()));
            kernels::dropout(drop, x.view(), y.view(), false);
            CHECK(same_bits(y.view(), expected.view()));
            kernels::residual(drop, old.view(), x.view(), y.view());
            CHECK(same_bits(y.view(), expected_residual.view()));
            CHECK(y.padding_is_untouched());
            Operand in_place = x;
            kernels::dropout(drop, in_place.view(), in_place.view(), false);
            CHECK(same_bits(in_place.view(), expected.view()));
        }
    }

    TEST_CASE("add copies or adds") {
        hat::Random random(6);
        const Operand x(random, 3, 19, 2);
        const Operand old(random, 3, 19);
        Operand y = old;
        kernels::add(x.view(), y.view(), true);
        for (int j = 0; j < 19; ++j) CHECK(y(2, j) == x(2, j) + old(2, j));
        kernels::add(x.view(), y.view(), false);
        CHECK(same_bits(y.view(), x.view()));
    }
}
