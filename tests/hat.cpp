// SPDX-License-Identifier: Apache-2.0
#include <hat/hat.hpp>

#include "support/random_pairs.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <span>

TEST_SUITE("hat") {
    TEST_CASE("what its description says holds: alone it trains a network and serves it") {
        constexpr int vocab_size = 24;
        const auto corpus = hat::support::reversed_pairs(10, vocab_size, 1);
        hat::model::Network network(hat::support::small_architecture(vocab_size));
        network.initialize(1);
        const auto plan = hat::data::plan_batches(corpus, {.max_tokens = 1000}, 0);
        hat::data::Batch batch;
        batch.reserve(plan);
        batch.fill(corpus, plan.sentences(0));
        hat::ThreadPool pool(1);
        const hat::train::InverseSqrtSchedule rate{
            .peak_rate = 1e-3, .initial_rate = 1e-4, .warmup = 10};
        hat::train::Trainer trainer(network, rate, {}, pool);
        trainer.accumulate(hat::train::view(batch));
        CHECK_FALSE(trainer.update().skipped);

        const hat::model::PackedModel packed(network.view());
        hat::decode::Translator translator(packed, {});
        const auto source = corpus.source.sentences.tokens;
        const std::array offsets{0, static_cast<int>(corpus.source.sentences.length(0))};
        const auto results =
            translator.translate({std::span(source).first(static_cast<std::size_t>(offsets[1])),
                                  hat::Ragged(offsets.data(), 1)},
                                 {.beam = 2, .max_length_a = 1.0F, .max_length_b = 3}, pool);
        REQUIRE(results.size() == 1);
        CHECK_FALSE(results[0].empty());
    }
}
