// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

namespace hat::search {

/// Kendall's τ-b: how far two measures of the same things rank them alike, 1 for the same order, −1
/// for the reverse, about 0 for unrelated ones. Ties count as neither.
///
///     τ = (concordant − discordant) / √(pairs not tied in x · pairs not tied in y)
///
/// Cost    n² / 2 comparisons
/// Throws  `Error` if the two differ in length, or all values of one are equal: it has no order
[[nodiscard]] inline double kendall_tau(std::span<const double> x, std::span<const double> y) {
    if (x.size() != y.size()) fail("Kendall's tau: ", x.size(), " values against ", y.size());
    const auto sign = [](double a, double b) { return a > b ? 1 : a < b ? -1 : 0; };
    std::int64_t balance = 0;
    std::int64_t ordered_x = 0;
    std::int64_t ordered_y = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            const int in_x = sign(x[i], x[j]);
            const int in_y = sign(y[i], y[j]);
            balance += in_x * in_y;
            ordered_x += in_x != 0 ? 1 : 0;
            ordered_y += in_y != 0 ? 1 : 0;
        }
    }
    if (ordered_x == 0 || ordered_y == 0)
        fail("Kendall's tau: all ", x.size(), " values are equal, so they have no order");
    return static_cast<double>(balance) /
           std::sqrt(static_cast<double>(ordered_x) * static_cast<double>(ordered_y));
}

}  // namespace hat::search
