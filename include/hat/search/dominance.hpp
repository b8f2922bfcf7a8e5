// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/order.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

/// Comparing points with several objectives, all of which are to be small. What is no number is
/// worse than all numbers.
namespace hat::search {

/// One value per objective.
using Objectives = std::vector<double>;

namespace detail {

[[nodiscard]] inline double worst_if_no_number(double x) noexcept {
    return std::isnan(x) ? std::numeric_limits<double>::infinity() : x;
}

[[nodiscard]] inline bool is_below(double a, double b) noexcept {
    return worst_if_no_number(a) < worst_if_no_number(b);
}

}  // namespace detail

/// True if `a` is nowhere worse than `b`, and better in at least one objective.
///
/// Shapes  a, b: [objectives]
[[nodiscard]] inline bool dominates(std::span<const double> a, std::span<const double> b) noexcept {
    HAT_ASSERT(a.size() == b.size());
    bool better = false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (detail::is_below(b[i], a[i])) return false;
        better = better || detail::is_below(a[i], b[i]);
    }
    return better;
}

/// Cuts the points into fronts, as indices in ascending order: the first holds those that no point
/// dominates, the next those that only points before them dominate.
///
/// Cost    objectives · points² at most
/// See     NSGA-II (Deb et al. 2002, doi:10.1109/4235.996017), §III.A
[[nodiscard]] inline std::vector<std::vector<int>>
non_dominated_fronts(std::span<const Objectives> points) {
    // In lexicographic order a point comes after all that dominate it, so that each needs to be
    // compared with the fronts built so far, and goes to the first that holds none of those.
    std::vector<int> order = indices_of(static_cast<int>(points.size()));
    const auto point = [points](int i) -> const Objectives& {
        return points[static_cast<std::size_t>(i)];
    };
    sort_indices(order, [&](int a, int b) {
        return std::lexicographical_compare(point(a).begin(), point(a).end(), point(b).begin(),
                                            point(b).end(), detail::is_below);
    });
    // The last ones found are the nearest.
    const auto has_dominating = [&](const std::vector<int>& front, int i) {
        for (std::size_t n = front.size(); n-- > 0;)
            if (dominates(point(front[n]), point(i))) return true;
        return false;
    };
    std::vector<std::vector<int>> fronts;
    for (const int i : order) {
        std::size_t front = 0;
        while (front < fronts.size() && has_dominating(fronts[front], i)) ++front;
        if (front == fronts.size()) fronts.emplace_back();
        fronts[front].push_back(i);
    }
    for (auto& front : fronts) std::sort(front.begin(), front.end());
    return fronts;
}

/// The points that no point dominates, as indices in ascending order.
[[nodiscard]] inline std::vector<int> non_dominated(std::span<const Objectives> points) {
    auto fronts = non_dominated_fronts(points);
    return fronts.empty() ? std::vector<int>{} : std::move(fronts.front());
}

/// How much room each point of a front has: the sum over the objectives of the distance between its
/// neighbours on both sides, as a part of the front's width; infinite at the ends.
///
/// Shapes  front: indices into `points`; the result: [front]
/// See     NSGA-II (Deb et al. 2002), §III.B
[[nodiscard]] inline std::vector<double> crowding_distances(std::span<const Objectives> points,
                                                            std::span<const int> front) {
    std::vector<double> distances(front.size());
    if (front.empty()) return distances;
    const std::size_t objectives = points[static_cast<std::size_t>(front[0])].size();
    for (std::size_t objective = 0; objective < objectives; ++objective) {
        const auto value = [&](int i) {
            return points[static_cast<std::size_t>(front[static_cast<std::size_t>(i)])][objective];
        };
        const auto distance = [&](int i) -> double& {
            return distances[static_cast<std::size_t>(i)];
        };
        std::vector<int> order = indices_of(static_cast<int>(front.size()));
        sort_indices(order, [&](int a, int b) { return detail::is_below(value(a), value(b)); });
        const int first = order.front();
        const int last = order.back();
        distance(first) = distance(last) = std::numeric_limits<double>::infinity();
        const double width = value(last) - value(first);
        if (!(width > 0 && std::isfinite(width))) continue;
        for (std::size_t i = 1; i + 1 < order.size(); ++i)
            distance(order[i]) += (value(order[i + 1]) - value(order[i - 1])) / width;
    }
    return distances;
}

namespace detail {

/// As `hypervolume`, of points that all lie below the reference, over the first `objectives`.
[[nodiscard]] inline double volume_below(const std::vector<Objectives>& points,
                                         std::span<const double> reference,
                                         std::size_t objectives) {
    const std::size_t last = objectives - 1;
    const auto point = [&](int i) -> const Objectives& {
        return points[static_cast<std::size_t>(i)];
    };
    std::vector<int> order = indices_of(static_cast<int>(points.size()));
    sort_indices(order, [&](int a, int b) { return point(a)[last] < point(b)[last]; });
    if (objectives == 1) return order.empty() ? 0 : reference[0] - point(order.front())[0];
    // Slices along the last objective: each is as thick as the step to the next point, and its
    // area is that of all points up to there.
    double volume = 0;
    std::vector<Objectives> slice;
    for (std::size_t n = 0; n < order.size(); ++n) {
        slice.push_back(point(order[n]));
        const double end = n + 1 < order.size() ? point(order[n + 1])[last] : reference[last];
        const double thickness = end - slice.back()[last];
        if (thickness > 0) volume += thickness * volume_below(slice, reference, last);
    }
    return volume;
}

}  // namespace detail

/// The volume of all that `points` dominate and that dominates `reference`: the larger, the better
/// the front. Points that are not better than `reference` in every objective add nothing.
///
/// Cost    points^objectives at most
/// See     Zitzler and Thiele 1998 (doi:10.1007/BFb0056872)
[[nodiscard]] inline double hypervolume(std::span<const Objectives> points,
                                        std::span<const double> reference) {
    HAT_ASSERT(!reference.empty());
    std::vector<Objectives> inside;
    for (const Objectives& point : points) {
        HAT_ASSERT(point.size() == reference.size());
        bool is_inside = true;
        for (std::size_t i = 0; i < point.size(); ++i)
            is_inside = is_inside && point[i] < reference[i];
        if (is_inside) inside.push_back(point);
    }
    return detail::volume_below(inside, reference, reference.size());
}

}  // namespace hat::search
