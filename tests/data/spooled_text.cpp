// SPDX-License-Identifier: Apache-2.0
#include <hat/data/spooled_text.hpp>

#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

using hat::ThreadPool;
using hat::data::SpooledText;

namespace {

std::vector<std::string> all_of(SpooledText& text) {
    std::vector<std::string> all;
    text.visit([&](const SpooledText::Entry& entry) {
        all.push_back(std::to_string(entry.number) + ":" + std::string(entry.lines[0]) + "/" +
                      std::string(entry.lines[1]));
    });
    return all;
}

}  // namespace

TEST_SUITE("data/spooled_text") {
    TEST_CASE("pairs and lines come back in their order, as often as one asks") {
        const hat::support::TemporaryDirectory folder;
        SpooledText pairs(folder / "data", SpooledText::pairs);
        pairs.push_back("one", "eins");
        pairs.push_back("", "zwei");
        CHECK(all_of(pairs) == std::vector<std::string>{"0:one/eins", "1:/zwei"});
        pairs.push_back("three", "");
        CHECK(all_of(pairs) == std::vector<std::string>{"0:one/eins", "1:/zwei", "2:three/"});
        SpooledText lines(folder / "data", SpooledText::lines);
        CHECK(all_of(lines).empty());
        lines.push_back("one");
        lines.push_back("");
        CHECK(all_of(lines) == std::vector<std::string>{"0:one/", "1:/"});
        CHECK(std::filesystem::is_empty(folder.path()));
    }
    TEST_CASE("what is left out is no longer visited, and the others keep their numbers") {
        const hat::support::TemporaryDirectory folder;
        SpooledText text(folder / "data", SpooledText::lines);
        for (const char* line : {"a", "b", "c", "d"}) text.push_back(line);
        text.visit([&](const SpooledText::Entry& entry) {
            if (entry.number % 2 == 0) text.leave_out(entry.number);
        });
        CHECK(text.size() == 2);
        CHECK(all_of(text) == std::vector<std::string>{"1:b/", "3:d/"});
    }
    TEST_CASE("blocks and threads change nothing, also where a line is longer than a block") {
        const hat::support::TemporaryDirectory folder;
        std::vector<std::string> expected;
        for (const std::size_t block : {std::size_t{1}, std::size_t{5000}, std::size_t{1} << 20U}) {
            SpooledText text(folder / "data", SpooledText::pairs, block);
            for (int i = 0; i < 3000; ++i)
                text.push_back(std::string(static_cast<std::size_t>(i % 77), 'x'),
                               std::string(i == 1500 ? 600'000U : 3U, 'y'));
            const auto all = all_of(text);
            if (expected.empty()) expected = all;
            CHECK(all == expected);
            for (const int threads : {1, 3}) {
                ThreadPool pool(threads);
                std::vector<std::string> found;
                text.process(
                    pool,
                    [](const SpooledText::Entry& entry) {
                        return std::to_string(entry.number) + ":" + std::string(entry.lines[0]);
                    },
                    [&](const SpooledText::Entry& entry, std::string& made) {
                        found.push_back(made + "/" + std::string(entry.lines[1]));
                    });
                CHECK(found == expected);
            }
        }
    }
}
