// SPDX-License-Identifier: Apache-2.0
#include <hat/search/problem.hpp>

#include "support/toy_search.hpp"

#include <doctest/doctest.h>

using hat::search::SearchProblem;
using hat::support::ToySearch;

namespace {

/// Its genomes cannot be compared.
struct Incomparable : ToySearch {
    struct Genome {};
};
/// Scores one at a time.
struct Single : ToySearch {
    double score(const Genome& genome) { return value(genome); }
};
/// Tells costs in whole numbers, which would round limits.
struct Rounded : ToySearch {
    [[nodiscard]] int cost(const Genome& genome) const {
        return static_cast<int>(ToySearch::cost(genome));
    }
};

}  // namespace

TEST_SUITE("search/problem") {
    TEST_CASE("what has all of it is a problem, what lacks one thing is none") {
        static_assert(SearchProblem<ToySearch>);
        static_assert(!SearchProblem<Incomparable>);
        static_assert(!SearchProblem<Single>);
        static_assert(!SearchProblem<Rounded>);
        static_assert(!SearchProblem<int>);
    }
    TEST_CASE("a problem that is only looked at is asked for costs, not for scores") {
        static_assert(!SearchProblem<const ToySearch>, "scoring may count and cache");
    }
}
