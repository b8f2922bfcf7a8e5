// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/error.hpp>
#include <hat/core/random.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

/// What repeated measurements of one number say about it. Times on a machine that does other things
/// too have a long tail on one side: the median is what a run takes, the mean is what the tail made
/// of it. Nothing says nothing: every function throws `Error` if there is no sample.
namespace hat::latency {

namespace detail {

inline void require_samples(const char* name, std::size_t samples) {
    if (samples == 0) fail("statistics: ", name, " of no samples, expected at least 1");
}

}  // namespace detail

/// The value below which a share `q` of the samples lies, between two of them by interpolation.
/// Precondition: the shapes hold.
///
/// Shapes  sorted [at least 1], ascending;  0 <= q <= 1
[[nodiscard]] inline double quantile_of_sorted(std::span<const double> sorted, double q) noexcept {
    HAT_ASSERT(!sorted.empty() && q >= 0 && q <= 1);
    const double place = q * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const std::size_t above = std::min(below + 1, sorted.size() - 1);
    return std::lerp(sorted[below], sorted[above], place - static_cast<double>(below));
}

/// As `quantile_of_sorted`, of samples in any order.
/// Throws  `Error` if `q` is not in 0 … 1.
[[nodiscard]] inline double quantile(std::span<const double> samples, double q) {
    detail::require_samples("quantile", samples.size());
    require_between("statistics", "quantile", q, 0, 1);
    std::vector<double> sorted(samples.begin(), samples.end());
    std::sort(sorted.begin(), sorted.end());
    return quantile_of_sorted(sorted, q);
}

/// The value in the middle.
[[nodiscard]] inline double median(std::span<const double> samples) {
    return quantile(samples, 0.5);
}

/// A range that holds the true value with some confidence.
struct Interval {
    double low = 0;
    double high = 0;

    /// high − low
    [[nodiscard]] constexpr double width() const noexcept { return high - low; }
    friend constexpr bool operator==(const Interval&, const Interval&) = default;
};

/// How often samples are drawn again.
struct BootstrapOptions {
    double confidence = 0.95;  ///< share of the medians between the ends
    int resamples = 1000;      ///< of all samples, with replacement
    std::uint64_t seed = 1;    ///< of what is drawn
};

/// Where the median would lie if the samples were drawn again: the middle `confidence` of the
/// medians of samples drawn from the samples, with replacement (Efron 1979). The same for the same
/// seed.
///
/// Cost    resamples · samples
/// Throws  `Error` if an option is out of range: confidence 0 … 1, resamples 1 … 10^7
[[nodiscard]] inline Interval bootstrap_median(std::span<const double> samples,
                                               const BootstrapOptions& options = {}) {
    detail::require_samples("bootstrap", samples.size());
    require_between("bootstrap", "confidence", options.confidence, 0, 1);
    require_between("bootstrap", "resamples", options.resamples, 1, 10'000'000);
    Random random(options.seed);
    std::vector<double> drawn(samples.size());
    std::vector<double> medians(static_cast<std::size_t>(options.resamples));
    for (double& result : medians) {
        for (double& x : drawn) x = samples[random.below(samples.size())];
        std::sort(drawn.begin(), drawn.end());
        result = quantile_of_sorted(drawn, 0.5);
    }
    std::sort(medians.begin(), medians.end());
    const double outside = (1 - options.confidence) / 2;
    return {quantile_of_sorted(medians, outside), quantile_of_sorted(medians, 1 - outside)};
}

/// Mean and standard deviation.
struct Moments {
    double mean = 0;
    double deviation = 0;  ///< of the population: divided by n

    friend constexpr bool operator==(const Moments&, const Moments&) = default;
};

/// Mean and standard deviation of all samples.
[[nodiscard]] inline Moments moments(std::span<const double> samples) {
    detail::require_samples("moments", samples.size());
    const auto n = static_cast<double>(samples.size());
    double sum = 0;
    for (const double x : samples) sum += x;
    const double mean = sum / n;
    double squares = 0;
    for (const double x : samples) squares += (x - mean) * (x - mean);
    return {mean, std::sqrt(squares / n)};
}

/// The published statistics of n repeated runs of HAT: sorted, without the
/// ⌊n/10⌋ fastest and the max(1, ⌊n/10⌋) slowest. A single sample is kept.
[[nodiscard]] inline Moments trimmed_moments(std::span<const double> samples) {
    detail::require_samples("trimmed moments", samples.size());
    std::vector<double> sorted(samples.begin(), samples.end());
    std::sort(sorted.begin(), sorted.end());
    if (sorted.size() == 1) return moments(sorted);
    const std::size_t front = sorted.size() / 10;
    const std::size_t back = std::max<std::size_t>(1, sorted.size() / 10);
    return moments(std::span(sorted).subspan(front, sorted.size() - front - back));
}

}  // namespace hat::latency
