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
}
