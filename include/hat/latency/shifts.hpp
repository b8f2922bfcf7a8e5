// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/latency/additive_predictor.hpp>
#include <hat/latency/additive_predictors.hpp>
#include <hat/latency/statistics.hpp>
#include <hat/latency/table.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace hat::latency {

/// Rows, measured one after the other, that all took longer (or less) than the rest of the table
/// says they should: a device that was busy, hot or otherwise set, without anybody noticing.
struct Shift {
    int begin = 0;     ///< the first row, from 0
    int end = 0;       ///< behind the last row
    double ratio = 1;  ///< median of measured / expected latency

    [[nodiscard]] int rows() const noexcept { return end - begin; }

    friend bool operator==(const Shift&, const Shift&) = default;
};

/// What is a shift.
struct ShiftOptions {
    int min_rows = 30;         ///< shortest stretch that is reported
    double min_change = 0.10;  ///< least change of the level that is reported
};

namespace detail {

/// The typical distance of neighbours, over √2: their noise, if levels change seldom.
[[nodiscard]] inline double noise_of_neighbours(std::span<const double> values) {
    constexpr double median_to_std = 1.4826;
    std::vector<double> steps;
    for (std::size_t i = 1; i < values.size(); ++i)
        steps.push_back(std::abs(values[i] - values[i - 1]));
    return median_to_std * median(steps) / std::sqrt(2.0);
}

/// Brings values that stand alone to within three `noise` of the median of the 11 around them.
[[nodiscard]] inline std::vector<double> without_spikes(std::span<const double> values,
                                                        double noise) {
    constexpr std::size_t reach = 5;
    std::vector<double> calm;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const std::size_t begin = i < reach ? 0 : i - reach;
        const std::size_t end = std::min(i + reach + 1, values.size());
        const double middle = median(values.subspan(begin, end - begin));
        calm.push_back(std::clamp(values[i], middle - 3 * noise, middle + 3 * noise));
    }
    return calm;
}

/// The ends of the stretches of constant level that explain `values` best:
///
///     minimise  Σ over stretches of  Σ (value − mean of its stretch)² / noise² + penalty
///
/// Cost    O(n²)
[[nodiscard]] inline std::vector<int> level_ends(std::span<const double> values, double noise) {
    const std::size_t n = values.size();
    const double penalty = 8 * std::log(static_cast<double>(n));
    std::vector<double> sums(n + 1);
    std::vector<double> squares(n + 1);
    for (std::size_t i = 0; i < n; ++i) {
        const double z = values[i] / noise;
        sums[i + 1] = sums[i] + z;
        squares[i + 1] = squares[i] + z * z;
    }
    std::vector<double> best(n + 1, std::numeric_limits<double>::infinity());
    std::vector<std::size_t> begin_of(n + 1);
    best[0] = 0;
    for (std::size_t end = 1; end <= n; ++end) {
        for (std::size_t begin = 0; begin < end; ++begin) {
            const double sum = sums[end] - sums[begin];
            const double cost = best[begin] + penalty + squares[end] - squares[begin] -
                                sum * sum / static_cast<double>(end - begin);
            if (cost < best[end]) {
                best[end] = cost;
                begin_of[end] = begin;
            }
        }
    }
    std::vector<int> ends;
    for (std::size_t end = n; end > 0; end = begin_of[end]) ends.push_back(static_cast<int>(end));
    std::reverse(ends.begin(), ends.end());
    return ends;
}

