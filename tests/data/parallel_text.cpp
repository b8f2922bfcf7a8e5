// SPDX-License-Identifier: Apache-2.0
#include <hat/data/parallel_text.hpp>
#include <hat/io/atomic_file.hpp>

#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using hat::data::EmptyLines;
using hat::data::ParallelText;
using hat::data::read_parallel_text;

namespace {

/// Two files in a folder of their own.
struct Files {
    hat::support::TemporaryDirectory folder;
    std::string source = folder / "a.en";
    std::string target = folder / "a.de";

    Files(const std::string& source_text, const std::string& target_text) {
        hat::io::write_file(source, source_text);
        hat::io::write_file(target, target_text);
    }
    [[nodiscard]] ParallelText read(EmptyLines empty_lines = EmptyLines::error) const {
        return read_parallel_text(source, target, empty_lines);
    }
};

}  // namespace

TEST_SUITE("data/parallel_text") {
    TEST_CASE("line i of one file belongs to line i of the other") {
        const ParallelText text = Files("one\ntwo\n", "eins\r\nzwei").read();
        CHECK(text.source == std::vector<std::string>{"one", "two"});
        CHECK(text.target == std::vector<std::string>{"eins", "zwei"});
        CHECK(text.dropped == 0);
    }
    TEST_CASE("files of different length are an error with both lengths") {
        const Files files("one\ntwo\n", "eins\n");
        CHECK_THROWS_WITH_AS(
            static_cast<void>(files.read()),
            (files.source + " has 2 lines and " + files.target + " has 1, expected as many in both")
                .c_str(),
            hat::Error);
    }
    TEST_CASE("an empty file is an error") {
        const Files files("one\n", "");
        CHECK_THROWS_WITH_AS(static_cast<void>(files.read()),
                             (files.target + ": the file is empty, expected lines of text").c_str(),
                             hat::Error);
    }
    TEST_CASE("a line that is not UTF-8 is an error with its place") {
        const Files files("one\ntwo\n", "eins\nzw\xE4i\n");
        CHECK_THROWS_WITH_AS(static_cast<void>(files.read()),
                             (files.target + ":2: byte 3 of the line is not valid UTF-8").c_str(),
                             hat::Error);
    }
    TEST_CASE("an empty line is an error with its place, unless such pairs are dropped") {
        const Files files("one\n\nthree\nfour\n", "eins\nzwei\n \u00A0\t\nvier\n");
        CHECK_THROWS_WITH_AS(static_cast<void>(files.read()),
                             (files.source + ":2: the line is empty, expected text").c_str(),
                             hat::Error);
        const ParallelText text = files.read(EmptyLines::drop);
        CHECK(text.source == std::vector<std::string>{"one", "four"});
        CHECK(text.target == std::vector<std::string>{"eins", "vier"});
        CHECK(text.dropped == 2);
    }
    TEST_CASE("files with nothing left are an error") {
        const Files files("\n", "eins\n");
        CHECK_THROWS_WITH_AS(
            static_cast<void>(files.read(EmptyLines::drop)),
            (files.source + " and " + files.target + " have no pair without an empty line").c_str(),
            hat::Error);
    }
}
