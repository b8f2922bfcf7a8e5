// SPDX-License-Identifier: Apache-2.0
#include <hat/core/random.hpp>
#include <hat/search/one_for_all.hpp>
#include <hat/search/trade_off.hpp>

#include "support/toy_search.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <set>
#include <utility>
#include <vector>

using namespace hat::search;
using hat::support::ToySearch;

namespace {

constexpr double no_limit = std::numeric_limits<double>::infinity();
using Members = std::vector<ParetoMember<int>>;

/// The place of the chosen member, the slow, obvious way: all are compared with all.
std::optional<std::size_t> obvious_choice(const auto& members, const std::vector<double>& limits,
                                          double max_score) {
    const auto worst_slowdown = [&](const Objectives& point) {
        double worst = 0;
        for (std::size_t i = 1; i <= limits.size(); ++i)
            for (const auto& other : members)
                if (!other.objectives.empty() && other.objectives[0] <= max_score)
                    worst = std::max(worst, point[i] / other.objectives[i]);
        return worst;
    };
    std::optional<std::size_t> best;
    for (std::size_t m = 0; m < members.size(); ++m) {
        const Objectives& point = members[m].objectives;
        if (point.empty() || point[0] > max_score) continue;
        bool is_allowed = true;
        for (std::size_t i = 0; i < limits.size(); ++i)
            is_allowed = is_allowed && point[1 + i] <= limits[i];
        if (!is_allowed) continue;
        const auto key = [&](std::size_t of) {
            const Objectives& its = members[of].objectives;
            return std::vector{worst_slowdown(its), its[0]};
        };
        if (!best || key(m) < key(*best)) best = m;
    }
    return best;
}

/// A network's time on a device where digits at even places, or at odd ones, take long.
struct ToyDevice {
    std::size_t slow;

    double operator()(const ToySearch::Genome& genome) const {
        double ms = 1;
        for (std::size_t i = 0; i < genome.size(); ++i) ms += (i % 2 == slow ? 3 : 0.5) * genome[i];
        return ms;
    }
};

/// A toy of 256 genomes for two devices, searched until all are known.
struct ToyShelf {
    explicit ToyShelf(std::vector<double> with_limits) : limits(std::move(with_limits)) {
        TradeOff problem(
            toy, std::vector<LimitedCost<ToyDevice>>{{{0}, limits[0]}, {{1}, limits[1]}}, last);
        ParetoSearch search(problem, {.iterations = 60, .population = 40});
        while (search.iterate()) {
        }
        members = search.members();
        for (int n = 0; n < 256; ++n) {
            const ToySearch::Genome genome{n % 4, n / 4 % 4, n / 16 % 4, n / 64};
            all.push_back(
                {genome,
                 {toy.value(genome), ToyDevice{0}(genome), ToyDevice{1}(genome), last(genome)},
                 0});
        }
    }

    static double last(const ToySearch::Genome& genome) { return genome[3]; }

    std::vector<double> limits;
    ToySearch toy{.places = 4};
    std::vector<ParetoMember<ToySearch::Genome>> members{};  ///< that were found
    std::vector<ParetoMember<ToySearch::Genome>> all{};      ///< that there are
};

}  // namespace

