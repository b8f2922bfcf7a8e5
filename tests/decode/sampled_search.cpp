// SPDX-License-Identifier: Apache-2.0
#include <hat/decode/sampled_search.hpp>
#include <hat/decode/translate.hpp>
#include <hat/model/network.hpp>
#include <hat/model/presets.hpp>

#include "support/toy_model.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

using namespace hat::decode;
using hat::RandomKey;
using hat::model::Network;
using hat::model::PackedModel;
using hat::support::OwnedSources;
using hat::support::random_sources;

namespace {

constexpr int vocab_size = 30;
const SearchOptions options{.beam = 1, .max_length_b = 6};

PackedModel random_model() {
    Network network(hat::model::transformer_tiny(vocab_size));
    network.initialize(2);
    return PackedModel(network.view());
}

std::vector<Hypotheses> drawn(const PackedModel& packed, const OwnedSources& sources,
                              const SamplingOptions& sampling, std::uint64_t seed = 1,
                              const SearchOptions& search_options = options) {
    std::vector<RandomKey> keys;
    for (int s = 0; s < sources.size(); ++s)
        keys.push_back(RandomKey(seed).split(static_cast<std::uint64_t>(s)));
    CachedTransformer model(packed);
    OneBatch batch(sources.view());
    std::vector<Hypotheses> results(static_cast<std::size_t>(sources.size()));
    SampledSearch search;
    search.run(model, batch, sources.size(), {}, search_options, sampling, keys, results);
    return results;
}

}  // namespace

TEST_SUITE("decode/sampled_search") {
    TEST_CASE("what is drawn has scores, whether the search is to have them or not") {
        const PackedModel packed = random_model();
        const OwnedSources sources = random_sources(3, 9, vocab_size, 2, 3);
        SearchOptions unscored = options;
        unscored.scores = false;
        const auto found = drawn(packed, sources, {}, 1, unscored);
        const auto expected = drawn(packed, sources, {});
        for (std::size_t s = 0; s < found.size(); ++s) {
            CHECK(found[s].front().score == expected[s].front().score);
            CHECK(found[s].front().score < 0);
            CHECK(found[s].front().positional_scores == expected[s].front().positional_scores);
        }
    }

    TEST_CASE("without a choice it draws what greedy search finds") {
        const PackedModel packed = random_model();
        const OwnedSources sources = random_sources(6, 9, vocab_size, 2, 3);
        CachedTransformer model(packed);
        std::vector<Hypotheses> greedy(6);
        GreedySearch().run(model, sources.view(), {}, options, greedy);
        for (const SamplingOptions& sampling :
             {SamplingOptions{.top_k = 1}, SamplingOptions{.temperature = 1e-6F}}) {
            const auto found = drawn(packed, sources, sampling);
            for (std::size_t s = 0; s < found.size(); ++s)
                CHECK(found[s].front().tokens == greedy[s].front().tokens);
        }
    }

    TEST_CASE("tokens are drawn as often as they are likely") {
        const PackedModel packed = random_model();
        const OwnedSources one = random_sources(1, 9, vocab_size, 2, 3);
        constexpr int times = 4000;
        OwnedSources sources;
        for (int i = 0; i < times; ++i) sources.push_back(one.tokens);
        std::vector<double> share(vocab_size);
        std::vector<float> score(vocab_size);
        for (const Hypotheses& h : drawn(packed, sources, {})) {
            const auto first = static_cast<std::size_t>(h.front().tokens.front());
            share[first] += 1.0 / times;
            score[first] = h.front().positional_scores.front();
        }
        double other = 0;  // eos, which may not be first, pad and bos
        for (std::size_t token = 0; token < share.size(); ++token)
            if (share[token] > 0) other += std::exp(static_cast<double>(score[token]));
        for (std::size_t token = 0; token < share.size(); ++token) {
            if (share[token] == 0) continue;
            const double p = std::exp(static_cast<double>(score[token])) / other;
            // Four standard deviations.
            CHECK(std::abs(share[token] - p) < 4 * std::sqrt(p * (1 - p) / times) + 1e-3);
        }
    }

    TEST_CASE("rules that leave a sentence nothing are named, and so is the sentence") {
        const PackedModel packed = random_model();
        const OwnedSources sources = random_sources(2, 9, vocab_size, 2, 3);
        // All but eos, pad and bos once, and then no other.
        constexpr int all = vocab_size - 3;
        CHECK_THROWS_WITH_AS(
            drawn(packed, sources, {}, 1, {.min_length = all + 1, .no_repeat_ngram = 1}),
            "sampling: sentence 0: no next token has a finite score of those that min length = 28 "
            "and no repeat n-gram = 1 allow",
            hat::Error);
        CHECK_NOTHROW(drawn(packed, sources, {}, 1, {.min_length = all, .no_repeat_ngram = 1}));
    }

    TEST_CASE("another key draws something else") {
        const PackedModel packed = random_model();
        const OwnedSources sources = random_sources(6, 9, vocab_size, 2, 3);
        CHECK(drawn(packed, sources, {}, 1) == drawn(packed, sources, {}, 1));
        CHECK(drawn(packed, sources, {}, 1) != drawn(packed, sources, {}, 2));
    }
}
