// SPDX-License-Identifier: Apache-2.0
#include <hat/core/bit_cast.hpp>
#include <hat/core/fused_by_doubles.hpp>
#include <hat/core/random.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

using hat::bit_cast;
using hat::simd::detail::fma_by_doubles;
using hat::simd::detail::FourFloats;

namespace {

struct Operands {
    float a;
    float b;
    float c;
};

bool are_same(float x, float y) {
    return bit_cast<std::uint32_t>(x) == bit_cast<std::uint32_t>(y) ||
           (std::isnan(x) && std::isnan(y));
}

/// How many of four results are not those of std::fma.
int count_wrong(const std::array<Operands, 4>& of) {
    FourFloats a{};
    FourFloats b{};
    FourFloats c{};
    for (int i = 0; i < 4; ++i) {
        a[i] = of[static_cast<std::size_t>(i)].a;
        b[i] = of[static_cast<std::size_t>(i)].b;
        c[i] = of[static_cast<std::size_t>(i)].c;
    }
    const FourFloats result = fma_by_doubles(a, b, c);
    int wrong = 0;
    for (int i = 0; i < 4; ++i) wrong += are_same(result[i], std::fma(a[i], b[i], c[i])) ? 0 : 1;
    return wrong;
}

/// How many results are wrong of `n` times four operands, which `draw(random)` gives.
template <class Draw>
int count_wrong_of(int n, std::uint64_t seed, const Draw& draw) {
    hat::Random random(seed);
    int wrong = 0;
    for (int i = 0; i < n; ++i) {
        std::array<Operands, 4> of{};
        for (Operands& x : of) x = draw(random);
        wrong += count_wrong(of);
    }
    return wrong;
}

/// Any bits at all.
float any(hat::Random& random) {
    return bit_cast<float>(static_cast<std::uint32_t>(random.bits()));
}

/// A number with an exponent in `first` … `first + count − 1`, of which the lowest `zeros` bits are
/// 0.
float number(hat::Random& random, unsigned first, unsigned count, unsigned zeros = 0) {
    const std::uint64_t bits = random.bits();
    const auto sign = static_cast<std::uint32_t>(bits >> 63U) << 31U;
    const auto exponent = (first + static_cast<std::uint32_t>(bits >> 24U & 0xFFFFU) % count)
                          << 23U;
    const auto fraction = static_cast<std::uint32_t>(bits) & 0x7FFFFFU & ~0U << zeros;
    return bit_cast<float>(sign | exponent | fraction);
}

constexpr int many = 500'000;

}  // namespace

TEST_SUITE("core/fused_by_doubles") {
    TEST_CASE("any bits give what std::fma gives") {
        CHECK(count_wrong_of(many, 1, [](hat::Random& random) {
                  return Operands{any(random), any(random), any(random)};
              }) == 0);
    }

    TEST_CASE("so do sums that cancel, round and are far from each other") {
        for (const unsigned spread : {1U, 8U, 64U}) {
            CAPTURE(spread);
            CHECK(count_wrong_of(many, spread, [&](hat::Random& random) {
                      return Operands{number(random, 127 - spread / 2, spread),
                                      number(random, 127 - spread / 2, spread),
                                      number(random, 127 - spread / 2, spread)};
                  }) == 0);
        }
    }

    // Products of few bits: many sums are halfway between two floats or next to that.
    TEST_CASE("so do ties, and what a double loses beside them") {
        for (const unsigned zeros : {10U, 11U, 12U, 16U, 20U}) {
            CAPTURE(zeros);
            CHECK(count_wrong_of(many, zeros, [&](hat::Random& random) {
                      return Operands{number(random, 120, 14, zeros),
                                      number(random, 120, 14, zeros),
                                      number(random, 100, 60, zeros)};
                  }) == 0);
            // Halfway by the product; what is added decides, and is far below the last bit.
            CHECK(count_wrong_of(many, zeros, [&](hat::Random& random) {
                      return Operands{number(random, 120, 14, zeros),
                                      number(random, 120, 14, zeros), number(random, 1, 110)};
                  }) == 0);
            // The same with the product.
            CHECK(count_wrong_of(many, zeros, [&](hat::Random& random) {
                      return Operands{number(random, 20, 100), number(random, 20, 100),
                                      number(random, 120, 14)};
                  }) == 0);
        }
    }

    TEST_CASE("so do results that are denormal, and operands") {
        CHECK(count_wrong_of(many, 7, [](hat::Random& random) {
                  return Operands{number(random, 40, 30), number(random, 40, 30),
                                  number(random, 0, 30)};
              }) == 0);
        CHECK(count_wrong_of(many, 8, [](hat::Random& random) {
                  return Operands{number(random, 0, 1), number(random, 100, 60, 12),
                                  number(random, 0, 3)};
              }) == 0);
        // About half the least denormal number.
        CHECK(count_wrong_of(many, 9, [](hat::Random& random) {
                  return Operands{number(random, 50, 4, 21), number(random, 50, 4, 21),
                                  random.bits() % 2 == 0 ? 0.0F : number(random, 0, 1, 18)};
              }) == 0);
    }

    TEST_CASE("so do denormal ties that a double cannot tell from what is beside them") {
        // The product is half the least denormal number and 2⁻⁴⁶ of that more or less; the sum with
        // a larger one loses that.
        const float more = 0x1p-75F * (1.0F + 0x1p-23F);
        const float less = 0x1p-75F * (1.0F - 0x1p-23F);
        CHECK(count_wrong_of(many, 11, [&](hat::Random& random) {
                  const float c = number(random, 0, 1);
                  return random.bits() % 2 == 0 ? Operands{more, less, c}
                                                : Operands{more, 0x1p-75F, c};
              }) == 0);
    }

    TEST_CASE("so do sums about the largest number") {
        CHECK(count_wrong_of(many, 10, [](hat::Random& random) {
                  return Operands{number(random, 185, 8), number(random, 185, 8),
                                  number(random, 225, 30)};
              }) == 0);
        const float largest = 0x1.FFFFFEp127F;
        const float half = 0x1p102F;  // half a last place above it
        CHECK(count_wrong({{{1.0F, largest, half},
                            {1.0F, largest, std::nextafter(half, 0.0F)},
                            {-1.0F, largest, -half},
                            {0x1p51F, 0x1p51F, largest}}}) == 0);
    }

    TEST_CASE("zeros have their signs, and infinities are not made to be no numbers") {
        constexpr std::array special{0.0F,      -0.0F,     1.0F,      -1.0F,    INFINITY,
                                     -INFINITY, 0x1p-149F, 0x1p-100F, 0x1p127F, NAN};
        // That sums are rounded to odd because of another one must not change them.
        const Operands halfway{1.0F + 0x1p-12F, 1.0F + 0x1p-12F, -0x1p-60F};
        for (const float a : special) {
            for (const float b : special) {
                for (const float c : special) {
                    CAPTURE(a);
                    CAPTURE(b);
                    CAPTURE(c);
                    CHECK(count_wrong({{{a, b, c}, {b, a, -c}, halfway, {-a, b, c}}}) == 0);
                }
            }
        }
    }

    TEST_CASE("one of four that is halfway does not disturb the others") {
        const float a = 1.0F + 0x1p-12F;  // a · a is halfway between two floats
        for (const float c : {-0x1p-60F, 0x1p-60F, 0.0F, -0x1p-149F}) {
            CHECK(count_wrong(
                      {{{a, a, c}, {0.1F, 0.3F, -0.7F}, {3.0F, -2.0F, 6.0F}, {-a, a, c}}}) == 0);
        }
    }
}
