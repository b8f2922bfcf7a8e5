// SPDX-License-Identifier: Apache-2.0
#include <hat/search/pareto.hpp>
#include <hat/search/trade_off.hpp>

#include "support/toy_search.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

using hat::search::dominates;
using hat::search::hypervolume;
using hat::search::Objectives;
using hat::search::ParetoOptions;
using hat::search::ParetoSearch;
using hat::search::TradeOff;
using hat::support::ToySearch;

namespace {

using Toy = TradeOff<ToySearch>;
static_assert(hat::search::ParetoProblem<Toy>);

constexpr double no_limit = 1e9;

/// The least value at every cost, by trying all genomes.
std::vector<Objectives> true_front(const ToySearch& problem) {
    std::vector<double> least;
    ToySearch::Genome genome = problem.cheapest();
    for (std::size_t i = 0; i < genome.size();) {
        const auto cost = static_cast<std::size_t>(problem.cost(genome));
        least.resize(std::max(least.size(), cost + 1), 1e9);
        least[cost] = std::min(least[cost], problem.value(genome));
        i = 0;
        while (i < genome.size() && ++genome[i] == problem.digits) genome[i++] = 0;
    }
    std::vector<Objectives> points;
    for (std::size_t cost = 1; cost < least.size(); ++cost)
        points.push_back({least[cost], static_cast<double>(cost)});
    std::vector<Objectives> front;
    for (const int i : hat::search::non_dominated(points))
        front.push_back(points[static_cast<std::size_t>(i)]);
    return front;
}

template <class Search>
std::vector<Objectives> points(const Search& search) {
    std::vector<Objectives> all;
    for (const auto& member : search.front()) all.push_back(member.objectives);
    return all;
}

template <class Search>
void run(Search& search) {
    while (search.iterate()) {
    }
}

}  // namespace

