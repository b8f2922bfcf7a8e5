// SPDX-License-Identifier: Apache-2.0
#include <hat/data/unicode.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using hat::data::is_number;
using hat::data::is_punctuation;
using hat::data::is_space;
using hat::data::is_symbol;
using hat::data::split_words;
using hat::data::to_lower;

TEST_SUITE("data/unicode") {
    static_assert(is_punctuation(U'!') && is_punctuation(U'\u00BB') && is_punctuation(U'\u3002'));
    static_assert(!is_punctuation(U'+') && !is_punctuation(U'a') && !is_punctuation(U'\u6771'));
    static_assert(is_symbol(U'+') && is_symbol(U'\u20AC') && is_symbol(U'\U0001F600'));
    static_assert(!is_symbol(U'!') && !is_symbol(U'5'));
    static_assert(is_number(U'0') && is_number(U'\u00BD') && is_number(U'\u0664'));
    static_assert(!is_number(U'a') && !is_number(U'/'));
    static_assert(is_space(U'\u00A0') && is_space(U'\t') && !is_space(U'\u200B'));
    static_assert(to_lower(U'A') == U'a' && to_lower(U'\u00D6') == U'\u00F6');
    static_assert(to_lower(U'\u0139') == U'\u013A', "in a range of every second letter");
    static_assert(to_lower(U'\u013A') == U'\u013A', "between two letters of such a range");
    static_assert(to_lower(U'\u00D7') == U'\u00D7' && to_lower(U'1') == U'1');

    TEST_CASE("a capital sigma at the end of a word becomes a final one") {
        CHECK(to_lower(std::u32string_view(U"ΟΔΟΣ ΣΟΣ.")) == U"οδος σος.");
        CHECK(to_lower(std::u32string_view(U"Σ")) == U"σ");
    }
    TEST_CASE("a dotted capital I becomes two code points") {
        CHECK(to_lower(std::u32string_view(U"\u0130A")) == U"i\u0307a");
    }
    TEST_CASE("words are what any white space separates") {
        using Words = std::vector<std::u32string_view>;
        CHECK(split_words(U"  a\u00A0bc\t d\u3000") == Words{U"a", U"bc", U"d"});
        CHECK(split_words(U" \n").empty());
        CHECK(split_words(U"").empty());
    }
}
