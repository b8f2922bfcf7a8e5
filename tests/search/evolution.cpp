// SPDX-License-Identifier: Apache-2.0
#include <hat/search/evolution.hpp>

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

using hat::search::Evolution;
using hat::search::EvolutionOptions;
using hat::search::published_evolution;
using hat::support::ToySearch;

namespace {

static_assert(hat::search::SearchProblem<ToySearch>);

/// Every pair of digits is worth something of its own, too.
struct PairSearch : ToySearch {
    [[nodiscard]] double pair_value(const Genome& genome) const {
        double sum = value(genome);
        for (std::size_t i = 0; i < genome.size(); ++i)
            for (std::size_t j = 0; j < i; ++j)
                sum += 0.2 * hat::Random((i * 10 + j) * 100 +
                                         static_cast<std::uint64_t>(genome[i] * 10 + genome[j]))
                                 .normal();
        return sum;
    }
    std::vector<double> score(std::span<const Genome> genomes) {
        std::vector<double> scores;
        for (const Genome& genome : genomes) scores.push_back(pair_value(genome));
        return scores;
    }
};

constexpr EvolutionOptions small{
    .iterations = 10, .population = 20, .parents = 5, .mutants = 5, .crossovers = 5, .guided = 5};

}  // namespace

TEST_SUITE("search/evolution") {
    TEST_CASE("the best genome that the limit allows is found") {
        ToySearch problem;
        for (const double limit : {6.0, 12.0, 20.0}) {
            CAPTURE(limit);
            Evolution search(problem, limit, small);
            while (search.iterate()) {
            }
            CHECK(search.best().score == problem.optimum(limit));
            CHECK(search.best().cost <= limit);
        }
    }

    TEST_CASE("it is also found where the score is no sum over genes, as the surrogate takes it") {
        PairSearch problem{{.places = 6}};
        constexpr double limit = 12;
        double optimum = problem.pair_value(problem.cheapest());
        for (int n = 0; n < 4096; ++n) {
            const ToySearch::Genome genome{n % 4,      n / 4 % 4,   n / 16 % 4,
                                           n / 64 % 4, n / 256 % 4, n / 1024};
            if (problem.cost(genome) <= limit)
                optimum = std::min(optimum, problem.pair_value(genome));
        }
        for (const std::uint64_t seed : {1U, 2U, 3U}) {
            EvolutionOptions options = small;
            options.iterations = 30;
            options.seed = seed;
            Evolution search(problem, limit, options);
            while (search.iterate()) {
            }
            CHECK(search.best().score == optimum);
            CHECK(search.scored().size() < 600);
        }
    }

    TEST_CASE("no genome is scored twice, none that the limit forbids, and all that are counted") {
        ToySearch problem;
        for (const EvolutionOptions& options : {small, published_evolution()}) {
            problem.scored = 0;
            Evolution search(problem, 12, options);
            while (search.iterate()) {
            }
            std::set<std::string> seen;
            for (const auto& scored : search.scored()) {
                CHECK(seen.insert(problem.text(scored.genome)).second);
                CHECK(scored.cost <= 12);
            }
            CHECK(static_cast<int>(seen.size()) == problem.scored);
        }
    }

    TEST_CASE("the last offspring are scored") {
        ToySearch problem;
        Evolution search(problem, 12, {.iterations = 1, .population = 10, .parents = 5});
        CHECK(search.iterate());
        const int first = problem.scored;
        CHECK(search.iterate());
        CHECK(problem.scored > first);
        CHECK_FALSE(search.iterate());
        CHECK(static_cast<int>(search.scored().size()) == problem.scored);
    }

    TEST_CASE("the same seed finds the same, another one something else on the way") {
        const auto run = [](std::uint64_t seed) {
            ToySearch problem;
            EvolutionOptions options = small;
            options.seed = seed;
            Evolution search(problem, 12, options);
            while (search.iterate()) {
            }
            std::vector<std::string> words;
            for (const auto& scored : search.scored()) words.push_back(problem.text(scored.genome));
            return words;
        };
        CHECK(run(1) == run(1));
        CHECK(run(1) != run(2));
    }

    TEST_CASE("a search that is restored goes on as it would have") {
        ToySearch problem;
        Evolution whole(problem, 12, small);
        Evolution half(problem, 12, small);
        for (int i = 0; i < 3; ++i) {
            CHECK(whole.iterate());
            CHECK(half.iterate());
        }
        Evolution resumed(problem, 12, small);
        resumed.restore(half.iteration(), half.stale(), half.scored());
        while (whole.iterate()) {
        }
        while (resumed.iterate()) {
        }
        REQUIRE(resumed.scored().size() == whole.scored().size());
        for (std::size_t i = 0; i < whole.scored().size(); ++i)
            CHECK(resumed.scored()[i].genome == whole.scored()[i].genome);
    }

    TEST_CASE("a limit below the cheapest genome is an error that says what it must be") {
        ToySearch problem;
        CHECK_THROWS_WITH_AS(Evolution(problem, 0.5, small),
                             "search: nothing costs as little as 0.500000: the cheapest candidate, "
                             "00000000, costs 1.000000, so the limit must be at least that",
                             hat::Error);
    }

    TEST_CASE("a limit that only the cheapest genome meets finds it and ends") {
        ToySearch problem;
        Evolution search(problem, 1, small);
        while (search.iterate()) {
        }
        CHECK(search.scored().size() == 1);
        CHECK(search.best().genome == problem.cheapest());
    }

    TEST_CASE("a space of one genome, or of few, is searched to its end") {
        ToySearch one{.digits = 1};
        Evolution single(one, 100, small);
        while (single.iterate()) {
        }
        CHECK(single.scored().size() == 1);
        ToySearch few{.places = 2, .digits = 2};
        Evolution all(few, 100, small);
        while (all.iterate()) {
        }
        CHECK(all.scored().size() == 4);
        CHECK(all.best().score == few.optimum(100));
    }

    TEST_CASE("patience ends a search that finds nothing better") {
        ToySearch problem;
        EvolutionOptions options = small;
        options.iterations = 1000;
        options.patience = 2;
        Evolution search(problem, 12, options);
        while (search.iterate()) {
        }
        CHECK(search.stale() == 2);
        CHECK(search.iteration() < 1000);
    }

    TEST_CASE("a score that is no number is an error that names the genome") {
        ToySearch problem{.places = 2, .digits = 1};
        problem.worth[0][0] = std::nan("");
        Evolution search(problem, 100, small);
        CHECK_THROWS_WITH_AS(search.iterate(), "search: the score of 00 is not a finite number",
                             hat::Error);
    }

    TEST_CASE("scores of some genomes only are an error") {
        struct Forgetful : ToySearch {
            std::vector<double> score(std::span<const Genome> genomes) {
                return ToySearch::score(genomes.subspan(1));
            }
        } problem;
        Evolution search(problem, 100, small);
        CHECK_THROWS_WITH_AS(search.iterate(), doctest::Contains("genomes, expected one of each"),
                             hat::Error);
        CHECK(search.scored().empty());
    }

    TEST_CASE("before anything is scored, to ask for the best is an error") {
        ToySearch toy;
        const Evolution evolution(toy, 30, small);
        CHECK_THROWS_WITH_AS(evolution.best(),
                             "search: nothing was scored yet: call iterate() before best()",
                             hat::Error);
        CHECK(evolution.best(3).empty());
    }

    TEST_CASE("options out of range are errors") {
        ToySearch problem;
        CHECK_THROWS_WITH_AS(Evolution(problem, 12, {.population = 0}),
                             "search: population = 0, expected 1 to 1000000", hat::Error);
        CHECK_THROWS_AS(Evolution(problem, 12, {.mutation_probability = 1.5}), hat::Error);
    }
}
