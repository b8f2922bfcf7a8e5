// SPDX-License-Identifier: Apache-2.0
#include <hat/core/error.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

TEST_SUITE("core/error") {
    TEST_CASE("fail writes its parts one after the other") {
        const std::string path = "vocab.txt";
        CHECK_THROWS_WITH_AS(hat::fail(path, ':', 812, ": expected ", std::string_view("two"),
                                       " columns, found ", std::size_t{5}),
                             "vocab.txt:812: expected two columns, found 5", hat::Error);
    }

    TEST_CASE("a character is text and a negative number keeps its sign") {
        CHECK_THROWS_WITH_AS(hat::fail('a', "b", -7), "ab-7", hat::Error);
    }

    TEST_CASE("a number out of range is named with its range") {
        CHECK_NOTHROW(hat::require_between("search", "beam", 1, 1, 4));
        CHECK_NOTHROW(hat::require_between("search", "beam", 4, 1, 4));
        CHECK_THROWS_WITH_AS(hat::require_between("search", "beam", 5, 1, 4),
                             "search: beam = 5, expected 1 to 4", hat::Error);
        CHECK_THROWS_AS(hat::require_between("search", "beam", 0, 1, 4), hat::Error);
        CHECK_THROWS_AS(hat::require_between("search", "rate", std::nan(""), 0.0, 1.0), hat::Error);
    }

    TEST_CASE("whoever catches the standard exceptions catches ours") {
        static_assert(std::is_base_of_v<std::runtime_error, hat::Error>);
        CHECK_THROWS_AS(hat::fail("x"), std::exception);
    }
}
