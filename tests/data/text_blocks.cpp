// SPDX-License-Identifier: Apache-2.0
#include <hat/data/batch.hpp>
#include <hat/data/corpus_file.hpp>
#include <hat/data/text_blocks.hpp>

#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

using hat::data::Batch;
using hat::data::Corpus;
using hat::data::cut_into_blocks;
using hat::data::Side;

namespace {

constexpr int eos = 2;

/// Three lines: 4 5 6, an empty one, 7 8.
const Side text{.sentences = {.tokens = {4, 5, 6, eos, eos, 7, 8, eos}, .offsets = {0, 4, 5, 8}},
                .vocab_size = 10,
                .eos = eos};

}  // namespace

TEST_SUITE("data/text_blocks") {
    TEST_CASE("blocks cut the text wherever its lines end, and hold every token once") {
        const Corpus blocks = cut_into_blocks(text, 3);
        CHECK(blocks.size() == 3);
        CHECK_FALSE(blocks.has_source());
        CHECK(blocks.target.sentences.tokens == text.sentences.tokens);
        CHECK(blocks.target.sentences.offsets == std::vector<std::int64_t>{0, 3, 6, 8});
        CHECK(cut_into_blocks(text, 100).size() == 1);
        CHECK(cut_into_blocks(text, 4).size() == 2);
        CHECK(cut_into_blocks(Side{}, 4).size() == 0);
    }

    TEST_CASE("the model reads the stream moved by one, with an end of line in front of it") {
        const Corpus blocks = cut_into_blocks(text, 3);
        Batch batch;
        batch.fill(blocks, std::vector{2, 0, 1});
        CHECK(std::ranges::equal(batch.target_tokens(), std::vector{8, eos, 4, 5, 6, eos, eos, 7}));
        CHECK(std::ranges::equal(batch.decoder_input(), std::vector{7, 8, eos, 4, 5, 6, eos, eos}));
        CHECK(batch.sentences() == 3);
        CHECK(batch.target().length(0) == 2);
        CHECK(batch.source().sentences() == 0);
        CHECK(batch.source_tokens().empty());
    }

    TEST_CASE("blocks go into batches of a budget, in another order each epoch") {
        Side longer = text;
        for (int i = 0; i < 50; ++i) longer.sentences.push_back(std::vector{5, 6, 7, 8, eos});
        const Corpus blocks = cut_into_blocks(longer, 4);
        const auto order = [&](int epoch) {
            std::vector<int> blocks_in_order;
            const auto plan = plan_batches(blocks, {.max_tokens = 16, .seed = 3}, epoch);
            CHECK(plan.max_target_tokens() == 16);
            CHECK(plan.max_source_tokens() == 0);
            for (int b = 0; b < plan.size(); ++b) {
                for (const int i : plan.sentences(b)) blocks_in_order.push_back(i);
            }
            return blocks_in_order;
        };
        const std::vector<int> first = order(0);
        CHECK(first == order(0));
        CHECK(first != order(1));
        std::vector<int> sorted = first;
        std::ranges::sort(sorted);
        for (int i = 0; i < blocks.size(); ++i) CHECK(sorted.at(static_cast<std::size_t>(i)) == i);
    }

    TEST_CASE("a text without source is saved and loaded") {
        const hat::support::TemporaryDirectory folder;
        const Corpus lines{{}, text};
        save_corpus(lines, folder / "text.corpus");
        CHECK(hat::data::load_corpus(folder / "text.corpus") == lines);
    }

    TEST_CASE("a block of no tokens is an error") {
        CHECK_THROWS_WITH_AS(static_cast<void>(cut_into_blocks(text, 0)),
                             "text: found blocks of 0 tokens, expected at least 1", hat::Error);
    }
}
