// SPDX-License-Identifier: Apache-2.0
#include <hat/core/bit_cast.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstdint>

TEST_SUITE("core/bit_cast") {
    static_assert(hat::bit_cast<std::uint32_t>(1.0F) == 0x3F800000U);
    static_assert(hat::bit_cast<double>(std::uint64_t{0x4000000000000000U}) == 2.0);

    TEST_CASE("bits come back as they went") {
        const std::array<std::uint16_t, 2> halves{0x1234, 0xFF80};
        const auto word = hat::bit_cast<float>(halves);
        CHECK(hat::bit_cast<std::array<std::uint16_t, 2>>(word) == halves);
    }
}
