// SPDX-License-Identifier: Apache-2.0
#include <hat/core/error.hpp>
#include <hat/data/batch.hpp>
#include <hat/data/batches.hpp>
#include <hat/train/trainer.hpp>
#include <hat/train/validation.hpp>

#include "support/allocations.hpp"
#include "support/random_pairs.hpp"
#include "support/thread_ranks.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <vector>

using hat::train::Trainer;
using hat::train::TrainerOptions;

namespace {

constexpr int vocab_size = 24;

const hat::train::InverseSqrtSchedule schedule{
    .peak_rate = 3e-3, .initial_rate = 1e-4, .warmup = 10};

/// Trains on every batch of one epoch after the other.
struct Run {
    hat::data::Corpus corpus = hat::support::reversed_pairs(120, vocab_size, 1);
    hat::model::Network network{hat::support::small_architecture(vocab_size)};
    hat::ThreadPool pool;
    Trainer trainer;
    hat::data::BatchPlan plan = hat::data::plan_batches(corpus, {.max_tokens = 150}, 0);
    hat::data::Batch batch;

    explicit Run(int threads, TrainerOptions options = {.dropout = {.residual = 0.1F}},
                 hat::distributed::Communicator& ranks = hat::distributed::serial())
        : pool(threads), trainer(network, schedule, with_small_shards(options), pool, ranks) {
        network.initialize(2);
        batch.reserve(plan);
    }
    static TrainerOptions with_small_shards(TrainerOptions options) {
        options.shards = {.shards = 4, .micro_batch_tokens = 40};
        return options;
    }

    hat::train::UpdateResult step() {
        const auto index = static_cast<int>(trainer.updates() % plan.size());
        batch.fill(corpus, plan.sentences(index));
        trainer.accumulate(hat::train::view(batch));
        return trainer.update();
    }
    /// With the tokens of this rank's sentences alone.
    void step_of_rank() {
        const auto pairs = plan.sentences(static_cast<int>(trainer.updates() % plan.size()));
        batch.lay_out(corpus, pairs);
        const auto own = trainer.own_sentences(hat::train::view(batch));
        if (own.last - own.first == std::ssize(pairs)) hat::fail("one rank has all sentences");
        batch.read(corpus, pairs, own.first, own.last);
        trainer.accumulate(hat::train::view(batch));
        trainer.update();
    }
    double mean_loss(int updates) {
        double loss = 0;
        double tokens = 0;
        for (int i = 0; i < updates; ++i) {
            const auto result = step();
            loss += result.loss.loss;
            tokens += static_cast<double>(result.target_tokens);
        }
        return loss / tokens;
    }
};

bool same_bits(const hat::Slab& a, const hat::Slab& b) {
    return std::equal(a.data(), a.data() + a.size(), b.data(), b.data() + b.size());
}

}  // namespace

TEST_SUITE("train/trainer") {
    TEST_CASE("ranks that have the tokens of their own sentences alone train as one process does") {
        Run one(1);
        for (int i = 0; i < 4; ++i) one.step();
        hat::support::ThreadRanks(3).run([&](hat::distributed::Communicator& ranks) {
            Run own(1, {.dropout = {.residual = 0.1F}}, ranks);
            for (int i = 0; i < 4; ++i) own.step_of_rank();
            const bool same = same_bits(own.network.values(), one.network.values());
            if (!same) hat::fail("rank ", ranks.rank(), " has other parameters");
        });
    }

    TEST_CASE("one and two threads give the same losses and parameters, bit by bit") {
        Run one(1);
        Run two(2);
        for (int i = 0; i < 8; ++i) {
            const auto a = one.step();
            const auto b = two.step();
            CHECK(a.loss.loss == b.loss.loss);
            CHECK(a.gradient_norm == b.gradient_norm);
        }
        CHECK(same_bits(one.network.values(), two.network.values()));
    }

    TEST_CASE("a steady update makes no heap call") {
        Run run(2);
        for (int i = 0; i < 2 * run.plan.size(); ++i) run.step();
        for (int i = 0; i < 2; ++i) {
            CHECK(hat::support::allocations_in([&] {
                      for (int b = 0; b < run.plan.size(); ++b) run.step();
                  }) == 0);
        }
    }

    TEST_CASE("training lowers the loss") {
        Run run(2);
        const double first = run.mean_loss(10);
        for (int i = 0; i < 150; ++i) run.step();
        CHECK(run.mean_loss(10) < 0.7 * first);
    }

    TEST_CASE("batches of one update count by their tokens") {
        Run joined(1, {});
        Run apart(1, {});
        std::vector<int> both;
        for (const int b : {0, 1}) {
            const auto sentences = joined.plan.sentences(b);
            both.insert(both.end(), sentences.begin(), sentences.end());
            apart.batch.fill(apart.corpus, sentences);
            apart.trainer.accumulate(hat::train::view(apart.batch));
        }
        joined.batch.fill(joined.corpus, both);
        joined.trainer.accumulate(hat::train::view(joined.batch));
        const auto a = joined.trainer.update();
        const auto b = apart.trainer.update();
        CHECK(a.target_tokens == b.target_tokens);
        CHECK(a.loss.loss == doctest::Approx(b.loss.loss).epsilon(1e-6));
        CHECK(a.gradient_norm == doctest::Approx(b.gradient_norm).epsilon(1e-4));
    }

    TEST_CASE("an update whose gradient is not finite changes nothing and says so") {
        Run run(1, {});
        run.step();
        const auto entry =
            run.network.table()[run.network.table().index("decoder.layers.1.fc1.weight")];
        const float old = run.network.values().data()[entry.offset];
        run.network.values().data()[entry.offset] = std::numeric_limits<float>::quiet_NaN();
        hat::Slab before = run.network.values();
        CHECK(run.step().skipped);
        run.network.values().data()[entry.offset] = old;
        before.data()[entry.offset] = old;
        CHECK(same_bits(before, run.network.values()));
        CHECK_FALSE(run.step().skipped);
    }

    TEST_CASE("options out of range are errors") {
        hat::model::Network network(hat::support::small_architecture(vocab_size));
        hat::ThreadPool pool(1);
        CHECK_THROWS_AS(Trainer(network, schedule, {.dropout = {.residual = 1.0F}}, pool),
                        hat::Error);
        CHECK_THROWS_AS(Trainer(network, schedule, {.label_smoothing = -0.1F}, pool), hat::Error);
        CHECK_THROWS_AS(Trainer(network, schedule, {.clip_norm = -1}, pool), hat::Error);
        using Rates = hat::nn::DropoutRates;
        for (float Rates::*const rate :
             {&Rates::residual, &Rates::attention, &Rates::activation, &Rates::unit,
              &Rates::embedding, &Rates::position, &Rates::softmax}) {
            for (const float value : {-0.1F, 1.0F, std::nanf("")}) {
                TrainerOptions options;
                options.dropout.*rate = value;
                CHECK_THROWS_AS(Trainer(network, schedule, options, pool), hat::Error);
            }
        }
    }
}
