// SPDX-License-Identifier: Apache-2.0
#include <hat/core/simd_choice.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace simd = hat::simd;

TEST_SUITE("core/simd_choice") {
    TEST_CASE("each lane has the number that the lowest four bits of its code say") {
        std::array<float, 17> numbers{};
        for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<float>(i) - 7.5F;
        const simd::Choice choose(numbers.data() + 1);  // from no cache line on
        for (std::uint32_t first = 0; first < 16; ++first) {
            std::array<std::uint32_t, simd::Words::size> codes{};
            for (std::size_t i = 0; i < codes.size(); ++i)
                codes[i] = 0xABCDEF00U + first + static_cast<std::uint32_t>(i) * 5;
            std::array<float, simd::Words::size> chosen{};
            choose(simd::Words::load_unaligned(codes.data())).store_unaligned(chosen.data());
            for (std::size_t i = 0; i < codes.size(); ++i)
                CHECK(chosen[i] == numbers[1 + codes[i] % 16]);
        }
    }
}
