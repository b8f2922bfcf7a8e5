// SPDX-License-Identifier: Apache-2.0
#include <hat/model/network.hpp>
#include <hat/train/validation.hpp>

#include "support/random_pairs.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <iterator>

TEST_SUITE("train/validation") {
    TEST_CASE("an untrained network is as good as a uniform guess, or nearly") {
        constexpr int vocab_size = 30;
        const auto corpus = hat::support::reversed_pairs(200, vocab_size, 1);
        hat::model::Network network(hat::support::small_architecture(vocab_size));
        network.initialize(1);
        for (const auto& entry : network.table()) {
            // Without an output table, all words are equally probable.
            if (entry.name == "encoder.embed_tokens.weight") {
                std::fill_n(network.values().data() + entry.offset, entry.size(), 0.0F);
            }
        }
        hat::ThreadPool pool(2);
        hat::train::Validator validator(corpus, pool);
        const auto result = validator(network.view(), 0.1F);
        CHECK(result.nll() == doctest::Approx(std::log(vocab_size)).epsilon(1e-5));
        CHECK(result.perplexity() == doctest::Approx(vocab_size).epsilon(1e-4));
        CHECK(result.target_tokens == std::ssize(corpus.target.sentences.tokens));
    }

    TEST_CASE("any number of threads gives the same bits") {
        const auto corpus = hat::support::reversed_pairs(300, 30, 1);
        hat::model::Network network(hat::support::small_architecture(30));
        network.initialize(1);
        hat::ThreadPool one(1);
        hat::ThreadPool three(3);
        hat::train::Validator a(corpus, one);
        hat::train::Validator b(corpus, three);
        CHECK(a(network.view(), 0.1F).sum.loss == b(network.view(), 0.1F).sum.loss);
    }

    TEST_CASE("an empty corpus is an error") {
        hat::ThreadPool pool(1);
        const hat::data::Corpus empty;
        CHECK_THROWS_WITH_AS(hat::train::Validator(empty, pool), "validation: the corpus is empty",
                             hat::Error);
    }
}
