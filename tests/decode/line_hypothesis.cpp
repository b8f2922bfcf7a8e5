// SPDX-License-Identifier: Apache-2.0
#include <hat/decode/line_hypothesis.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <vector>

using namespace hat::decode;

namespace {

const Hypotheses first{{.tokens = {5, 2}, .score = -0.75F, .positional_scores = {-1, -0.5F}},
                       {.tokens = {6, 7, 2}, .score = -1, .positional_scores = {-1, -1, -1}}};
const Hypotheses second{{.tokens = {8, 2}, .score = -2, .positional_scores = {-3, -1}}};

}  // namespace

TEST_SUITE("decode/line_hypothesis") {
    TEST_CASE("each part gives its k-th best, or its last") {
        const std::array parts{first, second};
        const LineHypothesis hypothesis(parts, 1);
        CHECK(hypothesis.parts() == 2);
        CHECK(hypothesis[0] == first[1]);
        CHECK(hypothesis[1] == second[0]);
        CHECK(std::ranges::equal(hypothesis.tokens(0), std::array{6, 7, 2}));
    }

    TEST_CASE("a line has as many as the part with most, or as are asked for; at least one") {
        const std::array parts{second, first};
        CHECK(LineHypothesis::count(parts, 5) == 2);
        CHECK(LineHypothesis::count(parts, 1) == 1);
        CHECK(LineHypothesis::count({}, 5) == 1);
    }

    TEST_CASE("the score is that of all tokens together") {
        const std::array parts{first, second};
        CHECK(LineHypothesis(parts, 0).score({}) == -5.5F / 4);
        CHECK(LineHypothesis(parts, 1).score({}) == -7.0F / 5);
        CHECK(LineHypothesis(parts, 1).score({.normalize = false}) == -7.0F);
    }

    TEST_CASE("one part keeps the score that the search gave it; no part has none") {
        const std::array<Hypotheses, 1> greedy{
            Hypotheses{{.tokens = {5, 2}, .score = -3, .positional_scores = {}}}};
        CHECK(LineHypothesis(greedy, 0).score({}) == -3.0F);
        CHECK_FALSE(LineHypothesis({}, 0).score({}));
    }
}
