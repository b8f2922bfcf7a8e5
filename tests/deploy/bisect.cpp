// SPDX-License-Identifier: Apache-2.0
#include <hat/deploy/bisect.hpp>

#include <doctest/doctest.h>

using hat::deploy::bisect;

TEST_SUITE("deploy/bisect") {
    static_assert(bisect(0, 10, [](int i) { return i < 7; }) == 7);
    static_assert(bisect(3, 3, [](int) { return true; }) == 3);

    TEST_CASE("the first number is found that a condition does not hold for") {
        for (int low = 0; low < 5; ++low)
            for (int high = low; high < 20; ++high)
                for (int first = low; first <= high; ++first)
                    CHECK(bisect(low, high, [&](int i) { return i < first; }) == first);
    }
}
