// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/search/dominance.hpp>
#include <hat/search/pareto.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace hat::search {

/// One member for several devices.
struct OneForAll {
    std::size_t member = 0;           ///< which one, of those that were to choose among
    std::vector<double> least;        ///< [costs] the least that a good enough member costs there
    std::vector<double> slowdowns{};  ///< [costs] what this one costs, as a multiple of that
    double worst = 0;                 ///< the largest of them
};

namespace detail {

/// `cost` as a multiple of the least one: 1 of what costs as little, though that be nothing.
[[nodiscard]] inline double slowdown(double cost, double least) noexcept {
    return cost == least ? 1 : cost / least;
}

}  // namespace detail

/// The member whose worst slowdown is least. Good enough is who scores `max_score` at most; the
/// slowdown by a cost, such as the latency on one of several devices, is what a member costs over
/// the least that any good enough one costs. Chosen is a good enough one within all limits; of
/// equal ones that of the lowest score, then the first. Nothing if there is none.
///
///     const auto found = one_for_all(search.members(), limits_ms, 3.4);
///     if (found) use(search.members()[found->member].genome);
///
/// Shapes  limits [costs], one at least;  objectives of a member [1 + costs + further], score and
///         costs first, as `TradeOff` has them, or none where it was not scored
template <class Genome>
[[nodiscard]] std::optional<OneForAll> one_for_all(const std::vector<ParetoMember<Genome>>& members,
                                                   std::span<const double> limits,
                                                   double max_score) {
    const auto is_good = [&](const Objectives& point) {
        return !point.empty() && point.front() <= max_score;
    };
    std::vector<double> least(limits.size(), std::numeric_limits<double>::infinity());
    for (const auto& [genome, point, violation] : members)
        for (std::size_t i = 0; is_good(point) && i < limits.size(); ++i)
            least[i] = std::min(least[i], point[1 + i]);
    std::optional<OneForAll> best;
    for (std::size_t m = 0; m < members.size(); ++m) {
        const Objectives& point = members[m].objectives;
        bool is_candidate = is_good(point);
        for (std::size_t i = 0; is_candidate && i < limits.size(); ++i)
            is_candidate = point[1 + i] <= limits[i];
        if (!is_candidate) continue;
        OneForAll found{.member = m, .least = least};
        for (std::size_t i = 0; i < limits.size(); ++i) {
            found.slowdowns.push_back(detail::slowdown(point[1 + i], least[i]));
            found.worst = std::max(found.worst, found.slowdowns.back());
        }
        if (!best || found.worst < best->worst ||
            (found.worst == best->worst &&
             point.front() < members[best->member].objectives.front()))
            best = std::move(found);
    }
    return best;
}

}  // namespace hat::search
