// SPDX-License-Identifier: Apache-2.0
#include <hat/data/packed_lines.hpp>

#include "support/overwrite.hpp"
#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using hat::data::is_gzip_name;
using hat::data::PackedLines;

namespace {

std::vector<std::string> lines_of(const std::string& path) {
    PackedLines file(path);
    std::vector<std::string> lines;
    for (std::string_view line; file.next(line);) {
        lines.emplace_back(line);
        CHECK(file.number() == static_cast<int>(lines.size()));
    }
    return lines;
}

/// "one\r\n\ntwo\n" behind a byte order mark, as gzip packs it.
const std::string packed("\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x7b\xbf\x7b\x7f\x7e\x5e\x2a"
                         "\x2f\x17\x57\x49\x79\x3e\x17\x00\x2a\x3d\x7b\x5e\x0d\x00\x00\x00",
                         33);

}  // namespace

TEST_SUITE("data/packed_lines") {
    TEST_CASE("the name says whether a file is packed") {
        CHECK(is_gzip_name("train.en.gz"));
        CHECK_FALSE(is_gzip_name("train.gz.en"));
        CHECK_FALSE(is_gzip_name("train.en"));
    }
    TEST_CASE("a file and its archive have the same lines") {
        const hat::support::TemporaryDirectory folder;
        hat::support::overwrite(folder / "a", "\xEF\xBB\xBFone\r\n\ntwo\n");
        hat::support::overwrite(folder / "a.gz", packed);
        CHECK(lines_of(folder / "a") == std::vector<std::string>{"one", "", "two"});
        CHECK(lines_of(folder / "a.gz") == lines_of(folder / "a"));
    }
}
