// SPDX-License-Identifier: Apache-2.0
#include <hat/core/random.hpp>
#include <hat/search/dominance.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

using hat::search::crowding_distances;
using hat::search::dominates;
using hat::search::hypervolume;
using hat::search::non_dominated_fronts;
using hat::search::Objectives;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// Points on a coarse grid, so that equal coordinates and equal points occur.
std::vector<Objectives> random_points(int count, int objectives, int grid, std::uint64_t seed) {
    hat::Random random(seed);
    std::vector<Objectives> points(static_cast<std::size_t>(count));
    for (Objectives& point : points)
        for (int i = 0; i < objectives; ++i)
            point.push_back(static_cast<double>(random.below(static_cast<std::uint64_t>(grid))));
    return points;
}

/// The volume of the unit cells of a grid that some point dominates: the slow, obvious way.
double count_cells(const std::vector<Objectives>& points, int objectives, int grid) {
    std::vector<int> cell(static_cast<std::size_t>(objectives));
    double volume = 0;
    for (;;) {
        volume += std::any_of(points.begin(), points.end(), [&](const Objectives& point) {
            return std::equal(point.begin(), point.end(), cell.begin(),
                              [](double x, int corner) { return x <= corner; });
        });
        std::size_t i = 0;
        while (i < cell.size() && ++cell[i] == grid) cell[i++] = 0;
        if (i == cell.size()) return volume;
    }
}

}  // namespace

TEST_SUITE("search/dominance") {
    TEST_CASE("what is no number is dominated, dominates nothing, and spoils no order") {
        const double nan = std::nan("");
        CHECK(dominates(Objectives{1, 2}, Objectives{1, nan}));
        CHECK_FALSE(dominates(Objectives{1, nan}, Objectives{1, 2}));
        CHECK_FALSE(dominates(Objectives{nan, nan}, Objectives{1, 2}));
        CHECK_FALSE(dominates(Objectives{nan, 1}, Objectives{nan, 1}));
        const std::vector<Objectives> points{{nan, nan}, {3, 1}, {1, nan}, {1, 3}, {nan, 1}};
        const auto fronts = non_dominated_fronts(points);
        REQUIRE(fronts.size() == 3);
        CHECK(fronts[0] == std::vector<int>{1, 3});
        CHECK(fronts[1] == std::vector<int>{2, 4});
        CHECK(fronts[2] == std::vector<int>{0});
        for (const double room : crowding_distances(points, fronts[1]))
            CHECK_FALSE(std::isnan(room));
        CHECK(hypervolume(points, Objectives{4, 4}) ==
              hypervolume(std::vector{points[1], points[3]}, Objectives{4, 4}));
    }

    TEST_CASE("a point dominates what it is nowhere worse than and once better") {
        const Objectives a{1, 2};
        CHECK(dominates(a, Objectives{1, 3}));
        CHECK(dominates(a, Objectives{2, 3}));
        CHECK_FALSE(dominates(a, a));
        CHECK_FALSE(dominates(a, Objectives{0, 3}));
        CHECK_FALSE(dominates(Objectives{1, 3}, a));
    }

    TEST_CASE("fronts are peeled off one after the other") {
        const std::vector<Objectives> points{{3, 3}, {1, 2}, {2, 1}, {2, 2}, {4, 4}, {1, 2}};
        CHECK(non_dominated_fronts(points) ==
              std::vector<std::vector<int>>{{1, 2, 5}, {3}, {0}, {4}});
        CHECK(non_dominated_fronts({}).empty());
    }

    TEST_CASE("every front is what remains undominated without the fronts before") {
        for (const int objectives : {1, 2, 3, 4}) {
            const auto points = random_points(200, objectives, 12, 1);
            std::vector<int> left;
            for (int i = 0; i < 200; ++i) left.push_back(i);
            for (const std::vector<int>& front : non_dominated_fronts(points)) {
                std::vector<int> undominated;
                for (const int i : left)
                    if (std::none_of(left.begin(), left.end(), [&](int j) {
                            return dominates(points[static_cast<std::size_t>(j)],
                                             points[static_cast<std::size_t>(i)]);
                        }))
                        undominated.push_back(i);
                CHECK(front == undominated);
                std::erase_if(
                    left, [&](int i) { return std::binary_search(front.begin(), front.end(), i); });
            }
            CHECK(left.empty());
        }
    }

    TEST_CASE("crowding is the width of the gap around a point, infinite at the ends") {
        const std::vector<Objectives> points{{0, 10}, {4, 2}, {10, 0}, {1, 6}, {99, 99}};
        const std::vector<int> front{0, 1, 2, 3};
        const auto distances = crowding_distances(points, front);
        CHECK(distances[0] == infinity);
        CHECK(distances[2] == infinity);
        CHECK(distances[1] == doctest::Approx(0.9 + 0.6));  // from 1 to 10, from 0 to 6
        CHECK(distances[3] == doctest::Approx(0.4 + 0.8));  // from 0 to 4, from 2 to 10
    }

    TEST_CASE("a front that is one point, or has no width, has room at its ends only") {
        const std::vector<Objectives> points{{1, 1}, {1, 1}, {1, 1}};
        CHECK(crowding_distances(points, std::vector<int>{1}) == std::vector<double>{infinity});
        const auto distances = crowding_distances(points, std::vector<int>{0, 1, 2});
        CHECK(distances == std::vector<double>{infinity, 0, infinity});
    }

    TEST_CASE("the hypervolume is that of the cells below the front") {
        const std::vector<Objectives> points{{1, 3}, {2, 1}, {3, 3}};
        CHECK(hypervolume(points, Objectives{4, 4}) == 3 + 6 - 2);
        for (const int objectives : {1, 2, 3, 4}) {
            for (const std::uint64_t seed : {1U, 2U, 3U}) {
                const auto random = random_points(12, objectives, 6, seed);
                const Objectives reference(static_cast<std::size_t>(objectives), 6.0);
                CHECK(hypervolume(random, reference) == count_cells(random, objectives, 6));
            }
        }
    }

    TEST_CASE("points beyond the reference add no volume") {
        const std::vector<Objectives> points{{1, 1}, {0, 4}, {9, 0}};
        CHECK(hypervolume(points, Objectives{4, 4}) == 9);
        CHECK(hypervolume({}, Objectives{4, 4}) == 0);
    }
}
