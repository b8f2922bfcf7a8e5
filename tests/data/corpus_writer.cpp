// SPDX-License-Identifier: Apache-2.0
#include <hat/data/corpus_writer.hpp>

#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <vector>

using hat::data::Side;
using hat::data::SideWriter;

TEST_SUITE("data/corpus_writer") {
    TEST_CASE("sentences that were written are those of a side in memory, but lie on the disk") {
        const hat::support::TemporaryDirectory folder;
        Side expected{.vocab_size = 10, .eos = 2};
        Side found;
        {
            SideWriter writer(folder / "data", 10, 2);
            for (int i = 0; i < 1000; ++i) {
                std::vector<int> sentence(static_cast<std::size_t>(i % 5), 3 + i % 7);
                sentence.push_back(2);
                writer.push_back(sentence);
                expected.sentences.push_back(sentence);
            }
            CHECK(writer.size() == 1000);
            found = writer.take();
        }
        CHECK(found == expected);
        CHECK(found.sentences.tokens.is_mapped());
        CHECK(std::filesystem::is_empty(folder.path()));
    }
    TEST_CASE("a side without sentences is empty") {
        const hat::support::TemporaryDirectory folder;
        SideWriter writer(folder / "data", 10, 2);
        CHECK(writer.take() == Side{.vocab_size = 10, .eos = 2});
    }
}
