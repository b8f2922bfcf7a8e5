// SPDX-License-Identifier: Apache-2.0
#include <hat/core/order.hpp>
#include <hat/core/random.hpp>

#include <doctest/doctest.h>

#include <algorithm>
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

    TEST_CASE("any number of indices has the order of a stable sort") {
        hat::Random random(1);
        for (int count = 0; count < 70; ++count) {
            std::vector<int> keys;
            for (int i = 0; i < count; ++i) keys.push_back(static_cast<int>(random.below(9)));
            const auto less = [&](int a, int b) {
                return keys[static_cast<std::size_t>(a)] < keys[static_cast<std::size_t>(b)];
            };
            std::vector<int> order = hat::indices_of(count);
            random.shuffle(order);
            std::vector<int> expected = order;
            std::stable_sort(expected.begin(), expected.end(), less);
            hat::sort_indices(order, less);
            CHECK(order == expected);
        }
    }
}
