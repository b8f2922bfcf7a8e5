// SPDX-License-Identifier: Apache-2.0
#include <hat/elastic/elastic.hpp>
#include <hat/latency/latency.hpp>
#include <hat/search/search.hpp>

#include "support/latency_rows.hpp"
#include "support/random_pairs.hpp"

#include <doctest/doctest.h>

using namespace hat::search;
namespace latency = hat::latency;

TEST_SUITE("search/search") {
    TEST_CASE("what its description shows holds: a search keeps to the limit that is predicted") {
        constexpr int vocab_size = 24;
        hat::elastic::DesignSpace space =
            with_vocabulary(hat::elastic::multi30k_space(), vocab_size, vocab_size);
        hat::elastic::SuperTransformer super(largest(space));
        super.network().initialize(1);
        const auto corpus = hat::support::reversed_pairs(8, vocab_size, 1);
        hat::ThreadPool pool(2);
        hat::train::Validator validator(corpus, pool);
        const auto predictor = latency::fit_additive_predictor(hat::support::latency_rows(40));

        auto predict_ms = [&](const hat::model::Architecture& a) {
            return predictor.predict_ms(latency::latency_features(a));
        };
        ArchitectureProblem problem(space, predict_ms,
                                    InheritedLoss(super.network(), validator, pool, 0.1F));
        const double limit_ms = (predict_ms(smallest(space)) + predict_ms(largest(space))) / 2;
        Evolution search(problem, limit_ms,
                         {.iterations = 2, .population = 6, .parents = 3, .seed = 1});
        while (search.iterate()) {
        }
        CHECK(search.scored().size() >= 6);
        CHECK(predict_ms(search.best().genome) <= limit_ms);
        for (const auto& scored : search.scored()) CHECK(search.best().score <= scored.score);
    }
}
