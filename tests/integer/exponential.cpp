// SPDX-License-Identifier: Apache-2.0
#include <hat/integer/exponential.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

using namespace hat::integer;

namespace {

constexpr double one = 1 << power_bits;
constexpr double log_unit = 1 << log_bits;

static_assert(power(0) == 1U << power_bits);
static_assert(power(-1 << log_bits) == 1U << (power_bits - 1));
static_assert(power(-100 << log_bits) == 0);
static_assert(logarithm(1) == 0);
static_assert(logarithm(1024) == 10 << log_bits);
static_assert(logarithm(std::uint64_t{1} << 63U) == 63 << log_bits);

// Where the compiler would see that a number runs over.
constexpr std::int32_t sum_of_equals(std::int32_t x, int count) {
    LogSum sum;
    for (int i = 0; i < count; ++i) sum.add(x);
    return sum.value();
}
constexpr std::int32_t largest = std::numeric_limits<std::int32_t>::max();
static_assert(sum_of_equals(largest, 1) >= largest - 2);
static_assert(sum_of_equals(largest, 1000) == largest);
static_assert(sum_of_equals(-largest, 1) <= -largest + 2);
static_assert(sum_of_equals(-largest, 2) <= -largest + 2 + (1 << log_bits));

}  // namespace

TEST_SUITE("integer/exponential") {
    TEST_CASE("the numbers of the tables are those that are nearest, or next to them") {
        for (int i = 0; i <= 64; ++i) {
            CHECK(std::abs(detail::powers[static_cast<std::size_t>(i)] -
                           std::exp2(i / 64.0) * one) <= 4);
            CHECK(std::abs(detail::logarithms[static_cast<std::size_t>(i)] -
                           std::log2(1 + i / 64.0) * log_unit) <= 0.51);
        }
    }

    TEST_CASE("powers of all fractions are at most 1.6e-5 of themselves too large") {
        double most = 0;
        double least = 0;
        for (std::uint32_t f = 0; f < 1U << log_bits; ++f) {
            const double error = power_of_fraction(f) / (std::exp2(f / log_unit) * one) - 1;
            most = std::max(most, error);
            least = std::min(least, error);
        }
        CHECK(most < 1.6e-5);
        CHECK(least > -2e-8);
    }

    TEST_CASE("powers grow with their exponents, down to nothing") {
        std::uint32_t last = 0;
        for (std::int32_t x = -30 * (1 << log_bits); x <= 0; ++x) {
            const std::uint32_t now = power(x);
            REQUIRE(now >= last);
            last = now;
        }
        CHECK(power(-27 << log_bits) == 1);
    }

    TEST_CASE("logarithms are at most 6.2e-5 too small or 7.5e-6 too large") {
        double most = 0;
        double least = 0;
        const auto note = [&](std::uint64_t x) {
            const double error = logarithm(x) / log_unit - std::log2(static_cast<double>(x));
            most = std::max(most, error);
            least = std::min(least, error);
        };
        for (std::uint64_t x = 1; x < 1U << 21U; ++x) note(x);
        for (std::uint64_t x = 1; x < 1U << 21U; x += 997) note(x << 42U);
        CHECK(most < 7.5e-6);
        CHECK(least > -6.2e-5);
    }

    TEST_CASE("a sum of powers is that of its numbers in any order, to 1e-4") {
        const std::int32_t numbers[] = {-70000, 3 << log_bits, 123456, -5 << log_bits, 150000, 0};
        LogSum up;
        LogSum down;
        double exact = 0;
        for (int i = 0; i < 6; ++i) {
            up.add(numbers[i]);
            down.add(numbers[5 - i]);
            exact += std::exp2(numbers[i] / log_unit);
        }
        CHECK(std::abs(up.value() / log_unit - std::log2(exact)) < 1e-4);
        CHECK(std::abs(down.value() / log_unit - std::log2(exact)) < 1e-4);
        LogSum alone;
        alone.add(-12345678);
        CHECK(std::abs(alone.value() + 12345678) <= 2);
    }

    TEST_CASE("a long tail of small numbers counts") {
        LogSum sum;
        sum.add(0);
        for (int i = 0; i < 10'000; ++i) sum.add(-17 << log_bits);
        const double exact = std::log2(1 + 10'000 * std::exp2(-17));
        CHECK(std::abs(sum.value() / log_unit - exact) < 1e-4);
    }

    TEST_CASE("numbers that differ by more than any power count as the larger one") {
        LogSum sum;
        sum.add(-1'000'000'000);
        sum.add(1'000'000'000);
        sum.add(-2'000'000'000);
        CHECK(std::abs(sum.value() - 1'000'000'000) <= 4);
    }
}
