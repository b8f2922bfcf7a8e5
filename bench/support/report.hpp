// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/agree.hpp"
#include "support/peak.hpp"

#include <benchmark/benchmark.h>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <string>

/// What a benchmark says beside its time: rates, and the share of what this core can do.
namespace hat::support {

namespace detail {

using Clock = std::chrono::steady_clock;

/// FLOP/s of fused multiply-adds on one core right now: clocks drift.
inline double peak_now() {
    return fma_peak_gflops() * 1e9;
}

/// What Google Benchmark prints before all results.
struct Context {
    Context() {
        const auto rounded = [](double x) { return std::to_string(std::lround(x)); };
        benchmark::AddCustomContext("fp32 FMA peak of one core, GFLOP/s",
                                    rounded(peak_now() / 1e9));
        benchmark::AddCustomContext("read of 16 MB by one core, GB/s",
                                    rounded(read_gbytes_per_second(std::size_t{16} << 20U)));
    }
};
inline const Context context;

}  // namespace detail

/// Rates of the loop that follows its construction.
///
///     Report report(state);
///     for (auto _ : state) { … }
///     report.flops(2.0 * m * n * k);
class Report {
public:
    explicit Report(benchmark::State& state)
        : state_(state), peak_before_(detail::peak_now()), start_(detail::Clock::now()) {}

    /// FLOP/s, and their share of the peak of fused multiply-adds: the mean of one measurement just
    /// before the loop and one just after it.
    void flops(double per_iteration) {
        const double per_second = per_iteration * iterations_per_second();
        const double peak = (peak_before_ + detail::peak_now()) / 2;
        state_.counters["FLOP/s"] = per_second;
        state_.counters["peak_FLOP/s"] = peak;
        state_.counters["of_peak"] = per_second / peak;
    }
    /// Bytes per second of what `name` says.
    void bytes(const std::string& name, double per_iteration) {
        state_.counters[name + "_B/s"] = per_iteration * iterations_per_second();
    }
    void tokens(double per_iteration) {
        state_.counters["tokens/s"] = per_iteration * iterations_per_second();
    }

private:
    [[nodiscard]] double iterations_per_second() {
        if (seconds_ == 0) {
            seconds_ = std::chrono::duration<double>(detail::Clock::now() - start_).count();
        }
        return static_cast<double>(state_.iterations()) / seconds_;
    }

    benchmark::State& state_;
    double peak_before_;
    detail::Clock::time_point start_;
    double seconds_ = 0;
};

}  // namespace hat::support
