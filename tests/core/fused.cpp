// SPDX-License-Identifier: Apache-2.0
#include <hat/core/fused.hpp>
#include <hat/core/random.hpp>

#include <doctest/doctest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

using hat::fused_multiply_add;

namespace {

struct Case {
    float a;
    float b;
    float c;
    float result;
};

/// Numbers of all signs, with exponents near each other, so that sums cancel and round.
constexpr float number(hat::Random& random) {
    const std::uint64_t bits = random.bits();
    const auto sign = static_cast<std::uint32_t>(bits & 1U);
    const auto exponent = static_cast<std::uint32_t>(100 + (bits >> 1U) % 50);
    const auto fraction = static_cast<std::uint32_t>(bits >> 40U) & 0x7FFFFFU;
    return std::bit_cast<float>(sign << 31U | exponent << 23U | fraction);
}

constexpr std::array<Case, 300> made_by_the_compiler() {
    std::array<Case, 300> cases{};
    hat::Random random(1);
    for (Case& x : cases) {
        x = {number(random), number(random), number(random), 0.0F};
        x.result = fused_multiply_add(x.a, x.b, x.c);
    }
    return cases;
}

}  // namespace

TEST_SUITE("core/fused") {
    TEST_CASE("the compiler computes the bits of std::fma") {
        constexpr auto cases = made_by_the_compiler();
        int differs_from_two_roundings = 0;
        for (const Case& x : cases) {
            CHECK(x.result == std::fma(x.a, x.b, x.c));
            const float product = x.a * x.b;
            differs_from_two_roundings += x.result != product + x.c ? 1 : 0;
        }
        CHECK(differs_from_two_roundings > 10);
    }

    TEST_CASE("what a double cannot hold is not rounded twice") {
        // a · a = 1 + 2⁻¹¹ + 2⁻²⁴ is halfway between two floats; 2⁻⁶⁰ decides, and is lost in a
        // double.
        constexpr float a = 1.0F + 0x1p-12F;
        static_assert(fused_multiply_add(a, a, -0x1p-60F) == 1.0F + 0x1p-11F);
        static_assert(fused_multiply_add(a, a, 0x1p-60F) == 1.0F + 0x1p-11F + 0x1p-23F);
        static_assert(fused_multiply_add(-a, a, 0x1p-60F) == -1.0F - 0x1p-11F);
        static_assert(fused_multiply_add(1.0F, 0x1p-24F, 1.0F) == 1.0F);  // a tie, to even
        static_assert(fused_multiply_add(-3.0F, 2.0F, 6.0F) == 0.0F);
        CHECK(fused_multiply_add(a, a, 0x1p-60F) == 1.0F + 0x1p-11F + 0x1p-23F);
    }
}
