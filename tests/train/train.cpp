// SPDX-License-Identifier: Apache-2.0
#include <hat/data/batch.hpp>
#include <hat/data/batches.hpp>
#include <hat/train/train.hpp>

#include "support/random_pairs.hpp"

#include <doctest/doctest.h>

TEST_SUITE("train/train") {
    TEST_CASE("what its description shows holds: updates lower the loss of what they are made of") {
        constexpr int vocab_size = 24;
        const auto corpus = hat::support::reversed_pairs(20, vocab_size, 1);
        hat::model::Network network(hat::support::small_architecture(vocab_size));
        network.initialize(2);
        hat::train::check_corpus(network, corpus, "pairs");
        const auto plan = hat::data::plan_batches(corpus, {.max_tokens = 1000}, 0);
        hat::data::Batch batch;
        batch.reserve(plan);
        batch.fill(corpus, plan.sentences(0));

        const hat::train::InverseSqrtSchedule schedule{
            .peak_rate = 3e-3, .initial_rate = 1e-3, .warmup = 10};
        hat::ThreadPool pool(2);
        hat::train::Trainer trainer(network, schedule, {.dropout = {.residual = 0.1F}}, pool);
        const auto update = [&] {
            trainer.accumulate(hat::train::view(batch));
            return trainer.update().loss.loss;
        };
        const double untrained = update();
        for (int i = 0; i < 8; ++i) update();
        CHECK(update() < 0.9 * untrained);
    }
}