TEST_SUITE("search/pareto") {
    TEST_CASE("the whole front is found, from end to end") {
        ToySearch toy;
        const auto expected = true_front(toy);
        REQUIRE(expected.size() == 25);
        const Objectives reference{toy.value(toy.cheapest()) + 1, 30};
        for (const std::uint64_t seed : {1U, 2U, 3U}) {
            Toy problem(toy, no_limit);
            ParetoSearch search(problem, {.iterations = 20, .seed = seed});
            run(search);
            CHECK(search.scored() <= 21 * 60);
            CHECK(hypervolume(points(search), reference) >=
                  0.999 * hypervolume(expected, reference));
        }
    }

    TEST_CASE("as published, without surrogates, it comes close") {
        ToySearch toy;
        const Objectives reference{toy.value(toy.cheapest()) + 1, 30};
        const double whole = hypervolume(true_front(toy), reference);
        Toy problem(toy, no_limit);
        ParetoSearch search(problem, {.iterations = 40, .screening = 1});
        CHECK(search.iterate());
        const double start = hypervolume(points(search), reference);
        run(search);
        const double end = hypervolume(points(search), reference);
        CHECK(start < 0.9 * whole);
        CHECK(end > 0.98 * whole);
        CHECK(end <= whole * (1 + 1e-12));
    }

    TEST_CASE("no member of the front dominates another, and none that was scored dominates one") {
        ToySearch toy;
        Toy problem(toy, no_limit);
        ParetoSearch search(problem, {.iterations = 5});
        run(search);
        const auto front = search.front();
        REQUIRE(front.size() > 2);
        for (const auto& member : front)
            for (const auto& other : search.members())
                CHECK_FALSE(dominates(other.objectives, member.objectives));
        for (std::size_t i = 1; i < front.size(); ++i)
            CHECK(front[i - 1].objectives[0] < front[i].objectives[0]);
    }

    TEST_CASE("three objectives have a front of their own") {
        ToySearch toy{.places = 4};
        const auto last_digits = [](const ToySearch::Genome& genome) {
            return static_cast<double>(genome[2] + genome[3]);
        };
        TradeOff problem(toy, no_limit, last_digits);
        ParetoSearch search(problem, {.iterations = 30, .population = 40});
        run(search);
        // All 256 genomes, by the slow, obvious way.
        std::vector<Objectives> all;
        for (int n = 0; n < 256; ++n) {
            const ToySearch::Genome genome{n % 4, n / 4 % 4, n / 16 % 4, n / 64};
            all.push_back({toy.value(genome), toy.cost(genome), last_digits(genome)});
        }
        std::set<Objectives> expected;
        for (const int i : hat::search::non_dominated(all))
            expected.insert(all[static_cast<std::size_t>(i)]);
        const auto found = points(search);
        CHECK(std::set<Objectives>(found.begin(), found.end()) == expected);
    }

    TEST_CASE("no genome is scored twice, and none that is not allowed") {
        ToySearch toy;
        Toy problem(toy, 12);
        ParetoSearch search(problem, {.iterations = 10, .population = 20});
        run(search);
        std::set<std::string> seen;
        int scored = 0;
        for (const auto& member : search.members()) {
            CHECK(seen.insert(toy.text(member.genome)).second);
            CHECK(member.objectives.empty() == (toy.cost(member.genome) > 12));
            scored += member.objectives.empty() ? 0 : 1;
        }
        CHECK(scored == search.scored());
        CHECK(toy.scored == scored);
    }

    TEST_CASE("where every sample is forbidden, the closest ones lead to what is allowed") {
        ToySearch toy{.places = 12};
        Toy problem(toy, 4);  // a random genome costs 19
        ParetoSearch search(problem, {.iterations = 30, .population = 20});
        CHECK(search.iterate());
        CHECK(search.front().empty());
        CHECK(toy.scored == 0);
        run(search);
        CHECK_FALSE(search.front().empty());
        for (const auto& member : search.front()) CHECK(member.objectives[1] <= 4);
    }

    TEST_CASE("genomes to begin with are scored first") {
        ToySearch toy;
        Toy problem(toy, no_limit);
        const ToySearch::Genome dearest(8, 3);
        ParetoSearch search(problem, {.iterations = 0, .population = 10},
                            {toy.cheapest(), dearest});
        run(search);
        CHECK(search.scored() == 10);
        CHECK(search.members()[0].genome == toy.cheapest());
        CHECK(search.members()[1].genome == dearest);
    }

    TEST_CASE("the same seed finds the same; a search that is restored goes on as it would have") {
        ToySearch toy;
        Toy problem(toy, 14);
        const ParetoOptions options{.iterations = 8, .population = 12, .seed = 5};
        ParetoSearch whole(problem, options);
        ParetoSearch half(problem, options);
        for (int i = 0; i < 4; ++i) CHECK(half.iterate());
        ParetoSearch resumed(problem, options);
        resumed.restore(half.iteration(), half.members());
        run(whole);
        run(resumed);
        REQUIRE(resumed.members().size() == whole.members().size());
        for (std::size_t i = 0; i < whole.members().size(); ++i)
            CHECK(resumed.members()[i].genome == whole.members()[i].genome);
        ParetoSearch other(problem, {.iterations = 8, .population = 12, .seed = 6});
        run(other);
        CHECK(other.members()[0].genome != whole.members()[0].genome);
    }

    TEST_CASE("a space of one genome, or of few, is searched to its end") {
        ToySearch one{.digits = 1};
        Toy single(one, no_limit);
        ParetoSearch only(single);
        run(only);
        CHECK(only.front().size() == 1);
        CHECK(only.scored() == 1);
        ToySearch few{.places = 2, .digits = 2};
        Toy all(few, no_limit);
        ParetoSearch search(all);
        run(search);
        CHECK(search.scored() == 4);
    }

    TEST_CASE("a limit below the cheapest genome is an error that says what it must be") {
        ToySearch toy;
        CHECK_THROWS_WITH_AS(Toy(toy, 0.5),
                             "front: nothing costs as little as 0.500000: the cheapest candidate, "
                             "00000000, costs 1.000000, so the limit must be at least that",
                             hat::Error);
    }

    TEST_CASE("an objective that is no number is an error that names the genome") {
        ToySearch toy{.places = 2, .digits = 1};
        TradeOff problem(toy, no_limit, [](const ToySearch::Genome&) { return std::nan(""); });
        ParetoSearch search(problem);
        CHECK_THROWS_WITH_AS(search.iterate(), "front: an objective of 00 is not a finite number",
                             hat::Error);
    }

    TEST_CASE("scores, or objectives, of some genomes only are an error") {
        struct Forgetful : ToySearch {
            std::vector<double> score(std::span<const Genome> genomes) {
                return ToySearch::score(genomes.subspan(1));
            }
        } toy;
        TradeOff problem(toy, no_limit);
        ParetoSearch search(problem);
        CHECK_THROWS_WITH_AS(search.iterate(), doctest::Contains("genomes, expected one of each"),
                             hat::Error);

        struct Silent : Toy {
            using Toy::Toy;
            static std::vector<Objectives> objectives(std::span<const Genome> /*genomes*/) {
                return {};
            }
        };
        ToySearch all;
        Silent silent(all, no_limit);
        ParetoSearch mute(silent);
        CHECK_THROWS_WITH_AS(mute.iterate(), doctest::Contains("front: objectives of 0 of "),
                             hat::Error);
    }

    TEST_CASE("options out of range are errors") {
        ToySearch toy;
        Toy problem(toy, no_limit);
        CHECK_THROWS_WITH_AS(ParetoSearch(problem, {.population = 1}),
                             "front: population = 1, expected 2 to 1000000", hat::Error);
        CHECK_THROWS_AS(ParetoSearch(problem, {.screening = 0}), hat::Error);
        CHECK_THROWS_AS(ParetoSearch(problem, {.crossover_probability = -0.1}), hat::Error);
    }
}
