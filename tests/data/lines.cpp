// SPDX-License-Identifier: Apache-2.0
#include <hat/data/lines.hpp>
#include <hat/io/atomic_file.hpp>

#include "support/overwrite.hpp"
#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

using hat::data::read_lines;
using hat::data::split_lines;
using Lines = std::vector<std::string>;

TEST_SUITE("data/lines") {
    TEST_CASE("a line ends with LF or CR LF, the last one also without") {
        CHECK(split_lines("a\nb\r\n\nc", "f") == Lines{"a", "b", "", "c"});
        CHECK(split_lines("a\n", "f") == Lines{"a"});
        CHECK(split_lines("", "f").empty());
        CHECK(hat::data::join_lines({"a", "", "b"}) == "a\n\nb\n");
    }
    TEST_CASE("a byte order mark is no part of the first line") {
        CHECK(split_lines("\uFEFFa\n\uFEFFb", "f") == Lines{"a", "\uFEFFb"});
        CHECK(split_lines("\uFEFF", "f").empty());
    }
    TEST_CASE("a file has the lines of its text, whatever their length") {
        const hat::support::TemporaryDirectory folder;
        const std::string path = folder / "text";
        const std::string line(65'535, 'x');  // its LF is the last byte of the first piece read
        const std::string longer(200'000, 'y');
        for (const std::string& text :
             {line + "\n" + longer + "\r\n\na", "\uFEFF" + longer, std::string("\uFEFF\n"),
              line + "\n", "a\r\n" + line + "\r\n"}) {
            hat::io::write_file(path, text);
            CHECK(read_lines(path) == split_lines(text, path));
        }
        for (const char* text : {"", "\uFEFF"}) {
            hat::io::write_file(path, text);
            CHECK_THROWS_WITH_AS(static_cast<void>(read_lines(path)),
                                 (path + ": the file is empty, expected lines of text").c_str(),
                                 hat::Error);
        }
    }
    TEST_CASE("lines of a file come one after the other, with their numbers") {
        const hat::support::TemporaryDirectory folder;
        const std::string path = folder / "text";
        const std::string longer(100'000, 'y');
        hat::io::write_file(path, "\uFEFFone\n\n" + longer + "\r\nlast");
        hat::data::FileLines<> file(path);
        CHECK(file.number() == 0);
        std::string_view line;
        for (const std::string& expected :
             {std::string("one"), std::string(), longer, std::string("last")}) {
            REQUIRE(file.next(line));
            CHECK(line == expected);
        }
        CHECK(file.number() == 4);
        for (int i = 0; i < 2; ++i) CHECK_FALSE(file.next(line));
        CHECK(file.number() == 4);
        CHECK(file.path() == path);
    }
    TEST_CASE("a file without lines is not read into memory to its end") {
        const hat::support::TemporaryDirectory folder;
        const std::string path = folder / "image";
        hat::support::overwrite(path, "a line\n");
        std::filesystem::resize_file(path,
                                     std::uintmax_t{1} << 34);  // of which hardly a byte is there
        CHECK_THROWS_WITH_AS(static_cast<void>(read_lines(path)),
                             (path + ":2: the line is longer than 67108864 bytes").c_str(),
                             hat::Error);
    }
    TEST_CASE("a line that is not UTF-8 is an error with its number") {
        CHECK_THROWS_WITH_AS(static_cast<void>(split_lines("gut\nsch\xF6n\n", "train.de")),
                             "train.de:2: byte 4 of the line is not valid UTF-8", hat::Error);
    }
}