/// Stretches of `errors` (logarithms of measured / expected) at least `min_change` off 0 and at
/// least `min_rows` long; neighbours on the same side are one.
[[nodiscard]] inline std::vector<Shift> shifted_stretches(std::span<const double> errors,
                                                          double min_change, int min_rows) {
    // Measurements are never better than this: keeps exact data from dividing by 0.
    constexpr double least_noise = 1e-4;
    const double noise = std::max(noise_of_neighbours(errors), least_noise);
    const auto level = [&](int begin, int end) {
        return std::exp(median(errors.subspan(static_cast<std::size_t>(begin),
                                              static_cast<std::size_t>(end - begin))));
    };
    std::vector<Shift> shifts;
    int begin = 0;
    for (const int end : level_ends(without_spikes(errors, noise), noise)) {
        Shift shift{begin, end, level(begin, end)};
        begin = end;
        if (shift.ratio < 1 + min_change && shift.ratio > 1 / (1 + min_change)) continue;
        const bool joins = !shifts.empty() && shifts.back().end == shift.begin &&
                           (shifts.back().ratio > 1) == (shift.ratio > 1);
        if (joins) {
            shift = {shifts.back().begin, end, level(shifts.back().begin, end)};
            shifts.pop_back();
        }
        shifts.push_back(shift);
    }
    std::erase_if(shifts, [&](const Shift& shift) { return shift.rows() < min_rows; });
    return shifts;
}

}  // namespace detail

/// The rows outside all of `shifts`, in order.
[[nodiscard]] inline LatencyTable without_shifts(std::span<const LatencyRow> rows,
                                                 std::span<const Shift> shifts) {
    LatencyTable kept;
    for (int i = 0; i < static_cast<int>(rows.size()); ++i)
        if (std::none_of(shifts.begin(), shifts.end(),
                         [&](const Shift& shift) { return shift.begin <= i && i < shift.end; }))
            kept.push_back(rows[static_cast<std::size_t>(i)]);
    return kept;
}

namespace detail {

/// Of each kind of weights that has enough rows.
[[nodiscard]] inline std::vector<AdditivePredictor>
fit_large_kinds(std::span<const LatencyRow> rows) {
    std::vector<AdditivePredictor> all;
    for (const RowsOfKind& kind : by_kind(rows))
        if (static_cast<int>(kind.rows.size()) >= additive_min_rows)
            all.push_back(fit_additive_predictor(kind.rows));
    return all;
}

}  // namespace detail

/// The silent shifts of a table, in order. Row order must be the order of measurement.
///
/// An additive model, fitted so that a minority of strange rows does not count, says what each row
/// should have taken; then the level of measured / expected over the rows is cut where it changes.
/// Both are repeated without the stretches found, until they stay the same. Tables shorter than
/// three times `min_rows` say too little: no shift is found in them.
[[nodiscard]] inline std::vector<Shift> find_shifts(std::span<const LatencyRow> rows,
                                                    const ShiftOptions& options = {}) {
    if (static_cast<int>(rows.size()) < std::max(3 * options.min_rows, additive_min_rows))
        return {};
    constexpr int most_rounds = 8;
    constexpr int least_set_aside = 10;  // short stretches disturb the fit just as well
    std::vector<Shift> aside;
    std::vector<double> errors(rows.size());
    for (int round = 0; round < most_rounds; ++round) {
        const LatencyTable kept = without_shifts(rows, aside);
        if (2 * kept.size() < rows.size()) break;  // no majority is left to compare with
        const std::vector<AdditivePredictor> usual = detail::fit_large_kinds(kept);
        const auto error = [&](const LatencyRow& row) {
            for (const AdditivePredictor& kind : usual)
                if (kind.knows(row.features))
                    return std::log(row.total_ms() / kind.predict_ms(row.features));
            return 0.0;  // nothing says what it should have taken
        };
        std::vector<double> kept_errors;
        for (const LatencyRow& row : kept) kept_errors.push_back(error(row));
        const double base = median(kept_errors);
        for (std::size_t i = 0; i < rows.size(); ++i) errors[i] = error(rows[i]) - base;
        auto found = detail::shifted_stretches(errors, options.min_change,
                                               std::min(least_set_aside, options.min_rows));
        if (found == aside) break;
        aside = std::move(found);
    }
    std::erase_if(aside, [&](const Shift& shift) { return shift.rows() < options.min_rows; });
    return aside;
}

}  // namespace hat::latency
