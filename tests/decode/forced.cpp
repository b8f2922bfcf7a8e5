// SPDX-License-Identifier: Apache-2.0
#include <hat/decode/forced.hpp>
#include <hat/decode/translate.hpp>
#include <hat/model/network.hpp>
#include <hat/model/presets.hpp>

#include "support/toy_model.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

using namespace hat::decode;
using hat::ThreadPool;
using hat::support::OwnedSources;
using hat::support::random_sources;
using hat::support::ToyModel;

namespace {

/// The scores of every hypothesis, asked for as a target of its own.
template <class Score>
void check_scores(const OwnedSources& sources, const std::vector<Hypotheses>& found,
                  const Score& score) {
    OwnedSources given;
    OwnedSources targets;
    std::vector<Hypotheses> expected;
    for (int s = 0; s < sources.size(); ++s) {
        for (const Hypothesis& hypothesis : found[static_cast<std::size_t>(s)]) {
            given.push_back(sources[s]);
            targets.push_back(hypothesis.tokens);
            expected.push_back({hypothesis});
        }
    }
    REQUIRE(expected.size() > static_cast<std::size_t>(sources.size()));
    CHECK(score(given, targets) == expected);
}

}  // namespace

TEST_SUITE("decode/forced") {
    TEST_CASE("what a search found has the score that it gave, bit for bit") {
        ToyModel model(20, hat::support::random_logits(20, 2, 0.3F));
        const OwnedSources sources = random_sources(7, 6, 20, 2, 1);
        for (const float penalty : {0.0F, 1.5F}) {
            const SearchOptions options{.beam = 3,
                                        .length_penalty = 0.7F,
                                        .max_length_b = 12,
                                        .unk_penalty = penalty,
                                        .temperature = 1.3F};
            std::vector<Hypotheses> found(7);
            BeamSearch().run(model, sources.view(), {}, options, found);
            check_scores(
                sources, found, [&](const OwnedSources& given, const OwnedSources& targets) {
                    std::vector<Hypotheses> results(static_cast<std::size_t>(given.size()));
                    ForcedDecoding().run(model, given.view(), targets.view(), {}, options, results);
                    return results;
                });
        }
    }

    TEST_CASE("a network scores what it found the same, on any number of threads") {
        hat::model::Network network(hat::model::transformer_tiny(300));
        network.initialize(2);
        const hat::model::PackedModel packed(network.view());
        Translator translator(packed, {});
        const OwnedSources sources = random_sources(9, 20, 300, 2, 5);
        const SearchOptions options{.beam = 4, .max_length_a = 1.0F, .max_length_b = 3};
        for (const int threads : {1, 3}) {
            ThreadPool pool(threads);
            check_scores(sources, translator.translate(sources.view(), options, pool),
                         [&](const OwnedSources& given, const OwnedSources& targets) {
                             std::vector<Hypotheses> results;
                             translator.score(given.view(), targets.view(), options, pool, results,
                                              5);
                             return results;
                         });
        }
    }

    TEST_CASE("the score of an empty target is that of ending at once") {
        ToyModel model(4, [](const auto&, const auto&) { return std::vector<float>(4, 0.0F); });
        OwnedSources sources;
        sources.push_back(std::vector<int>{1, 2});
        OwnedSources targets;
        targets.push_back(std::vector<int>{2});
        std::vector<Hypotheses> results(1);
        ForcedDecoding().run(model, sources.view(), targets.view(), {}, {}, results);
        CHECK(results[0][0].score == doctest::Approx(std::log(0.25)));
    }

    TEST_CASE("what cannot be said has the score of minus infinity, its neighbours their own") {
        ToyModel model(5, [](const auto&, const auto&) { return std::vector<float>(5, 0.0F); });
        OwnedSources sources;
        OwnedSources targets;
        for (int i = 0; i < 2; ++i) sources.push_back(std::vector<int>{1, 2});
        targets.push_back(std::vector<int>{4, 0, 4, 2});  // with an unk
        targets.push_back(std::vector<int>{4, 4, 4, 2});
        std::vector<Hypotheses> results(2);
        ForcedDecoding().run(model, sources.view(), targets.view(), {}, {.unk = false}, results);
        CHECK(results[0][0].score == -std::numeric_limits<float>::infinity());
        CHECK(results[1][0].score == doctest::Approx(std::log(0.2)));
    }

    TEST_CASE("targets that the model cannot say are errors that name them") {
        hat::model::Network network(hat::model::transformer_tiny(300));
        const hat::model::PackedModel packed(network.view());
        Translator translator(packed, {});
        ThreadPool pool(1);
        const auto score = [&](const std::vector<int>& target) {
            OwnedSources sources;
            sources.push_back(std::vector<int>{5, 2});
            OwnedSources targets;
            targets.push_back(target);
            std::vector<Hypotheses> results;
            translator.score(sources.view(), targets.view(), {}, pool, results);
        };
        CHECK_THROWS_WITH_AS(score({}), "translator: target 0 has 0 tokens, expected 1 to 1024",
                             hat::Error);
        CHECK_THROWS_WITH_AS(score({300, 2}),
                             "translator: target 0 has token 300, expected 0 to 299", hat::Error);
        CHECK_THROWS_WITH_AS(score({5}), "translator: target 0 ends in token 5, expected eos, 2",
                             hat::Error);
        CHECK_NOTHROW(score({5, 2}));
    }
}
