// SPDX-License-Identifier: Apache-2.0
#include <hat/data/lines.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using hat::data::split_lines;
using Lines = std::vector<std::string>;

TEST_SUITE("data/lines") {
    TEST_CASE("a line ends with LF or CR LF, the last one also without") {
        CHECK(split_lines("a\nb\r\n\nc", "f") == Lines{"a", "b", "", "c"});
        CHECK(split_lines("a\n", "f") == Lines{"a"});
        CHECK(split_lines("", "f").empty());
        CHECK(hat::data::join_lines({"a", "", "b"}) == "a\n\nb\n");
    }
    TEST_CASE("a line that is not UTF-8 is an error with its number") {
        CHECK_THROWS_WITH_AS(static_cast<void>(split_lines("gut\nsch\xF6n\n", "train.de")),
                             "train.de:2: byte 4 of the line is not valid UTF-8", hat::Error);
    }
}
