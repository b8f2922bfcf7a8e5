// SPDX-License-Identifier: Apache-2.0
#include <hat/core/arena.hpp>
#include <hat/integer/integer.hpp>

#include "support/integer_network.hpp"

#include <doctest/doctest.h>

#include <span>
#include <vector>

TEST_SUITE("integer/integer") {
    TEST_CASE("what its description shows holds") {
        const hat::support::IntegerNetwork made(hat::support::integer_architectures()[0]);
        hat::integer::Ranges ranges;
        std::vector<hat::integer::Pair> pairs;
        for (std::size_t i = 0; i < made.sources.size(); ++i)
            pairs.push_back({made.sources[i], made.targets[i]});
        hat::integer::observe(made.floats.view(), pairs, ranges);
        const hat::integer::Model model = hat::integer::quantise(made.floats.view(), ranges);
        constexpr hat::integer::Limits limits{.beam = 4};
        hat::Arena memory;
        hat::integer::Network run(model.view(), limits, memory);
        hat::integer::Search search(limits, memory);
        run.start(made.sources[0]);
        const std::span<const int> target = search.run(run, {}, {.beam = 4})[0].tokens;
        CHECK(target.back() == 2);
    }

    TEST_CASE("hypotheses and their scores are the same wherever integers are") {
        const hat::support::IntegerFindings found = hat::support::find_with_integers();
        CHECK(found.tokens == hat::support::known_findings.tokens);
        CHECK(found.hash == hat::support::known_findings.hash);
    }
}
