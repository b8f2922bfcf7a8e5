// SPDX-License-Identifier: Apache-2.0
#include <hat/core/random.hpp>
#include <hat/integer/dot.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>

using hat::integer::dot;

TEST_SUITE("integer/dot") {
    TEST_CASE("a compiler computes a sum of products, too") {
        constexpr std::array<std::int8_t, 3> a{1, -127, 100};
        constexpr std::array<std::int16_t, 3> b{-3, 32767, 0};
        static_assert(dot(a.data(), b.data(), 3) == -3 - 127 * 32767);
        static_assert(dot(a.data(), b.data(), 0) == 0);
        static_assert(dot(b.data(), a.data(), 1) == -3);
    }
    TEST_CASE("a sum is that of all products, of any number and place") {
        hat::Random random(hat::RandomKey(2));
        std::array<std::int8_t, 80> a{};
        std::array<std::int16_t, 80> b{};
        for (auto& x : a) x = static_cast<std::int8_t>(static_cast<int>(random.below(255)) - 127);
        for (auto& x : b)
            x = static_cast<std::int16_t>(static_cast<int>(random.below(65535)) - 32767);
        for (std::size_t first = 0; first < 8; ++first)
            for (int size = 0; size <= 70; ++size) {
                std::int64_t sum = 0;
                for (std::size_t i = first; i < first + static_cast<std::size_t>(size); ++i)
                    sum += std::int64_t{a[i]} * b[i];
                CHECK(dot(a.data() + first, b.data() + first, size) == sum);
                CHECK(dot(b.data() + first, a.data() + first, size) == sum);
            }
    }
}
