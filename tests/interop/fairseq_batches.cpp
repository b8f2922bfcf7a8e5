// SPDX-License-Identifier: Apache-2.0
#include <hat/interop/fairseq_batches.hpp>

#include "support/batch_lists.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <initializer_list>
#include <set>
#include <utility>
#include <vector>

using namespace hat::interop;
using namespace hat::data;
using hat::support::batches_of;

namespace {

/// Pairs of sentences of these lengths.
Corpus corpus_of(std::initializer_list<std::pair<int, int>> lengths) {
    Corpus corpus;
    const auto add = [](Side& side, int length) {
        std::vector<int> sentence(static_cast<std::size_t>(length), 5);
        sentence.back() = 2;
        side.sentences.push_back(sentence);
    };
    for (const auto& [source, target] : lengths) {
        add(corpus.source, source);
        add(corpus.target, target);
    }
    return corpus;
}

}  // namespace

TEST_SUITE("interop/fairseq_batches") {
    TEST_CASE("shuffling is that of NumPy") {
        std::vector<int> items{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
        hat::interop::detail::numpy_shuffle(items, 1);  // numpy.random.seed(1); permutation(10)
        CHECK(items == std::vector<int>{2, 9, 6, 4, 0, 3, 1, 7, 8, 5});
    }

    TEST_CASE("pairs go by source length, then by target length, into padded batches") {
        const Corpus corpus = corpus_of({{3, 3}, {2, 4}, {2, 3}, {5, 2}});
        const auto plan = plan_fairseq_batches(corpus, {.max_tokens = 8, .multiple = 1}, 0);
        CHECK(batches_of(plan) == std::vector<std::vector<int>>{{2, 1}, {0}, {3}});
        CHECK(plan.max_source_tokens() == 5);
        CHECK(plan.max_target_tokens() == 7);
    }

    TEST_CASE("a full batch keeps a multiple of sentences, and the rest goes on") {
        const Corpus corpus = corpus_of({{2, 2}, {2, 3}, {2, 4}, {2, 5}, {2, 6}, {2, 7}});
        const auto with = [&](int max_sentences, int multiple) {
            return batches_of(plan_fairseq_batches(
                corpus, {.max_tokens = 1000, .max_sentences = max_sentences, .multiple = multiple},
                0));
        };
        CHECK(with(3, 2) == std::vector<std::vector<int>>{{0, 1}, {2, 3}, {4, 5}});
        CHECK(with(3, 8) == std::vector<std::vector<int>>{{0, 1, 2}, {3, 4, 5}});
        CHECK(with(0, 2) == std::vector<std::vector<int>>{{0, 1, 2, 3, 4, 5}});
    }

    TEST_CASE("epochs have the same batches in different orders, and rows the longest first") {
        const Corpus corpus =
            corpus_of({{2, 2}, {3, 3}, {4, 4}, {5, 5}, {6, 6}, {7, 7}, {8, 8}, {9, 9}});
        const FairseqBatchOptions options{.max_tokens = 18, .multiple = 1};
        const auto made = batches_of(plan_fairseq_batches(corpus, options, 0));
        std::set<std::vector<std::vector<int>>> orders;
        for (int epoch = 1; epoch <= 5; ++epoch) {
            auto batches = batches_of(plan_fairseq_batches(corpus, options, epoch));
            orders.insert(batches);
            CHECK(std::set(batches.begin(), batches.end()) == std::set(made.begin(), made.end()));
        }
        CHECK(orders.size() > 1);
        CHECK(fairseq_rows(corpus, std::vector<int>{0, 3, 1}) == std::vector<int>{3, 1, 0});
    }

    TEST_CASE("pairs that are too long are left out, those over the budget an error") {
        const Corpus corpus = corpus_of({{2, 2}, {3, 9}});
        CHECK(batches_of(plan_fairseq_batches(corpus, {.max_length = 8}, 0)) ==
              std::vector<std::vector<int>>{{0}});
        CHECK_THROWS_WITH_AS(static_cast<void>(plan_fairseq_batches(corpus, {.max_tokens = 8}, 0)),
                             "pair 2 of the corpus: found 9 tokens, expected at most 8, the budget "
                             "of a batch",
                             hat::Error);
        CHECK(plan_fairseq_batches(corpus_of({}), {}, 1).size() == 0);
    }
}
