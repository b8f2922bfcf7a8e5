// SPDX-License-Identifier: Apache-2.0
#include <hat/core/arena.hpp>
#include <hat/core/random.hpp>
#include <hat/integer/integer.hpp>
#include <hat/model/network.hpp>
#include <hat/model/presets.hpp>

#include "support/integer_network.hpp"

#include <doctest/doctest.h>

#include <cstdint>
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
        constexpr hat::integer::Limits limits{.beam = 4};
        std::uint64_t hash = 0;
        const auto add = [&](std::int64_t x) {
            hash = hat::mix64(hash ^ static_cast<std::uint64_t>(x));
        };
        int tokens = 0;
        for (const auto& architecture : hat::support::integer_architectures()) {
            const auto model = hat::support::fixed_integers(architecture);
            hat::Arena memory;
            hat::integer::Network run(model.view(), limits, memory);
            hat::integer::Search search(limits, memory);
            for (const auto& source :
                 hat::support::random_sentences(20, architecture.source_vocab_size, 3)) {
                run.start(source);
                for (const auto& hypothesis : search.run(run, {}, {.beam = 4})) {
                    for (const int token : hypothesis.tokens) add(token);
                    add(hypothesis.score);
                    tokens += static_cast<int>(hypothesis.tokens.size());
                }
            }
        }
        CHECK(tokens == 10102);
        CHECK(hash == 9239555780425803097U);
    }
}
