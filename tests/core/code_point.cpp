// SPDX-License-Identifier: Apache-2.0
#include <hat/core/code_point.hpp>

#include <doctest/doctest.h>

#include <string_view>

using hat::detail::code_point;

TEST_SUITE("core/code_point") {
    TEST_CASE("a code point has one to four bytes") {
        constexpr std::string_view text = "a\u00E9\u6771\U0001F600";
        static_assert(code_point(text, 0).value == U'a' && code_point(text, 0).size_bytes == 1);
        static_assert(code_point(text, 1).value == 0xE9 && code_point(text, 1).size_bytes == 2);
        static_assert(code_point(text, 3).value == 0x6771 && code_point(text, 3).size_bytes == 3);
        static_assert(code_point(text, 6).value == 0x1F600 && code_point(text, 6).size_bytes == 4);
        CHECK(code_point(text, 6).size_bytes == 4);
    }
    TEST_CASE("what is not UTF-8 has no size") {
        for (const std::string_view bad : {"\x80", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80",
                                           "\xF4\x90\x80\x80", "\xE6\x9D", "\xE6 \xB1", "\xFF"})
            CHECK(code_point(bad, 0).size_bytes == 0);
    }
}
