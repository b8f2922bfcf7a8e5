// SPDX-License-Identifier: Apache-2.0
#include <hat/core/error.hpp>
#include <hat/data/batch.hpp>

#include "support/allocations.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

using hat::data::Batch;
using hat::data::BatchPlan;
using hat::data::Corpus;

namespace {

const Corpus corpus{
    .source = {.sentences = {.tokens = {4, 5, 2, 6, 2, 9, 9, 9, 2}, .offsets = {0, 3, 5, 9}},
               .vocab_size = 10,
               .eos = 2},
    .target = {.sentences = {.tokens = {7, 3, 8, 9, 3, 3}, .offsets = {0, 2, 5, 6}},
               .vocab_size = 12,
               .eos = 3}};

}  // namespace

TEST_SUITE("data/batch") {
    TEST_CASE("sentences follow one another, and the decoder reads eos first") {
        Batch batch;
        batch.fill(corpus, std::vector{1, 0});
        CHECK(batch.sentences() == 2);
        CHECK(std::ranges::equal(batch.source_tokens(), std::vector{6, 2, 4, 5, 2}));
        CHECK(std::ranges::equal(batch.target_tokens(), std::vector{8, 9, 3, 7, 3}));
        CHECK(std::ranges::equal(batch.decoder_input(), std::vector{3, 8, 9, 3, 7}));
        CHECK(batch.source().begin(1) == 2);
        CHECK(batch.source().length(1) == 3);
        CHECK(batch.target().begin(1) == 3);
        CHECK(batch.target().tokens() == 5);
    }
    TEST_CASE("filling replaces what was there") {
        Batch batch;
        batch.fill(corpus, std::vector{1, 0});
        batch.fill(corpus, std::vector{2});
        CHECK(batch.sentences() == 1);
        CHECK(std::ranges::equal(batch.source_tokens(), std::vector{9, 9, 9, 2}));
        CHECK(std::ranges::equal(batch.decoder_input(), std::vector{3}));
        batch.fill(corpus, {});
        CHECK(batch.sentences() == 0);
        CHECK(batch.source().tokens() == 0);
    }
    TEST_CASE("tokens of some sentences are read into a batch that is laid out") {
        Batch batch;
        batch.fill(corpus, std::vector{1, 2});
        const std::vector pairs{1, 0, 2};
        batch.lay_out(corpus, pairs);
        CHECK(batch.source().tokens() == 9);
        CHECK(batch.target().tokens() == 6);
        CHECK(std::ranges::count(batch.source_tokens(), 0) == 9);
        batch.read(corpus, pairs, 1, 2);
        CHECK(std::ranges::equal(batch.source_tokens(), std::vector{0, 0, 4, 5, 2, 0, 0, 0, 0}));
        CHECK(std::ranges::equal(batch.target_tokens(), std::vector{0, 0, 0, 7, 3, 0}));
        CHECK(std::ranges::equal(batch.decoder_input(), std::vector{0, 0, 0, 3, 7, 0}));
        batch.read(corpus, pairs, 2, 2);
        CHECK(batch.target_tokens()[5] == 0);
    }
    TEST_CASE("a token that is in no vocabulary is an error where it is read") {
        Corpus wrong = corpus;
        wrong.target.sentences.tokens[4] = 12;  // what ends sentence 2
        const auto error_of = [&](std::vector<int> pairs, int first, int last) {
            Batch batch;
            batch.lay_out(wrong, pairs);
            try {
                batch.read(wrong, pairs, first, last);
            } catch (const hat::Error& error) {
                return std::string(error.what());
            }
            return std::string();
        };
        CHECK(error_of({1, 0}, 0, 1) == "corpus: target 2 has token 12, expected 0 to 11");
        CHECK(error_of({2}, 0, 1) == "corpus: target 2 has token 12, expected 0 to 11");
        CHECK(error_of({1, 0}, 1, 2).empty());
        wrong.source.sentences.tokens[0] = -1;
        CHECK(error_of({1, 0}, 1, 2) == "corpus: source 1 has token -1, expected 0 to 9");
    }
    TEST_CASE("once there is room for a plan, filling allocates nothing") {
        const BatchPlan plan = plan_batches(corpus, {.max_tokens = 4}, 1);
        Batch batch;
        batch.reserve(plan);
        CHECK(hat::support::allocations_in([&] {
                  for (int b = 0; b < plan.size(); ++b) batch.fill(corpus, plan.sentences(b));
              }) == 0);
    }
}
