// SPDX-License-Identifier: Apache-2.0
#include <hat/elastic/genes.hpp>
#include <hat/search/inherited_loss.hpp>

#include "support/random_pairs.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

using hat::model::Architecture;
using hat::search::InheritedLoss;
using hat::search::RaceOptions;

namespace {

constexpr int vocab_size = 30;
constexpr float smoothing = 0.1F;

/// A small space whose members' untrained losses differ.
struct Case {
    hat::data::Corpus corpus = hat::support::reversed_pairs(1600, vocab_size, 1);
    hat::elastic::DesignSpace space;
    hat::model::Network super{hat::support::small_architecture(vocab_size)};
    std::vector<Architecture> candidates;

    Case() {
        space.super = super.architecture();
        const Architecture& a = space.super;
        const auto half_too = [](int value) { return hat::elastic::Choices{value, value / 2}; };
        space.encoder_embed_dims = half_too(a.encoder.embed_dim);
        space.decoder_embed_dims = half_too(a.decoder.embed_dim);
        space.encoder_layer_counts = {a.encoder.layer_count};
        space.decoder_layer_counts = {a.decoder.layer_count};
        space.encoder_ffn_dims = half_too(a.encoder.layer_shapes[0].ffn_dim);
        space.encoder_heads = half_too(a.encoder.layer_shapes[0].heads);
        space.decoder_ffn_dims = half_too(a.decoder.layer_shapes[0].ffn_dim);
        space.decoder_heads = half_too(a.decoder.layer_shapes[0].heads);
        space.decoder_cross_heads = half_too(a.decoder.layer_shapes[0].cross_heads);
        space.decoder_attended_layers = {1};
        validate(space);
        super.initialize(3);
        hat::Random random(5);
        while (candidates.size() < 40) {
            const Architecture drawn = hat::elastic::sample(space, random);
            if (std::find(candidates.begin(), candidates.end(), drawn) == candidates.end())
                candidates.push_back(drawn);
        }
    }
};

}  // namespace

TEST_SUITE("search/inherited_loss") {
    TEST_CASE("without a race, the score is the validation loss of the sub-network") {
        Case c;
        hat::ThreadPool pool(2);
        hat::train::Validator validator(c.corpus, pool);
        InheritedLoss loss(c.super, validator, pool, smoothing, {.keep = 0});
        const auto scores = loss(std::span(c.candidates).first(5));
        for (std::size_t i = 0; i < scores.size(); ++i) {
            const auto whole = validator(c.super.view(c.candidates[i]), smoothing);
            CHECK(scores[i] == doctest::Approx(whole.loss()).epsilon(1e-12));
        }
        CHECK(loss.batches_run() == loss.batches_in_full());
    }

    TEST_CASE("a race keeps the best in their order and saves work") {
        Case c;
        hat::ThreadPool pool(2);
        hat::train::Validator validator(c.corpus, pool);
        REQUIRE(validator.batches() > 16);
        constexpr std::size_t keep = 5;
        InheritedLoss full(c.super, validator, pool, smoothing, {.keep = 0});
        const auto expected = full(c.candidates);
        InheritedLoss race(c.super, validator, pool, smoothing, {.keep = keep});
        auto scores = race(std::span(c.candidates).first(20));
        const auto second = race(std::span(c.candidates).subspan(20));
        scores.insert(scores.end(), second.begin(), second.end());
        CHECK(race.batches_run() < race.batches_in_full());

        std::vector<double> sorted = expected;
        std::sort(sorted.begin(), sorted.end());
        int stopped = 0;
        for (std::size_t i = 0; i < scores.size(); ++i) {
            if (expected[i] <= sorted[keep - 1])
                CHECK(scores[i] == expected[i]);
            else
                CHECK(scores[i] > sorted[keep - 1]);
            stopped += scores[i] != expected[i];
            CHECK(scores[i] == doctest::Approx(expected[i]).epsilon(0.02));
        }
        CHECK(stopped > 0);
    }

    TEST_CASE("a race goes on as it was once its best are scored again") {
        Case c;
        hat::ThreadPool pool(2);
        hat::train::Validator validator(c.corpus, pool);
        const RaceOptions options{.keep = 5};
        InheritedLoss whole(c.super, validator, pool, smoothing, options);
        const std::span candidates(c.candidates);
        const auto known = whole(candidates.first(20));
        const auto expected = whole(candidates.subspan(20));

        std::vector<std::size_t> order(known.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::sort(order.begin(), order.end(),
                  [&](std::size_t a, std::size_t b) { return known[a] < known[b]; });
        std::vector<Architecture> best;
        for (std::size_t i = 0; i < 5; ++i) best.push_back(c.candidates[order[i]]);
        InheritedLoss resumed(c.super, validator, pool, smoothing, options);
        CHECK(resumed(best)[0] == known[order[0]]);
        CHECK(resumed(candidates.subspan(20)) == expected);
    }

    TEST_CASE("any number of threads gives the same bits") {
        Case c;
        const auto run = [&c](int threads) {
            hat::ThreadPool pool(threads);
            hat::train::Validator validator(c.corpus, pool);
            InheritedLoss loss(c.super, validator, pool, smoothing, {.keep = 4});
            auto scores = loss(std::span(c.candidates).first(10));
            const auto more = loss(std::span(c.candidates).subspan(10, 10));
            scores.insert(scores.end(), more.begin(), more.end());
            return scores;
        };
        CHECK(run(1) == run(3));
    }

    TEST_CASE("a race that cannot tell is an error") {
        Case c;
        hat::ThreadPool pool(1);
        hat::train::Validator validator(c.corpus, pool);
        CHECK_THROWS_AS(InheritedLoss(c.super, validator, pool, smoothing, {.first_batches = 1}),
                        hat::Error);
    }

    TEST_CASE("the loss of a candidate is that of the weights it is served in, on any threads") {
        Case c;
        std::vector<Architecture> kinds(3, c.candidates[0]);
        kinds[1].serving.weight_bits = 16;
        kinds[2].serving.weight_bits = 8;
        std::vector<std::vector<double>> scores;
        for (const int threads : {1, 2}) {
            hat::ThreadPool pool(threads);
            hat::train::Validator validator(c.corpus, pool);
            InheritedLoss loss(c.super, validator, pool, smoothing, {.keep = 0});
            scores.push_back(loss(kinds));
            const hat::model::PackedModelOf<hat::nn::PackedInt8> served(c.super.view(kinds[2]));
            CHECK(scores.back()[2] ==
                  doctest::Approx(validator(served.view(), smoothing).loss()).epsilon(1e-12));
        }
        CHECK(scores[0] == scores[1]);
        CHECK(scores[0][1] != scores[0][0]);
        CHECK(scores[0][2] != scores[0][0]);
        CHECK(scores[0][2] == doctest::Approx(scores[0][0]).epsilon(0.05));
    }
}
