// SPDX-License-Identifier: Apache-2.0
#include <hat/core/random.hpp>
#include <hat/data/edit_distance.hpp>

#include "support/linear_time.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

using hat::data::Edit;
using hat::data::edit_path;
using Words = std::vector<int>;

namespace {

/// The distance by the whole table.
std::int64_t naive_distance(const Words& a, const Words& b) {
    std::vector<std::vector<std::int64_t>> d(a.size() + 1, std::vector<std::int64_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i)
        for (std::size_t j = 0; j <= b.size(); ++j) {
            if (i == 0 || j == 0) {
                d[i][j] = static_cast<std::int64_t>(i + j);
                continue;
            }
            d[i][j] = std::min({d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1), d[i - 1][j] + 1,
                                d[i][j - 1] + 1});
        }
    return d[a.size()][b.size()];
}

Words random_words(hat::Random& random, int size) {
    Words words;
    for (int i = 0; i < size; ++i) words.push_back(static_cast<int>(random.below(5)));
    return words;
}

}  // namespace

TEST_SUITE("data/edit_distance") {
    TEST_CASE("a case worked by hand") {
        const auto result = edit_path(Words{1, 2, 3, 4}, Words{1, 3, 4, 5});
        CHECK(result.edits == 2);
        CHECK(result.path ==
              std::vector{Edit::keep, Edit::remove, Edit::keep, Edit::keep, Edit::insert});
        CHECK(edit_path(Words{1}, Words{2}).path == std::vector{Edit::replace});
    }
    TEST_CASE("nothing becomes all, and all nothing") {
        CHECK(edit_path(Words{}, Words{}).edits == 0);
        CHECK(edit_path(Words{}, Words{1, 2}).path == std::vector{Edit::insert, Edit::insert});
        CHECK(edit_path(Words{1, 2}, Words{}).path == std::vector{Edit::remove, Edit::remove});
        CHECK(edit_path(Words{}, Words(500, 1)).edits == 500);
        CHECK(edit_path(Words{1}, Words(500, 1)).edits == 499);
        CHECK(edit_path(Words(500, 1), Words{1}).edits == 499);
    }
    TEST_CASE("the distance is that of the whole table, and the path leads there") {
        hat::Random random(1);
        for (int i = 0; i < 300; ++i) {
            const Words a = random_words(random, static_cast<int>(random.below(24)));
            const Words b = random_words(random, static_cast<int>(random.below(24)));
            const auto result = edit_path(a, b);
            CHECK(result.edits == naive_distance(a, b));
            std::size_t at = 0;
            std::size_t of_b = 0;
            std::int64_t edits = 0;
            for (const Edit edit : result.path) {
                if (edit == Edit::keep) CHECK(a[at] == b[of_b]);
                edits += edit == Edit::keep ? 0 : 1;
                at += edit == Edit::insert ? 0 : 1;
                of_b += edit == Edit::remove ? 0 : 1;
            }
            CHECK(at == a.size());
            CHECK(of_b == b.size());
            CHECK(edits == result.edits);
        }
    }
    TEST_CASE("it takes time in proportion to the words") {
        const auto words = [](int n) {
            hat::Random random(2);
            return random_words(random, n);
        };
        CHECK(hat::support::growth(2000, words, [](const Words& a) {
                  static_cast<void>(edit_path(a, Words(a.rbegin(), a.rend())));
              }) < hat::support::linear_growth);
    }
}
