// SPDX-License-Identifier: Apache-2.0
#include <hat/core/random.hpp>
#include <hat/data/batches.hpp>

#include "support/batch_lists.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <vector>

using hat::data::BatchOptions;
using hat::data::BatchPlan;
using hat::data::Budget;
using hat::data::Corpus;
using hat::data::plan_batches;
using hat::support::batches_of;

namespace {

/// `size` pairs of 1 to 40 tokens a side.
Corpus random_corpus(int size) {
    hat::Random random(7);
    Corpus corpus{{.vocab_size = 4, .eos = 2}, {.vocab_size = 4, .eos = 2}};
    for (int i = 0; i < size; ++i)
        for (auto* side : {&corpus.source, &corpus.target})
            side->sentences.push_back(std::vector<int>(1 + random.below(40), 2));
    return corpus;
}

int tokens(const hat::data::Side& side, const std::vector<int>& batch) {
    int count = 0;
    for (const int i : batch) count += side.sentences.length(i);
    return count;
}

}  // namespace

TEST_SUITE("data/batches") {
    TEST_CASE("every pair is in exactly one batch, and no batch exceeds the budget") {
        const Corpus corpus = random_corpus(1000);
        for (const Budget budget : {Budget::target, Budget::both_sides}) {
            const BatchPlan plan =
                plan_batches(corpus, {.max_tokens = 200, .budget = budget, .max_sentences = 30}, 1);
            std::vector<int> seen;
            int most_source = 0;
            int most_target = 0;
            std::size_t most_sentences = 0;
            for (const auto& batch : batches_of(plan)) {
                seen.insert(seen.end(), batch.begin(), batch.end());
                most_source = std::max(most_source, tokens(corpus.source, batch));
                most_target = std::max(most_target, tokens(corpus.target, batch));
                most_sentences = std::max(most_sentences, batch.size());
            }
            CHECK(most_target <= 200);
            CHECK((most_source <= 200) == (budget == Budget::both_sides));
            CHECK(most_sentences <= 30);
            CHECK(plan.max_source_tokens() == most_source);
            CHECK(plan.max_target_tokens() == most_target);
            CHECK(plan.max_sentences() == static_cast<int>(most_sentences));
            std::sort(seen.begin(), seen.end());
            std::vector<int> all(1000);
            std::iota(all.begin(), all.end(), 0);
            CHECK(seen == all);
        }
    }

    TEST_CASE("batches are filled: two neighbours never fit into one") {
        const Corpus corpus = random_corpus(1000);
        const BatchPlan plan = plan_batches(corpus, {.max_tokens = 200, .shuffle = false}, 1);
        const auto batches = batches_of(plan);
        for (std::size_t b = 1; b < batches.size(); ++b)
            CHECK(tokens(corpus.target, batches[b - 1]) +
                      corpus.target.sentences.length(batches[b].front()) >
                  200);
    }

    TEST_CASE("the lengths in a batch are those of one bucket, or of neighbours") {
        const Corpus corpus = random_corpus(5000);
        const BatchPlan plan = plan_batches(corpus, {.max_tokens = 400, .bucket_width = 4}, 1);
        for (const auto& batch : batches_of(plan)) {
            const auto [low, high] =
                std::minmax_element(batch.begin(), batch.end(), [&](int a, int b) {
                    return corpus.target.sentences.length(a) < corpus.target.sentences.length(b);
                });
            CHECK(corpus.target.sentences.length(*high) / 4 -
                      corpus.target.sentences.length(*low) / 4 <=
                  1);
        }
    }

    TEST_CASE("the same seed and epoch give the same batches, others give others") {
        const Corpus corpus = random_corpus(300);
        const BatchOptions options{.max_tokens = 100, .seed = 5};
        const auto first = batches_of(plan_batches(corpus, options, 1));
        CHECK(batches_of(plan_batches(corpus, options, 1)) == first);
        CHECK(batches_of(plan_batches(corpus, options, 2)) != first);
        CHECK(batches_of(plan_batches(corpus, {.max_tokens = 100, .seed = 6}, 1)) != first);
    }

    TEST_CASE("without shuffling, epochs are alike and sentences of a bucket keep their order") {
        const Corpus corpus = random_corpus(300);
        const BatchOptions options{.max_tokens = 100, .bucket_width = 100, .shuffle = false};
        std::vector<int> order;
        for (const auto& batch : batches_of(plan_batches(corpus, options, 1)))
            order.insert(order.end(), batch.begin(), batch.end());
        CHECK(std::is_sorted(order.begin(), order.end()));
        CHECK(batches_of(plan_batches(corpus, options, 2)) ==
              batches_of(plan_batches(corpus, options, 1)));
    }

    TEST_CASE("the batches of a seed are the same on every machine") {
        const BatchPlan plan = plan_batches(random_corpus(8), {.max_tokens = 60, .seed = 1}, 1);
        CHECK(batches_of(plan) == std::vector<std::vector<int>>{{1, 4, 5, 7, 0, 2}, {6}, {3}});
    }

    TEST_CASE("a pair longer than the budget is an error that names it") {
        const Corpus corpus = random_corpus(50);
        Corpus long_corpus = corpus;
        long_corpus.source.sentences.push_back(std::vector<int>(70, 2));
        long_corpus.target.sentences.push_back(std::vector<int>(10, 2));
        CHECK(plan_batches(long_corpus, {.max_tokens = 64}, 1).size() > 0);
        CHECK_THROWS_WITH_AS(
            static_cast<void>(
                plan_batches(long_corpus, {.max_tokens = 64, .budget = Budget::both_sides}, 1)),
            "pair 51 of the corpus: found 70 tokens, expected at most 64, the budget of a batch",
            hat::Error);
    }

    TEST_CASE("options that cannot be are errors") {
        const Corpus corpus = random_corpus(3);
        CHECK_THROWS_WITH_AS(static_cast<void>(plan_batches(corpus, {.max_tokens = -1}, 1)),
                             "batches: found a budget of -1 tokens, expected at least 1",
                             hat::Error);
        CHECK_THROWS_AS(static_cast<void>(plan_batches(corpus, {.max_sentences = -1}, 1)),
                        hat::Error);
        CHECK_THROWS_AS(static_cast<void>(plan_batches(corpus, {.bucket_width = 0}, 1)),
                        hat::Error);
    }

    TEST_CASE("an empty corpus has no batches") {
        CHECK(plan_batches(random_corpus(0), {}, 1).size() == 0);
    }
}
