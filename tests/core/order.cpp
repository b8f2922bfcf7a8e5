// SPDX-License-Identifier: Apache-2.0
#include <hat/core/order.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

TEST_SUITE("core/order") {
    TEST_CASE("indices count from 0") {
        CHECK(hat::indices_of(3) == std::vector<int>{0, 1, 2});
        CHECK(hat::indices_of(0).empty());
    }

    TEST_CASE("indices are sorted by what they stand for, and equals keep their order") {
        const std::vector<std::string> words{"bb", "a", "cc", "d"};
        std::vector<int> order{3, 2, 1, 0};
        hat::sort_indices(order, [&](int a, int b) {
            return words[static_cast<std::size_t>(a)].size() <
                   words[static_cast<std::size_t>(b)].size();
        });
        CHECK(order == std::vector<int>{3, 1, 2, 0});
    }
}
