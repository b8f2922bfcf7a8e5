// SPDX-License-Identifier: Apache-2.0
#include <hat/data/utf8.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using hat::data::decode_utf8;
using hat::data::encode_utf8;
using hat::data::find_invalid_utf8;

TEST_SUITE("data/utf8") {
    constexpr auto npos = std::string_view::npos;

    static_assert(find_invalid_utf8("a\u00E4\u6771\U0001F600") == npos);
    static_assert(find_invalid_utf8("ab\xFF") == 2);
    static_assert(find_invalid_utf8("\x80") == 0, "a continuation without a lead");
    static_assert(find_invalid_utf8("\xC0\xAF") == 0, "overlong, two bytes");
    static_assert(find_invalid_utf8("\xE0\x80\xAF") == 0, "overlong, three bytes");
    static_assert(find_invalid_utf8("\xF0\x80\x80\xAF") == 0, "overlong, four bytes");
    static_assert(find_invalid_utf8("\xED\xA0\x80") == 0, "a surrogate");
    static_assert(find_invalid_utf8("\xF4\x90\x80\x80") == 0, "past U+10FFFF");
    static_assert(find_invalid_utf8("x\xE6\x9D") == 1, "cut off");

    TEST_CASE("every code point survives encoding and decoding") {
        std::u32string all;
        for (char32_t c = 0; c <= 0x10FFFF; ++c)
            if (c < 0xD800 || c > 0xDFFF) all += c;
        const std::string text = encode_utf8(all);
        CHECK(find_invalid_utf8(text) == npos);
        CHECK(decode_utf8(text) == all);
    }

    TEST_CASE("decoding what is not UTF-8 is an error that says where") {
        CHECK_THROWS_WITH_AS(static_cast<void>(decode_utf8("ab\xC3(")),
                             "text: byte 2 is not valid UTF-8", hat::Error);
    }

    TEST_CASE("what is not UTF-8 becomes one U+FFFD for each beginning of a code point") {
        const auto replaced = [](std::string_view text) {
            return hat::data::replace_invalid_utf8(text);
        };
        CHECK(replaced("schön €😀") == "schön €😀");
        CHECK(replaced("") == "");
        CHECK(replaced("sch\xF6n") == "sch\uFFFDn");
        // The examples of the Unicode standard, tables 3-8 to 3-11.
        CHECK(replaced("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41") ==
              "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\x41");
        CHECK(replaced("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41") ==
              "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\x41");
        CHECK(replaced("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42") ==
              "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\x41\uFFFD\uFFFD\x42");
        CHECK(replaced("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41") == "\uFFFD\uFFFD\uFFFD\uFFFD\x41");
    }

    TEST_CASE("characters are code points") {
        static_assert(hat::data::count_characters("") == 0);
        CHECK(hat::data::count_characters("aä€😀") == 4);
    }
}
