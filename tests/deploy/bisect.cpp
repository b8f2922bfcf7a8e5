// SPDX-License-Identifier: Apache-2.0
#include <hat/deploy/bisect.hpp>

#include <doctest/doctest.h>

#include <cstdint>

using hat::deploy::bisect;

TEST_SUITE("deploy/bisect") {
    static_assert(bisect(0, 10, [](int i) { return i < 7; }) == 7);
    static_assert(bisect(3, 3, [](int) { return true; }) == 3);

    constexpr std::uint32_t steps[] = {5U << 8U | 2U, 7U << 8U, 0x1F600U << 8U | 255U};
    static_assert(hat::deploy::value_at(steps, 3, 4) == 0);
    static_assert(hat::deploy::value_at(steps, 3, 5) == 2);
    static_assert(hat::deploy::value_at(steps, 3, 6) == 2);
    static_assert(hat::deploy::value_at(steps, 3, 7) == 0);
    static_assert(hat::deploy::value_at(steps, 3, 0x10FFFF) == 255);
    static_assert(hat::deploy::value_at(nullptr, 0, 5) == 0);

    TEST_CASE("the first number is found that a condition does not hold for") {
        for (int low = 0; low < 5; ++low)
            for (int high = low; high < 20; ++high)
                for (int first = low; first <= high; ++first)
                    CHECK(bisect(low, high, [&](int i) { return i < first; }) == first);
    }
}
