// SPDX-License-Identifier: Apache-2.0
#include <hat/core/bfloat16.hpp>
#include <hat/core/random.hpp>

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

using hat::bfloat16_to_float;
using hat::float_to_bfloat16;

static_assert(bfloat16_to_float(0x3F80) == 1.0F);
static_assert(bfloat16_to_float(0xC2F7) == -123.5F);

TEST_SUITE("core/bfloat16") {
    TEST_CASE("every bfloat16 is the upper half of its float, and back") {
        for (std::uint32_t bits = 0; bits < 0x1'0000; ++bits) {
            const auto half = static_cast<std::uint16_t>(bits);
            const float value = bfloat16_to_float(half);
            CHECK(std::bit_cast<std::uint32_t>(value) == bits << 16);
            if (std::isnan(value))
                CHECK(std::isnan(bfloat16_to_float(float_to_bfloat16(value))));
            else
                CHECK(float_to_bfloat16(value) == half);
        }
    }

    TEST_CASE("a float goes to the nearest, and to the even one of two that are as near") {
        CHECK(float_to_bfloat16(1.0F + 0x1p-8F) == 0x3F80);
        CHECK(float_to_bfloat16(1.0F + 3 * 0x1p-8F) == 0x3F82);
        CHECK(float_to_bfloat16(1.0F + 0x1.02p-8F) == 0x3F81);
        CHECK(float_to_bfloat16(std::numeric_limits<float>::max()) == 0x7F80);
        hat::Random random(1);
        for (int i = 0; i < 10000; ++i) {
            const float x = static_cast<float>(random.normal());
            const auto half = float_to_bfloat16(x);
            const double error = std::abs(double{x} - double{bfloat16_to_float(half)});
            for (const int step : {-1, 1}) {
                const float other = bfloat16_to_float(static_cast<std::uint16_t>(half + step));
                CHECK(error <= std::abs(double{x} - double{other}));
            }
        }
    }
}
