// SPDX-License-Identifier: Apache-2.0
#include <hat/integer/fixed_point.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

using namespace hat::integer;

namespace {

// Halves go up, whatever the sign.
static_assert(round_shift(5, 1) == 3);
static_assert(round_shift(-5, 1) == -2);
static_assert(round_shift(-6, 2) == -1);
static_assert(round_shift(7, 0) == 7);
static_assert(round_shift(std::int64_t{1} << 60, 62) == 0);
static_assert(round_shift(-1, 61) == 0);

static_assert(saturate<std::int8_t>(-1000) == -127);
static_assert(saturate<std::int16_t>(40000) == 32767);
static_assert(saturate<std::int16_t>(-32768) == -32767);

static_assert(Factor::of(1).mantissa == 32768);
static_assert(Factor::of(1).shift == 15);
static_assert(Factor::of(0).mantissa == 0);

static_assert(Scale::from_word(Scale{-4194304, 22}.word()).mantissa == -4194304);
static_assert(Scale::from_word(Scale{-4194304, 22}.word()).shift == 22);
static_assert(Scale::from_word(Scale{8388607, -96}.word()).shift == -96);
static_assert(Scale::from_word(Scale{8388607, 159}.word()).shift == 159);

constexpr Scale three_quarters{6291456, 23};
static_assert(scaled(4, three_quarters) == 3);
static_assert(scaled(2, three_quarters) == 2);    // 1.5
static_assert(scaled(-2, three_quarters) == -1);  // −1.5
static_assert(scaled(1 << 20, Scale{1 << 22, 22}) == 1 << 20);
// What has no room is the largest there is.
static_assert(scaled(1 << 20, Scale{1 << 22, 4}) == std::numeric_limits<std::int32_t>::max());
static_assert(scaled(-5, Scale{1 << 22, -40}) == -std::numeric_limits<std::int32_t>::max());
static_assert(scaled(0, Scale{1 << 22, -40}) == 0);
static_assert(scaled(3, Scale{1, -2}) == 12);

}  // namespace

TEST_SUITE("integer/fixed_point") {
    TEST_CASE("a factor is as large as its integer: exactly up to 16 bits") {
        for (std::uint32_t x = 1; x < 65536; ++x) {
            const Factor factor = Factor::of(x);
            REQUIRE(factor.mantissa / 32768 == 1);
            REQUIRE(std::ldexp(factor.mantissa, -factor.shift) == x);
        }
        const Factor large = Factor::of(0x8000ffffU);
        CHECK(large.mantissa == 0x8000);
        CHECK(large.shift == -16);
    }

    TEST_CASE("a scale times a factor loses less than its last bit but one") {
        for (const std::int32_t mantissa : {4194304, 8388607, -5000001}) {
            for (const std::uint32_t x : {1U, 3U, 257U, 32767U, 65535U}) {
                const Scale product = Scale{mantissa, 30} * Factor::of(x);
                const double exact = std::ldexp(static_cast<double>(mantissa) * x, -30);
                const double found = std::ldexp(product.mantissa, -product.shift);
                CHECK(std::abs(found / exact - 1) < std::ldexp(1.0, -20));
            }
        }
    }

    TEST_CASE("numbers are scaled to the nearest") {
        for (int shift = 0; shift < 60; ++shift) {
            for (const std::int32_t x : {-2147483647, -99999, -1, 0, 1, 12345, 2147483647}) {
                const Scale scale{7654321, shift};
                const double exact =
                    std::floor(std::ldexp(static_cast<double>(x) * scale.mantissa, -shift) + 0.5);
                const double most = std::numeric_limits<std::int32_t>::max();
                CHECK(scaled(x, scale) == std::clamp(exact, -most, most));
            }
        }
    }

    TEST_CASE("roots are rounded down") {
        for (std::uint64_t x = 0; x < 100'000; ++x) {
            const std::uint64_t root = square_root(x);
            REQUIRE(root * root <= x);
            REQUIRE((root + 1) * (root + 1) > x);
        }
        CHECK(square_root(std::numeric_limits<std::uint64_t>::max()) == 0xffffffffU);
        CHECK(square_root(0xfffffffe00000001U) == 0xffffffffU);
        CHECK(square_root(0xfffffffe00000000U) == 0xfffffffeU);
    }

    TEST_CASE("an inverse root is right to 2^-15") {
        const auto error = [](std::uint64_t x) {
            const Factor found = inverse_square_root(x);
            REQUIRE(found.mantissa / 32768 == 1);
            return std::abs(
                std::ldexp(found.mantissa, -found.shift) * std::sqrt(static_cast<double>(x)) - 1);
        };
        for (std::uint64_t x = 1; x < 100'000; ++x) REQUIRE(error(x) < std::ldexp(1.0, -15));
        for (int i = 0; i < 64; ++i) {
            const std::uint64_t power = std::uint64_t{1} << static_cast<unsigned>(i);
            CHECK(error(power) < std::ldexp(1.0, -15));
            CHECK(error(power - 1 + power) < std::ldexp(1.0, -15));
        }
    }
}
