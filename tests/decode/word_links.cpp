// SPDX-License-Identifier: Apache-2.0
#include <hat/decode/word_links.hpp>

#include <doctest/doctest.h>

#include <array>
#include <vector>

using hat::decode::word_links;
using hat::decode::WordLink;

TEST_SUITE("decode/word_links") {
    TEST_CASE("a word is linked to the word that its tokens attend to most, taken together") {
        // Source: words 0 (one token) and 1 (two); target: words 0 and 1, of two tokens and one.
        const std::array source{0, 1, 1};
        const std::array target{0, 0, 1};
        const std::array attention{
            0.6F, 0.2F, 0.1F, 0.1F,  // word 0: 0.6 against 0.3,
            0.1F, 0.4F, 0.3F, 0.2F,  // and together 0.7 against 1.0
            0.5F, 0.1F, 0.1F, 0.3F,  //
            0.0F, 0.0F, 0.0F, 1.0F,  // eos
        };
        CHECK(word_links(attention, source, target) == std::vector<WordLink>{{1, 0}, {0, 1}});
    }

    TEST_CASE("what eos attends to, and what attends to eos, links nothing") {
        const std::array source{4};
        const std::array target{7};
        const std::array attention{0.1F, 0.9F, 1.0F, 0.0F};
        CHECK(word_links(attention, source, target) == std::vector<WordLink>{{4, 7}});
    }

    TEST_CASE("without words there are no links") {
        const std::array attention{1.0F};
        CHECK(word_links(attention, {}, {}).empty());
        const std::array attention_of_two{0.5F, 0.5F};
        const std::array source{0};
        CHECK(word_links(attention_of_two, source, {}).empty());
    }
}
