// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/extent.hpp>
#include <hat/latency/table.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>

namespace hat::latency {

/// A latency and the interval in which `interval_level` of the measurements are expected.
struct LatencyPrediction {
    double ms = 0;
    double low_ms = 0;
    double high_ms = 0;
};

/// The share of measurements that intervals are to hold.
inline constexpr double interval_level = 0.9;

/// The mean error in a part of the latency range; 0 where no row lies.
struct RangeError {
    double low_ms = 0;
    double high_ms = 0;
    double mape = 0;
    int rows = 0;

    friend bool operator==(const RangeError&, const RangeError&) = default;
};

/// How far predictions were from measurements.
struct PredictionErrors {
    double mape = 0;     ///< mean of |predicted − measured| / measured
    double rmse_ms = 0;  ///< root of the mean squared error
    double r2 = 0;       ///< 1 − squared error / variance; 0 where all measurements are equal
    int rows = 0;
    /// The same in the thirds between the lowest and the highest measurement: a mean over all rows
    /// says little about the ends, where limits are.
    std::array<RangeError, 3> thirds{};

    friend bool operator==(const PredictionErrors&, const PredictionErrors&) = default;
};

/// Errors in thirds of the latency range. Precondition: as of `prediction_errors`.
[[nodiscard]] inline std::array<RangeError, 3>
errors_of_thirds(std::span<const LatencyRow> rows, std::span<const double> predicted_ms) noexcept {
    const auto [fastest, slowest] =
        std::minmax_element(rows.begin(), rows.end(), [](const LatencyRow& a, const LatencyRow& b) {
            return a.total_ms() < b.total_ms();
        });
    const double low = fastest->total_ms();
    const double width = (slowest->total_ms() - low) / 3;
    std::array<RangeError, 3> thirds;
    for (std::size_t i = 0; i < thirds.size(); ++i) {
        thirds[i].low_ms = low + width * static_cast<double>(i);
        thirds[i].high_ms = low + width * static_cast<double>(i + 1);
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const double ms = rows[i].total_ms();
        RangeError& third = thirds[ms < thirds[1].low_ms ? 0 : ms < thirds[2].low_ms ? 1 : 2];
        third.mape += std::abs(predicted_ms[i] - ms) / ms;
        ++third.rows;
    }
    for (RangeError& third : thirds) third.mape /= std::max(third.rows, 1);
    return thirds;
}

/// Shapes  rows, predicted_ms: [n], n > 0
[[nodiscard]] inline PredictionErrors
prediction_errors(std::span<const LatencyRow> rows, std::span<const double> predicted_ms) noexcept {
    HAT_ASSERT(!rows.empty() && rows.size() == predicted_ms.size());
    const auto n = static_cast<double>(rows.size());
    double mean = 0;
    for (const LatencyRow& row : rows) mean += row.total_ms() / n;
    double relative = 0;
    double squares = 0;
    double variance = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const double measured = rows[i].total_ms();
        const double error = predicted_ms[i] - measured;
        relative += std::abs(error) / measured / n;
        squares += error * error / n;
        variance += (measured - mean) * (measured - mean) / n;
    }
    return {.mape = relative,
            .rmse_ms = std::sqrt(squares),
            .r2 = variance > 0 ? 1 - squares / variance : 0,
            .rows = static_cast<int>(rows.size()),
            .thirds = errors_of_thirds(rows, predicted_ms)};
}

}  // namespace hat::latency
