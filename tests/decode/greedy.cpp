// SPDX-License-Identifier: Apache-2.0
#include <hat/decode/greedy.hpp>

#include "support/toy_model.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

using namespace hat::decode;
using hat::SpecialTokens;
using hat::support::OwnedSources;
using hat::support::ToyModel;

namespace {

constexpr int vocab_size = 12;
constexpr SpecialTokens special{};

/// Repeats the source, then ends: the logits of the token that is next in it are 4, of all others
/// 0.
ToyModel copier() {
    return {vocab_size, [](const ToyModel::Prefix& source, const ToyModel::Prefix& prefix) {
                std::vector<float> logits(vocab_size, 0.0F);
                const std::size_t next = std::min(prefix.size() - 1, source.size() - 1);
                logits[static_cast<std::size_t>(source[next])] = 4.0F;
                return logits;
            }};
}

OwnedSources some_sources() {
    OwnedSources sources;
    sources.push_back(std::vector<int>{5, 6, 7, special.eos});
    sources.push_back(std::vector<int>{special.eos});
    sources.push_back(std::vector<int>{9, special.eos});
    return sources;
}

std::vector<Hypotheses> search(ToyModel& model, const OwnedSources& sources,
                               const SearchOptions& options) {
    std::vector<Hypotheses> results(static_cast<std::size_t>(sources.size()));
    GreedySearch().run(model, sources.view(), special, options, results);
    return results;
}

}  // namespace

TEST_SUITE("decode/greedy") {
    TEST_CASE("the best token is taken until it is eos") {
        ToyModel model = copier();
        const auto results = search(model, some_sources(), {.beam = 1, .min_length = 0});
        CHECK(results[0][0].tokens == std::vector<int>{5, 6, 7, special.eos});
        CHECK(results[1][0].tokens == std::vector<int>{special.eos});
        CHECK(results[2][0].tokens == std::vector<int>{9, special.eos});
        CHECK(model.steps() == 4);
        CHECK(model.rows_seen() == 3 + 2 + 1 + 1);
    }

    TEST_CASE("scores are log-probabilities, divided by length to the power of the penalty") {
        ToyModel model = copier();
        const auto results =
            search(model, some_sources(), {.beam = 1, .length_penalty = 0.5F, .min_length = 0});
        const double each = 4.0 - std::log(std::exp(4.0) + vocab_size - 1);
        const Hypothesis& best = results[0][0];
        REQUIRE(best.positional_scores.size() == 4);
        for (const float score : best.positional_scores) {
            CHECK(score == doctest::Approx(each).epsilon(1e-5));
        }
        CHECK(best.score == doctest::Approx(4 * each / 2).epsilon(1e-5));
    }

    TEST_CASE("length limits hold per sentence") {
        ToyModel model = copier();
        const auto results = search(
            model, some_sources(),
            {.beam = 1, .max_length_a = 0.5F, .max_length_b = 0, .min_length = 0, .scores = false});
        CHECK(results[0][0].tokens == std::vector<int>{5, 6, special.eos});
        CHECK(results[2][0].tokens == std::vector<int>{9, special.eos});
        const auto longer = search(model, some_sources(), {.beam = 1, .min_length = 2});
        CHECK(longer[1][0].tokens == std::vector<int>{0, 0, special.eos});
    }

    TEST_CASE("a model's positions are the longest target") {
        ToyModel model(
            vocab_size,
            [](const auto&, const auto&) {
                std::vector<float> logits(vocab_size, 0.0F);
                logits[8] = 1.0F;
                return logits;
            },
            5);
        const auto results = search(model, some_sources(), {.beam = 1});
        CHECK(results[0][0].tokens == std::vector<int>{8, 8, 8, 8, special.eos});
    }
}
