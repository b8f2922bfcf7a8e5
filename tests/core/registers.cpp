// SPDX-License-Identifier: Apache-2.0
#include <hat/core/registers.hpp>

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

using hat::simd::Floats;
using hat::simd::Words;
namespace detail = hat::simd::detail;

namespace {

constexpr std::size_t size = Floats::size;

struct Numbers {
    float of[size];

    explicit Numbers(Floats x) { x.store_unaligned(of); }
};

std::uint32_t bits(float x) {
    return std::bit_cast<std::uint32_t>(x);
}

/// first, first + step, …
Floats counting(float first, float step) {
    float x[size];
    for (std::size_t i = 0; i < size; ++i) x[i] = first + step * static_cast<float>(i);
    return Floats::load_unaligned(x);
}

}  // namespace

TEST_SUITE("core/registers") {
    TEST_CASE("a register has every number it was filled with, minus zero too") {
        for (const float x : {1.5F, -0.0F, 0.0F, INFINITY})
            for (const float lane : Numbers(Floats(x)).of) CHECK(bits(lane) == bits(x));
    }

    TEST_CASE("operations on registers are those on each number") {
        const Floats a = counting(-2.3F, 0.7F);
        const Floats b = counting(1.9F, -0.9F);
        const Numbers x(a);
        const Numbers y(b);
        const Numbers sum(a + b);
        const Numbers difference(a - b);
        const Numbers product(detail::multiply(a, b));
        const Numbers quotient(detail::divide(a, b));
        const Numbers largest(detail::max(a, b));
        const Numbers least(detail::min(a, b));
        const Numbers size_of(detail::abs(a));
        const Numbers root(detail::sqrt(detail::abs(a)));
        const Numbers fused(detail::fma(a, b, a));
        const Numbers chosen(detail::select_less(a, b, Floats(1.0F), b));
        const unsigned greater = detail::greater_bits(a, b);
        for (std::size_t i = 0; i < size; ++i) {
            CAPTURE(i);
            CHECK(sum.of[i] == x.of[i] + y.of[i]);
            CHECK(difference.of[i] == x.of[i] - y.of[i]);
            CHECK(product.of[i] == x.of[i] * y.of[i]);
            CHECK(quotient.of[i] == x.of[i] / y.of[i]);
            CHECK(largest.of[i] == std::fmax(x.of[i], y.of[i]));
            CHECK(least.of[i] == std::fmin(x.of[i], y.of[i]));
            CHECK(size_of.of[i] == std::fabs(x.of[i]));
            CHECK(root.of[i] == std::sqrt(std::fabs(x.of[i])));
            CHECK(fused.of[i] == std::fma(x.of[i], y.of[i], x.of[i]));
            CHECK(chosen.of[i] == (x.of[i] < y.of[i] ? 1.0F : y.of[i]));
            CHECK((greater >> i & 1U) == (x.of[i] > y.of[i] ? 1U : 0U));
        }
        CHECK((greater >> size) == 0U);
    }

    TEST_CASE("nothing is greater than what is not a number") {
        CHECK(detail::greater_bits(Floats(1.0F), Floats(NAN)) == 0);
        CHECK(detail::greater_bits(Floats(NAN), Floats(1.0F)) == 0);
    }

    TEST_CASE("of a number and what is not one, max and min give the second") {
        for (const float x : Numbers(detail::max(Floats(NAN), Floats(1.0F))).of) CHECK(x == 1.0F);
        for (const float x : Numbers(detail::min(Floats(NAN), Floats(1.0F))).of) CHECK(x == 1.0F);
        for (const float x : Numbers(detail::max(Floats(1.0F), Floats(NAN))).of)
            CHECK(std::isnan(x));
        for (const float x : Numbers(detail::min(Floats(1.0F), Floats(NAN))).of)
            CHECK(std::isnan(x));
    }

    TEST_CASE("words wrap around, shift in zeros and compare without sign") {
        std::uint32_t x[size];
        std::uint32_t y[size];
        for (std::size_t i = 0; i < size; ++i) {
            x[i] = 0x9e3779b9U * static_cast<std::uint32_t>(i + 1);
            y[i] = 0x85ebca6bU * static_cast<std::uint32_t>(i * i + 3);
        }
        const Words a = Words::load_unaligned(x);
        const Words b = Words::load_unaligned(y);
        const auto check = [&](Words found, const auto& expected) {
            alignas(64) std::uint32_t words[size];
            found.store_aligned(words);
            for (std::size_t i = 0; i < size; ++i) CHECK(words[i] == expected(x[i], y[i]));
        };
        using Word = std::uint32_t;
        check(a + b, [](Word p, Word q) { return p + q; });
        check(a - b, [](Word p, Word q) { return p - q; });
        check(a * b, [](Word p, Word q) { return p * q; });
        check(a & b, [](Word p, Word q) { return p & q; });
        check(a | b, [](Word p, Word q) { return p | q; });
        check(a ^ b, [](Word p, Word q) { return p ^ q; });
        check(a << 5, [](Word p, Word /*q*/) { return p << 5U; });
        check(a >> 23, [](Word p, Word /*q*/) { return p >> 23U; });
        check(detail::value_if_at_least(a, b, Words(7U)),
              [](Word p, Word q) { return p >= q ? 7U : 0U; });
        check(detail::value_if_at_least(a, a, b), [](Word /*p*/, Word q) { return q; });
        check(detail::as_words(detail::as_floats(a)), [](Word p, Word /*q*/) { return p; });
    }
}
