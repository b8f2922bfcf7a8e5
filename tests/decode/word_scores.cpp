// SPDX-License-Identifier: Apache-2.0
#include <hat/decode/word_scores.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

using hat::decode::word_scores;

namespace {

std::vector<float> scores_of(std::size_t count, const std::vector<std::vector<int>>& words,
                             const std::vector<std::vector<float>>& scores) {
    return word_scores(count, words,
                       [&](std::size_t i) -> std::span<const float> { return scores[i]; });
}

}  // namespace

TEST_SUITE("decode/word_scores") {
    TEST_CASE("a word has the sum of its tokens, in whichever part they are; eos is of none") {
        // Word 1 goes on from the first part into the second.
        CHECK(scores_of(3, {{0, 0, 1}, {1, 2}}, {{-1, -2, -4, -64}, {-8, -16, -64}}) ==
              std::vector<float>{-3, -12, -16});
    }

    TEST_CASE("what the network did not say has no score, and what is no word is left out") {
        const auto found = scores_of(2, {{1, 2}}, {{-1, -2, -4}});
        REQUIRE(found.size() == 2);
        CHECK(std::isnan(found[0]));
        CHECK(found[1] == -1);
        CHECK(scores_of(0, {}, {}).empty());
    }
}
