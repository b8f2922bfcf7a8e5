// SPDX-License-Identifier: Apache-2.0
#include <hat/search/trade_off.hpp>

#include "support/toy_search.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

using hat::search::Objectives;
using hat::search::TradeOff;
using hat::support::ToySearch;

namespace {

/// A toy whose genomes with a 3 in front have a cost that nobody can tell.
struct Unknowable : ToySearch {
    [[nodiscard]] double cost(const Genome& genome) const {
        return genome[0] == 3 ? std::nan("") : ToySearch::cost(genome);
    }
};

}  // namespace

TEST_SUITE("search/trade_off") {
    TEST_CASE("objectives are score, cost, and the further ones in the order given") {
        ToySearch toy;
        TradeOff problem(
            toy, 100, [](const ToySearch::Genome& g) { return 1000.0 + g[0]; },
            [](const ToySearch::Genome& g) { return 2000.0 + g[1]; });
        const std::vector<ToySearch::Genome> genomes{{1, 2, 0, 0, 0, 0, 0, 0},
                                                     {3, 0, 0, 0, 0, 0, 0, 1}};
        const auto points = problem.objectives(genomes);
        REQUIRE(points.size() == 2);
        CHECK(points[0] == Objectives{toy.value(genomes[0]), 4, 1001, 2002});
        CHECK(points[1] == Objectives{toy.value(genomes[1]), 5, 1003, 2000});
        CHECK(toy.scored == 2);
    }

    TEST_CASE("what costs more than the limit violates it by the difference") {
        ToySearch toy;
        const TradeOff problem(toy, 3);
        CHECK(problem.violation({1, 1, 0, 0, 0, 0, 0, 0}) == 0);
        CHECK(problem.violation({1, 1, 1, 0, 0, 0, 0, 2}) == 3);
    }

    TEST_CASE("a cost that is not a number is allowed under no limit") {
        Unknowable toy;
        const TradeOff problem(toy, std::numeric_limits<double>::infinity());
        CHECK(problem.violation({3, 0, 0, 0, 0, 0, 0, 0}) ==
              std::numeric_limits<double>::infinity());
    }

    TEST_CASE("a limit below the cheapest candidate is an error that names it and its cost") {
        ToySearch toy;
        CHECK_THROWS_WITH_AS(TradeOff(toy, 0.5),
                             "front: nothing costs as little as 0.500000: the cheapest candidate, "
                             "00000000, costs 1.000000, so the limit must be at least that",
                             hat::Error);
        CHECK_NOTHROW(TradeOff(toy, 1));
    }
}
