// SPDX-License-Identifier: Apache-2.0
#include <hat/search/trade_off.hpp>

#include "support/toy_search.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

using hat::search::LimitedCost;
using hat::search::members_of_cost;
using hat::search::Objectives;
using hat::search::ParetoMember;
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

    /// The digits at even places, or at odd ones.
    struct Digits {
        std::size_t first;
        double operator()(const ToySearch::Genome& genome) const {
            double sum = 0;
            for (std::size_t i = first; i < genome.size(); i += 2) sum += genome[i];
            return sum;
        }
    };

    TEST_CASE("several costs take the place of the problem's own") {
        ToySearch toy;
        TradeOff problem(toy, std::vector<LimitedCost<Digits>>{{{0}, 100}, {{1}, 100}},
                         [](const ToySearch::Genome& g) { return 1000.0 + g[0]; });
        const std::vector<ToySearch::Genome> genomes{{1, 2, 3, 0, 0, 0, 0, 3}};
        CHECK(problem.objectives(genomes) ==
              std::vector<Objectives>{{toy.value(genomes[0]), 4, 5, 1001}});
    }

    TEST_CASE("who is within one of several limits is allowed; else the nearest limit counts") {
        ToySearch toy;
        const TradeOff problem(toy, std::vector<LimitedCost<Digits>>{{{0}, 3}, {{1}, 1}});
        CHECK(problem.violation({3, 3, 0, 3, 0, 3, 0, 0}) == 0);
        CHECK(problem.violation({3, 1, 3, 0, 0, 0, 0, 0}) == 0);
        CHECK(problem.violation({3, 3, 3, 3, 3, 0, 0, 0}) == 5);
        CHECK(problem.violation({3, 3, 3, 3, 2, 3, 0, 0}) == 5);
    }

    TEST_CASE("no costs, and a limit that is no number, are errors") {
        ToySearch toy;
        using Costs = std::vector<LimitedCost<Digits>>;
        CHECK_THROWS_WITH_AS(TradeOff(toy, Costs{}),
                             "front: there is no cost, expected one or more", hat::Error);
        CHECK_THROWS_WITH_AS(TradeOff(toy, Costs{{{0}, 3}, {{1}, std::nan("")}}),
                             "front: limit = nan, expected a number", hat::Error);
    }

    TEST_CASE("members of one cost are those within its limit, seen by it alone") {
        using Members = std::vector<ParetoMember<int>>;
        const Members members{{1, {0.5, 3, 7, 100}, 0}, {2, {}, 4}, {3, {0.4, 4, 6, 101}, 0}};
        const auto points = [&](int cost, double limit) {
            std::vector<Objectives> all;
            for (const auto& member : members_of_cost(members, cost, 2, limit))
                all.push_back(member.objectives);
            return all;
        };
        CHECK(points(0, 10) == std::vector<Objectives>{{0.5, 3, 100}, {0.4, 4, 101}});
        CHECK(points(1, 6) == std::vector<Objectives>{{0.4, 6, 101}});
        CHECK(members_of_cost(members, 1, 2, 6).front().genome == 3);
        CHECK(points(1, 5).empty());
    }
}
