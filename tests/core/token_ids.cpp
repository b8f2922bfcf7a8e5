// SPDX-License-Identifier: Apache-2.0
#include <hat/core/token_ids.hpp>

#include <doctest/doctest.h>

#include <vector>

using hat::check_token_ids;

TEST_SUITE("core/token_ids") {
    TEST_CASE("the first and the last token of a vocabulary are in it, and no tokens are, too") {
        CHECK_NOTHROW(check_token_ids(std::vector{0, 29, 0}, 30, "text"));
        CHECK_NOTHROW(check_token_ids({}, 30, "text"));
    }
    TEST_CASE("the first token outside is named, with where it is and what is expected") {
        CHECK_THROWS_WITH_AS(check_token_ids(std::vector{3, 30, -1}, 30, "f.txt: sentence ", 7),
                             "f.txt: sentence 7 has token 30, expected 0 to 29", hat::Error);
        CHECK_THROWS_WITH_AS(check_token_ids(std::vector{3, -1, 30}, 30, "text"),
                             "text has token -1, expected 0 to 29", hat::Error);
    }
    TEST_CASE("in an empty vocabulary is no token") {
        CHECK_THROWS_AS(check_token_ids(std::vector{0}, 0, "text"), hat::Error);
    }
}
