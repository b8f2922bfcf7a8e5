// SPDX-License-Identifier: Apache-2.0

/// The search engine on a problem that has nothing to do with networks: which things go into a
/// knapsack.

#include <hat/search/evolution.hpp>
#include <hat/search/integer_problem.hpp>

#include <array>
#include <cstdio>
#include <vector>

int main() {
    constexpr std::array weights{5.0, 8.0, 3.0, 11.0, 7.0, 4.0};
    constexpr std::array values{9.0, 15.0, 4.0, 22.0, 12.0, 7.0};
    const auto sum = [](const std::vector<int>& counts, const std::array<double, 6>& of) {
        double all = 0;
        for (std::size_t i = 0; i < of.size(); ++i) all += counts[i] * of[i];
        return all;
    };
    hat::search::IntegerProblem problem(
        std::vector<hat::search::IntegerRange>(6, {0, 3}),
        [&](const auto& counts) { return sum(counts, weights); },
        [&](const auto& counts) { return -sum(counts, values); });
    hat::search::Evolution search(problem, 40, {.iterations = 20, .population = 40});
    while (search.iterate()) {
    }
    const auto& [genome, cost, score] = search.best();
    std::printf("%s weigh %.0f and are worth %.0f\n", problem.text(genome).c_str(), cost, -score);
}

// Output:
// 0,0,0,3,1,0 weigh 40 and are worth 78
