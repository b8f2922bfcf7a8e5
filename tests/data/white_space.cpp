// SPDX-License-Identifier: Apache-2.0
#include <hat/data/white_space.hpp>

#include <doctest/doctest.h>

#include <string_view>
#include <vector>

using hat::data::is_space;
using hat::data::split_words;

TEST_SUITE("data/white_space") {
    static_assert(is_space(U'\u00A0') && is_space(U'\t') && !is_space(U'\u200B'));

    TEST_CASE("words are what any white space separates") {
        using Words = std::vector<std::u32string_view>;
        CHECK(split_words(U"  a\u00A0bc\t d\u3000") == Words{U"a", U"bc", U"d"});
        CHECK(split_words(U" \n").empty());
        CHECK(split_words(U"").empty());
    }
}
