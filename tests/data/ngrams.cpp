// SPDX-License-Identifier: Apache-2.0
#include <hat/data/ngrams.hpp>

#include <doctest/doctest.h>

#include <span>
#include <vector>

using hat::data::match_ngrams;

TEST_SUITE("data/ngrams") {
    TEST_CASE("an n-gram counts as often as in the side where it is rarer") {
        const std::vector hypothesis{7, 7, 7, 1};
        const std::vector reference{7, 7, 2, 1, 5};
        const auto unigrams = match_ngrams(hypothesis, reference, 1);
        CHECK(unigrams.hypothesis == 4);
        CHECK(unigrams.reference == 5);
        CHECK(unigrams.shared == 3);
        CHECK(match_ngrams(hypothesis, reference, 2).shared == 1);
        CHECK(match_ngrams(hypothesis, reference, 3).shared == 0);
    }
    TEST_CASE("a side shorter than the order has no n-grams") {
        const auto matches = match_ngrams(std::vector{1, 2}, std::vector{1, 2, 3}, 3);
        CHECK(matches.hypothesis == 0);
        CHECK(matches.reference == 1);
        CHECK(matches.shared == 0);
    }
    TEST_CASE("of several references each n-gram counts as often as in the one that has most") {
        const std::vector hypothesis{7, 7, 7, 1, 2};
        const std::vector<std::vector<int>> references{{7, 1, 3}, {7, 7, 4}, {2}};
        const auto unigrams =
            match_ngrams(hypothesis, std::span<const std::vector<int>>(references), 1);
        CHECK(unigrams.hypothesis == 5);
        CHECK(unigrams.reference == 7);
        CHECK(unigrams.shared == 4);  // 7, 7, 1, 2
        CHECK(match_ngrams(hypothesis, std::span<const std::vector<int>>(references), 2).shared ==
              2);  // 7 7, 7 1
    }
}
