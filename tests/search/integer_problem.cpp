// SPDX-License-Identifier: Apache-2.0
#include <hat/search/evolution.hpp>
#include <hat/search/integer_problem.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

using hat::search::Evolution;
using hat::search::IntegerProblem;
using Genome = std::vector<int>;

namespace {

double sum(const Genome& x) {
    double all = 0;
    for (const int i : x) all += i;
    return all;
}

}  // namespace

TEST_SUITE("search/integer_problem") {
    TEST_CASE("the engine finds the best of a knapsack") {
        // Six kinds of things, up to three of each; the best of 4,096 by trying them all.
        static constexpr int weight[] = {5, 8, 3, 11, 7, 4};
        static constexpr int value[] = {9, 15, 4, 22, 12, 7};
        const auto total = [](const Genome& x, const int* of) {
            double all = 0;
            for (std::size_t i = 0; i < x.size(); ++i) all += of[i] * x[i];
            return all;
        };
        const auto weight_of = [&](const Genome& x) { return total(x, weight); };
        const auto score_of = [&](const Genome& x) { return -total(x, value); };
        double expected = 0;
        for (int code = 0; code < 4096; ++code) {
            Genome x;
            for (int i = 0; i < 6; ++i) x.push_back(code >> (2 * i) & 3);
            if (weight_of(x) <= 40) expected = std::min(expected, score_of(x));
        }
        IntegerProblem problem({{0, 3}, {0, 3}, {0, 3}, {0, 3}, {0, 3}, {0, 3}}, weight_of,
                               score_of);
        static_assert(hat::search::SearchProblem<decltype(problem)>);
        Evolution search(problem, 40.0, {.iterations = 20, .population = 40, .parents = 10});
        while (search.iterate()) {
        }
        CHECK(search.best().score == expected);
        CHECK(search.best().cost <= 40.0);
    }

    TEST_CASE(
        "the cheapest genome is found where costs fall towards the middle, and constraints hold") {
        const auto cost = [](const Genome& x) {
            if (x[0] == 17) return std::numeric_limits<double>::infinity();  // not allowed
            return static_cast<double>((x[0] - 17) * (x[0] - 17) + x[1]);
        };
        const IntegerProblem problem({{-1000, 1000}, {-5, 5}}, cost, sum);
        const Genome best = problem.cheapest();
        CHECK(cost(best) == 1 - 5);
    }

    TEST_CASE("genomes are words, and back; others are refused") {
        const IntegerProblem problem({{-3, 3}, {0, 100}}, sum, sum);
        CHECK(problem.text({-2, 17}) == "-2,17");
        CHECK(problem.parse("-2,17") == Genome{-2, 17});
        for (const char* wrong : {"", "1", "1,2,3", "4,0", "1,101", "1;2", "1,2x"}) {
            CAPTURE(wrong);
            CHECK_THROWS_AS((void)problem.parse(wrong), hat::Error);
        }
        CHECK_THROWS_WITH_AS((void)problem.parse("1,101"),
                             "integer problem: \"1,101\", number 2: expected 0 to 100 of 2 numbers",
                             hat::Error);
        CHECK_THROWS_WITH_AS((IntegerProblem({{2, 1}}, sum, sum)),
                             "integer problem: range 0 is 2 to 1, which holds nothing", hat::Error);
    }

    TEST_CASE("refused words are shown on one line, and a problem has ranges") {
        const IntegerProblem problem({{-3, 3}}, sum, sum);
        CHECK_THROWS_WITH_AS((void)problem.parse("1\n\x1b[2J"),
                             "integer problem: \"1\\n\\u001b[2J\", number 1: expected -3 to 3 of 1 "
                             "numbers",
                             hat::Error);
        CHECK_THROWS_WITH_AS((IntegerProblem({}, sum, sum)),
                             "integer problem: no ranges, expected one for each integer",
                             hat::Error);
    }

    TEST_CASE("a cost that is not a number is not allowed") {
        const auto cost = [](const Genome& x) { return x[0] == 0 ? std::nan("") : 1.0 * x[0]; };
        IntegerProblem problem({{0, 9}}, cost, sum);
        CHECK(problem.cheapest() == Genome{1});
        Evolution search(problem, 5.0, {.iterations = 3, .population = 10});
        while (search.iterate()) {
        }
        CHECK(search.best().genome == Genome{1});
        CHECK_THROWS_WITH_AS(Evolution(problem, std::nan("")),
                             "search: limit = nan, expected a number", hat::Error);
    }

    TEST_CASE("the whole range of int is drawn from") {
        const IntegerProblem problem(
            {{std::numeric_limits<int>::min(), std::numeric_limits<int>::max()}}, sum, sum);
        hat::Random random(1);
        bool negative = false;
        bool positive = false;
        for (int i = 0; i < 20; ++i) {
            const int x = problem.sample(random)[0];
            negative = negative || x < -1'000'000;
            positive = positive || x > 1'000'000;
        }
        CHECK(negative);
        CHECK(positive);
        CHECK(problem.cheapest()[0] == std::numeric_limits<int>::min());
    }
}
