// SPDX-License-Identifier: Apache-2.0
#include <hat/io/half.hpp>

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>

using hat::io::half_to_float;

static_assert(half_to_float(0x3C00) == 1.0F);
static_assert(half_to_float(0xC000) == -2.0F);
static_assert(half_to_float(0x7BFF) == 65504.0F);
static_assert(half_to_float(0x0001) == 0x1p-24F);

TEST_SUITE("io/half") {
    TEST_CASE("every half has the value that its bits say") {
        for (std::uint32_t bits = 0; bits < 0x1'0000; ++bits) {
            const float value = half_to_float(static_cast<std::uint16_t>(bits));
            const int exponent = static_cast<int>((bits >> 10) & 0x1FU);
            const double fraction = bits & 0x3FFU;
            CHECK(std::signbit(value) == (bits >> 15 != 0));
            if (exponent == 31) {
                CHECK((fraction == 0 ? std::isinf(value) : std::isnan(value)));
                continue;
            }
            const double expected = exponent == 0 ? std::ldexp(fraction, -24)
                                                  : std::ldexp(1024 + fraction, exponent - 25);
            CHECK(std::fabs(double{value}) == expected);
        }
    }
}
