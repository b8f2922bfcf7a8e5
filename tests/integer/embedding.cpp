// SPDX-License-Identifier: Apache-2.0
#include <hat/integer/embedding.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstdint>

using namespace hat::integer;

namespace {

// Rows are wider than what is read of them.
constexpr std::array<std::int8_t, 6> words{1, 2, 3, -4, 5, 6};
constexpr std::array<std::int32_t, 2> scales{Scale{1 << 22, 22}.word(), Scale{1 << 22, 14}.word()};
constexpr std::array<std::int16_t, 4> positions{1000, -1000, 32767, 32767};
constexpr std::array<std::int32_t, 1> position_scale{Scale{1 << 22, 23}.word()};

constexpr std::array<std::int16_t, 2> looked_up(int token, int position, bool has_positions) {
    Embedding<Constants> table{{words.data(), 2, 3}, {scales.data(), 2}};
    if (has_positions) {
        table.positions = {positions.data(), 2, 2};
        table.position_scale = {position_scale.data(), 1};
    }
    std::array<std::int16_t, 2> y{};
    look_up(table, token, position, 2, y.data());
    return y;
}

static_assert(looked_up(0, 0, false) == std::array<std::int16_t, 2>{1, 2});
static_assert(looked_up(0, 0, true) == std::array<std::int16_t, 2>{501, -498});
static_assert(looked_up(1, 0, true) == std::array<std::int16_t, 2>{-4 * 256 + 500, 5 * 256 - 500});

}  // namespace

TEST_SUITE("integer/embedding") {
    TEST_CASE("words and positions are added, and do not run over") {
        CHECK(looked_up(0, 1, true) == std::array<std::int16_t, 2>{16385, 16386});
        std::array<std::int32_t, 2> large{Scale{1 << 22, 0}.word(), 0};
        const Embedding<Constants> table{{words.data(), 2, 3}, {large.data(), 2}};
        std::array<std::int16_t, 2> y{};
        look_up(table, 0, 0, 2, y.data());
        CHECK(y == std::array<std::int16_t, 2>{32767, 32767});
    }
}
