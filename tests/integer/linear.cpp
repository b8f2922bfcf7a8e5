// SPDX-License-Identifier: Apache-2.0
#include <hat/integer/linear.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

using namespace hat::integer;

namespace {

constexpr Scale one{1 << 22, 22};

/// Two outputs of three inputs.
constexpr std::array<std::int8_t, 6> weight{1, 2, 3, -127, 0, 127};
constexpr std::array<std::int32_t, 2> scales{one.word(), Scale{1 << 22, 23}.word()};
constexpr std::array<std::int32_t, 2> bias{100, -7};
constexpr Linear<Constants> layer{{weight.data(), 2, 3}, {scales.data(), 2}, {bias.data(), 2}};

constexpr auto outputs = [] {
    constexpr std::array<std::int16_t, 3> x{127, -64, 0};
    std::array<std::int16_t, 3> bytes{};
    std::array<std::int16_t, 2> y{};
    Row row = quantise_row(x.data(), 3, bytes.data());
    row.factor = Factor::of(2);
    forward(layer, row, y.data());
    return y;
}();
static_assert(outputs[0] == 2 * (127 - 2 * 64) + 100);
static_assert(outputs[1] == -127 * 127 - 7);  // times 2, times ½

}  // namespace

TEST_SUITE("integer/linear") {
    TEST_CASE("the largest number of a row becomes 127, whatever it is") {
        for (int largest = 1; largest <= 32767; ++largest) {
            const std::array<std::int16_t, 3> x{static_cast<std::int16_t>(largest),
                                                static_cast<std::int16_t>(-largest),
                                                static_cast<std::int16_t>(largest / 3)};
            std::array<std::int16_t, 3> to{};
            const Row row = quantise_row(x.data(), 3, to.data());
            REQUIRE(to[0] == 127);
            REQUIRE(to[1] == -127);
            REQUIRE(std::abs(to[2] - largest / 3 * 127.0 / largest) <= 0.51);
            REQUIRE(std::ldexp(row.factor.mantissa, -row.factor.shift) == largest);
        }
    }

    TEST_CASE("a row of zeros is one") {
        const std::array<std::int16_t, 2> x{};
        std::array<std::int16_t, 2> to{1, 1};
        const Row row = quantise_row(x.data(), 2, to.data());
        CHECK(to == std::array<std::int16_t, 2>{});
        CHECK(row.factor.mantissa == 0);
    }

    TEST_CASE("sums of products are exact") {
        std::array<std::int8_t, 1000> a{};
        std::array<std::int16_t, 1000> b{};
        std::int64_t exact = 0;
        for (std::size_t i = 0; i < a.size(); ++i) {
            a[i] = static_cast<std::int8_t>(static_cast<int>(i * 37 % 255) - 127);
            b[i] = static_cast<std::int16_t>(static_cast<int>(i * 91 % 255) - 127);
            exact += std::int64_t{a[i]} * b[i];
        }
        CHECK(dot(a.data(), b.data(), 1000) == exact);
        std::fill(a.begin(), a.end(), std::int8_t{127});
        std::fill(b.begin(), b.end(), std::int16_t{127});
        CHECK(dot(a.data(), b.data(), 1000) == 127 * 127 * 1000);
    }

    TEST_CASE("outputs that do not fit are the largest that do, also in 8 bits") {
        const std::array<std::int16_t, 3> x{127, 127, 127};
        const Row row{x.data(), 3, Factor::of(30000)};
        std::array<std::int16_t, 2> y{};
        forward(layer, row, y.data());
        CHECK(y[0] == 32767);
        std::array<std::int8_t, 2> narrow{};
        forward(layer, row, narrow.data(), 8);
        CHECK(narrow[0] == 127);
        CHECK(narrow[1] == 0);  // −7
    }
}
