// SPDX-License-Identifier: Apache-2.0
#include <hat/data/text_sample.hpp>

#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace hat::data;
using Lines = std::vector<std::string>;

TEST_SUITE("data/text_sample") {
    TEST_CASE("a sample of pairs is that of all sources, then all targets") {
        const hat::support::TemporaryDirectory folder;
        SpooledText text(folder / "data", SpooledText::pairs);
        Lines sources;
        Lines targets;
        for (int i = 0; i < 50; ++i) {
            const std::string line = std::to_string(i);
            text.push_back(line, "t" + line);
            if (i % 5 == 3) {
                text.leave_out(i);
                continue;
            }
            sources.push_back(line);
            targets.push_back("t" + line);
        }
        for (const int most : {1, 2, 7, 40, 79, 80, 1000}) {
            const LineSample expected({&sources, &targets}, most, {});
            const TextSample sample = sample_text(text, {.lines = most});
            Lines lines;
            for (std::size_t i = 0; i < expected.size(); ++i) lines.push_back(expected[i]);
            CHECK(sample.lines == lines);
            CHECK(sample.text_lines == 80);
        }
    }
    TEST_CASE("a sample has about as many bytes as allowed, and at least a line") {
        const hat::support::TemporaryDirectory folder;
        SpooledText text(folder / "data", SpooledText::lines);
        for (int i = 0; i < 1000; ++i) text.push_back(std::string(10, 'x'));
        const TextSample sample = sample_text(text, {.bytes = 250});
        CHECK(sample.lines.size() == 25);
        CHECK(sample.bytes == 250);
        CHECK(sample_text(text, {.bytes = 10'000}).lines.size() == 1000);
        CHECK(sample_text(text, {.bytes = 1}).lines.size() == 1);
        SpooledText empty(folder / "data", SpooledText::lines);
        CHECK(sample_text(empty, {}).lines.empty());
    }
}
