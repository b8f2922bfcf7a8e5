// SPDX-License-Identifier: Apache-2.0
#include <hat/decode/translate.hpp>
#include <hat/latency/timed_translation.hpp>
#include <hat/model/network.hpp>
#include <hat/model/presets.hpp>

#include "support/allocations.hpp"
#include "support/fake_clock.hpp"

#include <doctest/doctest.h>

#include <set>
#include <vector>

using namespace hat::latency;
using hat::model::PackedModel;
using hat::support::FakeClock;
using hat::support::FakeTime;

namespace {

PackedModel small_model() {
    static hat::model::Network network = [] {
        hat::model::Network made(hat::model::uniform({.encoder_layers = 2,
                                                      .decoder_layers = 2,
                                                      .embed_dim = 16,
                                                      .ffn_dim = 24,
                                                      .heads = 2,
                                                      .attended_layers = 2},
                                                     40, 40));
        made.initialize(1);
        return made;
    }();
    return PackedModel(network.view());
}

}  // namespace

TEST_SUITE("latency/timed_translation") {
    TEST_CASE("every translation has exactly its target length") {
        for (const int beam : {1, 4}) {
            const LatencyWorkload workload{.lengths = {{3, 7}, {9, 1}, {1, 20}}, .beam = beam};
            TimedTranslation timed(small_model(), workload);
            timed.run();
            for (std::size_t i = 0; i < workload.lengths.size(); ++i) {
                CHECK(static_cast<int>(timed.source(i).size()) == workload.lengths[i].source);
                REQUIRE(!timed.translations(i).empty());
                for (const auto& hypothesis : timed.translations(i)) {
                    CHECK(static_cast<int>(hypothesis.tokens.size()) == workload.lengths[i].target);
                }
            }
        }
    }

    TEST_CASE("what is timed is what a translator does") {
        for (const int beam : {1, 5}) {
            TimedTranslation timed(small_model(), {.lengths = {{11, 9}}, .beam = beam});
            timed.run();
            const PackedModel packed = small_model();
            hat::decode::Translator translator(packed, {});
            hat::ThreadPool pool(1);
            const auto source = timed.source(0);
            const int offsets[] = {0, static_cast<int>(source.size())};
            const auto expected = translator.translate(
                {source, hat::Ragged(offsets, 1)},
                {.beam = beam, .max_length_b = 8, .min_length = 8, .scores = beam > 1}, pool);
            CHECK(timed.translations(0) == expected.front());
        }
    }

    TEST_CASE("the encoder's time is that of the start, the decoder's all the rest") {
        FakeTime time{.tick_ms = 1};
        // The clock is read before all, before and after the start, and after all.
        TimedTranslation timed(small_model(), {.lengths = {{5, 6}, {4, 3}, {8, 2}}},
                               FakeClock{&time});
        CHECK(timed.run() == Latency{1.0, 2.0});
        CHECK(time.now_ms == 12.0);
        CHECK(timed.run() == Latency{1.0, 2.0});
    }

    TEST_CASE("runs after the first allocate nothing") {
        TimedTranslation timed(small_model(), {.lengths = {{5, 6}, {14, 23}}});
        timed.run();
        CHECK(hat::support::allocations_in([&] { timed.run(); }) == 0);
    }

    TEST_CASE("real time passes") {
        TimedTranslation timed(small_model(), {.lengths = {{5, 6}}});
        const Latency latency = timed.run();
        CHECK(latency.encoder_ms > 0);
        CHECK(latency.decoder_ms > 0);
    }

    TEST_CASE("a workload that the network cannot do is named") {
        const auto time = [](const LatencyWorkload& workload) {
            TimedTranslation timed(small_model(), workload);
        };
        CHECK_THROWS_WITH_AS(time({.lengths = {{3, 3}, {1025, 3}}}),
                             "latency: a source of 1025 tokens, expected 1 to 1024, the positions "
                             "that the network has",
                             hat::Error);
        CHECK_THROWS_WITH_AS(time({.lengths = {{3, 0}}}),
                             "latency: a target of 0 tokens, expected 1 to 1024, the positions "
                             "that the network has",
                             hat::Error);
        CHECK_THROWS_WITH_AS(time({.lengths = {}}), "latency: there are no sentences to time",
                             hat::Error);
        CHECK_THROWS_WITH_AS(time({.beam = 0}), "search: beam = 0, expected 1 to 10000",
                             hat::Error);
        hat::model::Network tiny(hat::model::uniform(
            {.encoder_layers = 1, .decoder_layers = 1, .embed_dim = 16, .ffn_dim = 8, .heads = 2},
            4, 4));
        CHECK_THROWS_WITH_AS(TimedTranslation(PackedModel(tiny.view()), {}),
                             "latency: vocabularies of 4 and 4, expected more than 4", hat::Error);
    }

    TEST_CASE("a network with lists chooses among so many tokens alone") {
        auto a = hat::model::uniform(
            {.encoder_layers = 1, .decoder_layers = 1, .embed_dim = 16, .ffn_dim = 24, .heads = 2},
            40, 40);
        a.serving.listed_tokens = 16;
        hat::model::Network network(a);
        network.initialize(1);
        std::set<int> chosen;
        for (const int beam : {1, 4}) {
            TimedTranslation timed(PackedModel(network.view()),
                                   {.lengths = {{3, 30}, {9, 20}, {1, 9}}, .beam = beam});
            timed.run();
            for (const std::size_t i : {0U, 1U, 2U})
                for (const auto& hypothesis : timed.translations(i))
                    chosen.insert(hypothesis.tokens.begin(), hypothesis.tokens.end());
        }
        CHECK(chosen.size() > 1);
        CHECK(chosen.size() <= 16);
    }
}
