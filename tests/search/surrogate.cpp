// SPDX-License-Identifier: Apache-2.0
#include <hat/search/surrogate.hpp>

#include "support/toy_search.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

using hat::search::AdditiveSurrogate;
using hat::support::ToySearch;

TEST_SUITE("search/surrogate") {
    TEST_CASE("scores that are sums over traits are guessed right, those of new genomes too") {
        const ToySearch problem;
        AdditiveSurrogate surrogate;
        hat::Random random(1);
        for (int i = 0; i < 100; ++i) {
            const auto genome = problem.sample(random);
            surrogate.add(problem.traits(genome), problem.value(genome));
        }
        surrogate.fit();
        CHECK(surrogate.size() == 100);
        for (int i = 0; i < 20; ++i) {
            const auto genome = problem.sample(random);
            CHECK(surrogate(problem.traits(genome)) ==
                  doctest::Approx(problem.value(genome)).epsilon(1e-3));
        }
    }

    TEST_CASE("traits that nothing had count as nothing, and a single score is what is guessed") {
        AdditiveSurrogate surrogate;
        surrogate.add(std::vector<std::uint64_t>{1, 2}, 5.0);
        surrogate.fit();
        CHECK(surrogate(std::vector<std::uint64_t>{7, 8}) == 5.0);
        CHECK(surrogate(std::vector<std::uint64_t>{1, 2}) == doctest::Approx(5.0));
    }

    TEST_CASE("of very many different traits nothing is learnt, and that takes no time") {
        AdditiveSurrogate surrogate;
        for (std::uint64_t i = 0; i < 100'000; ++i)
            surrogate.add(std::vector<std::uint64_t>{i}, i % 2 == 0 ? 1.0 : 3.0);
        CHECK_FALSE(surrogate.fit());
        CHECK(surrogate(std::vector<std::uint64_t>{0}) == doctest::Approx(2.0));
    }
}
