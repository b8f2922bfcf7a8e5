// SPDX-License-Identifier: Apache-2.0
#include <hat/data/batch.hpp>
#include <hat/data/batches.hpp>
#include <hat/train/shards.hpp>
#include <hat/train/validation.hpp>

#include "support/random_pairs.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

using hat::train::ShardedGradients;
using hat::train::ShardOptions;

namespace {

constexpr int vocab_size = 30;

/// One batch of all pairs and a network with random weights.
struct Case {
    hat::data::Corpus corpus = hat::support::reversed_pairs(40, vocab_size, 3);
    hat::data::Batch batch;
    hat::model::Network network{hat::support::small_architecture(vocab_size)};

    Case() {
        network.initialize(5);
        std::vector<int> all(static_cast<std::size_t>(corpus.size()));
        std::iota(all.begin(), all.end(), 0);
        batch.fill(corpus, all);
    }

    struct Result {
        hat::Slab gradients;
        double loss;
        double norm;
    };

    Result run(ShardOptions options, int threads, float dropout) {
        hat::ThreadPool pool(threads);
        ShardedGradients sharded(network.table(), options, pool);
        sharded.add([&](hat::model::Gradients* gradients) { return network.view(gradients); },
                    {{.residual = dropout, .attention = dropout}, 0.1F}, hat::RandomKey(9),
                    hat::train::view(batch));
        const auto sum = sharded.reduce();
        return {sharded.total().values, sum.loss.loss.loss, sum.norm};
    }
};

double largest_difference(const hat::Slab& a, const hat::Slab& b) {
    double worst = 0;
    for (std::ptrdiff_t i = 0; i < a.size(); ++i) {
        worst = std::max(worst, std::abs(static_cast<double>(a.data()[i] - b.data()[i])));
    }
    return worst;
}

}  // namespace

TEST_SUITE("train/shards") {
    TEST_CASE("any number of threads gives the same bits") {
        Case c;
        const auto one = c.run({.shards = 4, .micro_batch_tokens = 24}, 1, 0.2F);
        const auto two = c.run({.shards = 4, .micro_batch_tokens = 24}, 2, 0.2F);
        const auto three = c.run({.shards = 4, .micro_batch_tokens = 24}, 3, 0.2F);
        CHECK(one.loss == two.loss);
        CHECK(one.norm == two.norm);
        CHECK(largest_difference(one.gradients, two.gradients) == 0);
        CHECK(largest_difference(one.gradients, three.gradients) == 0);
    }

    TEST_CASE("shards and micro-batches change the gradient by rounding only") {
        Case c;
        const auto whole = c.run({.shards = 1, .micro_batch_tokens = 100000}, 1, 0.0F);
        const auto cut = c.run({.shards = 5, .micro_batch_tokens = 17}, 2, 0.0F);
        CHECK(cut.loss == doctest::Approx(whole.loss).epsilon(1e-6));
        CHECK(cut.norm == doctest::Approx(whole.norm).epsilon(1e-4));
        CHECK(largest_difference(whole.gradients, cut.gradients) < 1e-4 * whole.norm);
    }

    TEST_CASE("the norm is that of the summed gradients") {
        Case c;
        const auto result = c.run({.shards = 3, .micro_batch_tokens = 50}, 2, 0.0F);
        double squares = 0;
        for (std::ptrdiff_t i = 0; i < result.gradients.size(); ++i) {
            const auto g = static_cast<double>(result.gradients.data()[i]);
            squares += g * g;
        }
        CHECK(result.norm == doctest::Approx(std::sqrt(squares)).epsilon(1e-5));
    }

    TEST_CASE("more shards than sentences leave the rest empty") {
        Case c;
        const std::vector<int> two{0, 1};
        c.batch.fill(c.corpus, two);
        const auto many = c.run({.shards = 16, .micro_batch_tokens = 8}, 2, 0.0F);
        const auto one = c.run({.shards = 1, .micro_batch_tokens = 1000}, 1, 0.0F);
        CHECK(many.loss == doctest::Approx(one.loss).epsilon(1e-6));
    }

    TEST_CASE("a sub-batch is the same sentences with offsets from zero") {
        Case c;
        hat::Arena memory;
        const auto whole = hat::train::view(c.batch);
        const auto part = hat::train::sub_batch(whole, 3, 7, memory);
        REQUIRE(part.target_sentences.sentences() == 4);
        for (int i = 0; i < 4; ++i) {
            CHECK(part.source_sentences.length(i) == whole.source_sentences.length(3 + i));
            const int here = part.target_sentences.begin(i);
            const int there = whole.target_sentences.begin(3 + i);
            CHECK(part.target[static_cast<std::size_t>(here)] ==
                  whole.target[static_cast<std::size_t>(there)]);
            CHECK(part.input[static_cast<std::size_t>(here)] == 2);
        }
    }

    TEST_CASE("options out of range are errors") {
        Case c;
        hat::ThreadPool pool(1);
        CHECK_THROWS_WITH_AS(ShardedGradients(c.network.table(), {.shards = 0}, pool),
                             "training: shards = 0, expected 1 to 1024", hat::Error);
        CHECK_THROWS_WITH_AS(ShardedGradients(c.network.table(), {.micro_batch_tokens = 0}, pool),
                             "training: micro_batch_tokens = 0, expected at least 1", hat::Error);
    }
}