TEST_SUITE("search/one_for_all") {
    TEST_CASE("a case worked by hand") {
        // Good enough are the first three; the least costs are 2 and 10.
        const Members members{{0, {3.0, 2, 30}, 0},  // slowdowns 1 and 3
                              {1, {3.1, 3, 12}, 0},  // 1.5 and 1.2
                              {2, {2.9, 6, 10}, 0},  // 3 and 1
                              {3, {4.0, 1, 1}, 0},   // too high a score
                              {4, {}, 7}};           // not scored
        const std::vector limits{no_limit, no_limit};
        const auto found = one_for_all(members, limits, 3.5);
        REQUIRE(found);
        CHECK(found->member == 1);
        CHECK(found->least == std::vector{2.0, 10.0});
        CHECK(found->slowdowns == std::vector{1.5, 1.2});
        CHECK(found->worst == 1.5);
        CHECK(one_for_all(members, limits, 4.0)->member == 3);
        CHECK_FALSE(one_for_all(members, limits, 2.8));
        CHECK_FALSE(one_for_all(Members{}, limits, 4.0));
    }

    TEST_CASE("the limits of all devices hold, though what is beyond one tells the least there") {
        const Members members{{0, {3, 1, 90}, 0}, {1, {3, 3, 30}, 0}, {2, {3, 9, 10}, 0}};
        const auto found = one_for_all(members, std::vector{no_limit, 20.0}, 3);
        REQUIRE(found);
        CHECK(found->member == 2);
        CHECK(found->slowdowns == std::vector{9.0, 1.0});
        CHECK_FALSE(one_for_all(members, std::vector{2.0, 20.0}, 3));
    }

    TEST_CASE("of equal slowdowns the lower score is chosen, then the first") {
        const std::vector limits{no_limit, no_limit};
        CHECK(one_for_all(Members{{0, {3, 2, 4}, 0}, {1, {2, 4, 2}, 0}}, limits, 3)->member == 1);
        CHECK(one_for_all(Members{{0, {3, 2, 4}, 0}, {1, {3, 4, 2}, 0}}, limits, 3)->member == 0);
    }

    TEST_CASE("what costs nothing is no slower than itself") {
        const std::vector limits{no_limit};
        const auto found = one_for_all(Members{{0, {3, 0}, 0}, {1, {3, 1}, 0}}, limits, 3);
        CHECK(found->slowdowns == std::vector{1.0});
    }

    TEST_CASE("among random members it is what comparing all with all chooses") {
        hat::Random random(5);
        for (int round = 0; round < 200; ++round) {
            Members members;
            for (int m = 0; m < 30; ++m) {
                Objectives point;
                if (random.below(8) > 0)
                    for (int i = 0; i < 5; ++i)
                        point.push_back(1 + static_cast<double>(random.below(9)));
                members.push_back({m, point, 0});
            }
            const double max_score = static_cast<double>(random.below(10));
            std::vector<double> limits(3, no_limit);
            for (double& limit : limits)
                if (random.below(2) == 0) limit = 2 + static_cast<double>(random.below(8));
            const auto expected = obvious_choice(members, limits, max_score);
            const auto found = one_for_all(members, limits, max_score);
            REQUIRE(found.has_value() == expected.has_value());
            if (found) CHECK(found->member == *expected);
        }
    }

    TEST_CASE("one search for two devices finds the front of each, and the network for both") {
        for (const std::vector<double>& limits :
             {std::vector{no_limit, no_limit}, std::vector{12.0, 9.0}, std::vector{4.0, 14.0}}) {
            const ToyShelf shelf(limits);
            for (int device = 0; device < 2; ++device) {
                const double limit = limits[static_cast<std::size_t>(device)];
                const auto points = [&](const auto& members) {
                    std::set<Objectives> front;
                    for (const auto& member : front_of(members_of_cost(members, device, 2, limit)))
                        front.insert(member.objectives);
                    return front;
                };
                CHECK(points(shelf.members) == points(shelf.all));
            }
            for (const double max_score : {9.0, 8.0, 7.0, 6.0, 5.0, 4.0}) {
                const auto expected = obvious_choice(shelf.all, limits, max_score);
                const auto found = one_for_all(shelf.members, limits, max_score);
                REQUIRE(found.has_value() == expected.has_value());
                if (!found) continue;
                const Objectives& chosen = shelf.members[found->member].objectives;
                const auto again = one_for_all(shelf.all, limits, max_score);
                CHECK(found->slowdowns == again->slowdowns);
                CHECK(chosen[0] == shelf.all[*expected].objectives[0]);
            }
        }
    }
}
