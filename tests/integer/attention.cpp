// SPDX-License-Identifier: Apache-2.0
#include <hat/integer/attention.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstdint>

using namespace hat::integer;

namespace {

constexpr Scale one{1 << 22, 22};

/// Two heads of two features, three positions.
constexpr std::array<std::int8_t, 12> values{10, 20, 30, 40, 50, 60, 70, 80, -100, -110, 90, 127};

}  // namespace

TEST_SUITE("integer/attention") {
    TEST_CASE("a query that no key answers to sees the mean of the values") {
        const std::array<std::int8_t, 12> keys{};
        const std::array<std::int32_t, 2> scores{one.word(), one.word()};
        const std::array<std::int16_t, 4> query{1, 2, 3, 4};
        std::array<std::int32_t, 3> scratch{};
        std::array<std::int16_t, 4> y{};
        attend(2, {scores.data(), 2}, query.data(), {keys.data(), 4, nullptr, 2},
               {values.data(), 4, nullptr, 2}, scratch.data(), y.data());
        // 256 steps of a number in 16 bits are one of a number in 8.
        CHECK(y == std::array<std::int16_t, 4>{30 * 256, 40 * 256, 50 * 256, 60 * 256});
    }

    TEST_CASE("each head looks for itself, at the places that it is told") {
        std::array<std::int8_t, 12> keys{};
        keys[8] = 100;  // the first head finds position 2
        keys[6] = 100;  // the second one position 1
        const std::array<std::int32_t, 2> scores{Scale{1 << 22, 12}.word(), one.word()};
        const std::array<std::int16_t, 4> query{1000, 0, 30000, 0};
        const std::array<std::uint16_t, 2> places{2, 1};
        std::array<std::int32_t, 2> scratch{};
        std::array<std::int16_t, 4> y{};
        attend(2, {scores.data(), 2}, query.data(), {keys.data(), 4, places.data(), 2},
               {values.data(), 4, places.data(), 2}, scratch.data(), y.data());
        CHECK(y == std::array<std::int16_t, 4>{-100 * 256, -110 * 256, 70 * 256, 80 * 256});
    }

    TEST_CASE("a row that places name is one of the cache") {
        const std::array<std::uint16_t, 2> places{2, 0};
        const CachedRows rows{values.data(), 4, places.data(), 2};
        CHECK(rows.row(0)[0] == -100);
        CHECK(rows.row(1)[3] == 40);
    }
}
