// SPDX-License-Identifier: Apache-2.0
#include <hat/decode/owned_sources.hpp>

#include "support/allocations.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <vector>

using hat::decode::OwnedSources;

TEST_SUITE("decode/owned_sources") {
    TEST_CASE("sentences are told apart, empty ones among them") {
        OwnedSources list;
        CHECK(list.size() == 0);
        CHECK(list.view().sentences.sentences() == 0);
        const std::vector<std::vector<int>> sentences{{5, 6, 2}, {}, {7, 2}};
        for (const auto& sentence : sentences) list.push_back(sentence);
        REQUIRE(list.size() == 3);
        for (int i = 0; i < 3; ++i)
            CHECK(std::ranges::equal(list[i], sentences[static_cast<std::size_t>(i)]));
        const auto view = list.view();
        CHECK(std::ranges::equal(view.tokens, std::array{5, 6, 2, 7, 2}));
        CHECK(view.sentences.sentences() == 3);
        CHECK(view.sentences.begin(2) == 3);
        CHECK(view.sentences.length(2) == 2);
    }

    TEST_CASE("what is cleared is filled again without asking for memory") {
        OwnedSources list;
        const std::array sentence{5, 6, 2};
        const auto fill = [&] {
            list.clear();
            for (int i = 0; i < 10; ++i) list.push_back(sentence);
        };
        fill();
        CHECK(hat::support::allocations_in(fill) == 0);
        CHECK(list.size() == 10);
        CHECK(list.view().sentences.tokens() == 30);
    }
}
