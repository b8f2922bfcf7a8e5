// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/latency/statistics.hpp>
#include <hat/latency/stopwatch.hpp>
#include <hat/latency/timed_translation.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace hat::latency {

/// Something whose runs can be timed: a `TimedTranslation`, or what a test puts in its place.
template <class T>
concept Timed = requires(T& timed) {
    { timed.run() } -> std::same_as<Latency>;
};

/// How measurements are made.
struct LatencyProtocol {
    int repeats = 21;                  ///< timed runs of a network, at least
    int block_runs = 3;                ///< of them between two looks at the sentinel
    int warm_up_runs = 1;              ///< not timed, at the beginning of every block: caches
    int first_runs = 2;                ///< more of them before the first block: memory, page tables
    double settle_ms = 2000;           ///< the sentinel runs so long before its time is taken
    double drift_tolerance = 0.05;     ///< slowest / fastest block of the sentinel − 1
    double level_tolerance = 0.1;      ///< of the sentinel's time, against its baseline
    double interval_tolerance = 0.02;  ///< half the bootstrap interval, against the median
    int attempts = 3;                  ///< of a measurement that does not succeed
    double pause_ms = 500;             ///< before another attempt; twice as long each time

    /// Blocks of a measurement, which make at least `repeats` runs.
    [[nodiscard]] int blocks() const noexcept { return (repeats + block_runs - 1) / block_runs; }
};

/// Throws  `Error` naming the first number that is out of range.
inline void validate(const LatencyProtocol& protocol) {
    const auto require = [](const char* name, auto value, auto low, auto high) {
        require_between("latency", name, value, low, high);
    };
    constexpr int many = 1'000'000;
    require("repeats", protocol.repeats, 1, many);
    require("block_runs", protocol.block_runs, 1, many);
    require("warm_up_runs", protocol.warm_up_runs, 0, many);
    require("first_runs", protocol.first_runs, 0, many);
    require("attempts", protocol.attempts, 1, 100);
    require("settle_ms", protocol.settle_ms, 0.0, 1e9);
    require("pause_ms", protocol.pause_ms, 0.0, 1e7);
    require("drift_tolerance", protocol.drift_tolerance, 0.001, 10.0);
    require("level_tolerance", protocol.level_tolerance, 0.001, 10.0);
    require("interval_tolerance", protocol.interval_tolerance, 0.001, 10.0);
}

/// What was found about one network.
///
/// Medians are what to compare: of every block the fastest run (whatever else the machine did can
/// only have added to the others), scaled by what the sentinel said before and after the block,
/// then the median over the blocks. The published statistics and the 95th percentiles are over all
/// timed runs as the clock gave them.
struct LatencyMeasurement {
    double encoder_median_ms = 0;
    double decoder_median_ms = 0;
    double total_median_ms = 0;
    Interval total_interval;  ///< bootstrap over blocks, 95 %
    Moments encoder;          ///< published statistics
    Moments decoder;
    double encoder_p95_ms = 0;
    double decoder_p95_ms = 0;
    double sentinel_ratio = 1;   ///< median over blocks, against the baseline
    double sentinel_spread = 0;  ///< slowest / fastest block of the sentinel − 1
    int repeats = 0;             ///< timed runs
    int attempts = 1;            ///< that this took

    // Why it should be looked at with care, if so.
    bool throttled = false;  ///< the sentinel was slower than its baseline by more than tolerated
    bool drifting = false;   ///< it changed meanwhile, or was that much faster than its baseline
    bool uncertain = false;  ///< the interval is wider than tolerated

    /// Half the interval, relative to the median.
    [[nodiscard]] double relative_error() const noexcept {
        return total_interval.width() / 2 / total_median_ms;
    }
    [[nodiscard]] bool is_steady() const noexcept { return !throttled && !drifting && !uncertain; }

    /// For tables: "remeasured", "throttled", "drifting", "uncertain", joined with '+'.
    [[nodiscard]] std::string flags() const {
        std::string text;
        const auto add = [&](bool holds, const char* word) {
            if (holds) (text += text.empty() ? "" : "+") += word;
        };
        add(attempts > 1, "remeasured");
        add(throttled, "throttled");
        add(drifting, "drifting");
        add(uncertain, "uncertain");
        return text;
    }
};

/// Measures networks on a machine that may do other things meanwhile, get warm or change its clock.
///
/// A *sentinel*, one network that stays, runs before and after every block of runs of the network
/// that is measured. Its time against its own baseline says how fast the machine is at this moment:
/// times are divided by that, and a measurement during which it changed by more than is tolerated
/// is made again after a pause. What stays bad is marked, not hidden.
///
///     TimedTranslation sentinel(model::PackedModel(super.sub_transformer(middle)), workload);
///     LatencyLaboratory laboratory(sentinel, {.repeats = 21});
///     laboratory.calibrate();
///     TimedTranslation network(model::PackedModel(super.sub_transformer(genes)), workload);
///     const LatencyMeasurement found = laboratory.measure(network);
template <Timed Sentinel, Clock Timer = SteadyClock>
class LatencyLaboratory {
public:
    /// `sentinel` must outlive this.
    /// Throws  `Error` if a number of the protocol is out of range.
    explicit LatencyLaboratory(Sentinel& sentinel, const LatencyProtocol& protocol = {},
                               Timer clock = {})
        : sentinel_(sentinel), protocol_(protocol), clock_(clock) {
        validate(protocol);
    }

    /// Lets the machine settle and finds the sentinel's baseline, the median over its blocks.
    LatencyMeasurement calibrate() {
        const double start = clock_.now_ms();
        do sentinel_.run();
        while (clock_.now_ms() - start < protocol_.settle_ms);
        level_ = 1;
        const LatencyMeasurement found = repeat([&] {
            Batch batch;
            std::vector<double> times;
            for (int i = 0; i < protocol_.blocks(); ++i) {
                batch.blocks.push_back(block_of(sentinel_));
                times.push_back(batch.blocks.back().fastest.total_ms());
            }
            batch.ratios.assign(batch.blocks.size(), 1.0);
            batch.spread = spread_of(times);
            return batch;
        });
        baseline_ms_ = found.total_median_ms;
        return found;
    }

    /// Goes on with the baseline of an earlier session: results are as if made then.
    void set_baseline(double sentinel_ms) {
        if (!(sentinel_ms > 0) || !std::isfinite(sentinel_ms))
            fail("latency: a sentinel baseline of ", sentinel_ms, " ms, expected more than 0");
        baseline_ms_ = sentinel_ms;
    }
    [[nodiscard]] double baseline_ms() const noexcept { return baseline_ms_; }

    /// Measures `network`. Precondition: there is a baseline.
    template <Timed Network>
    LatencyMeasurement measure(Network& network) {
        HAT_ASSERT(baseline_ms_ > 0);
        for (int i = 0; i < protocol_.first_runs; ++i) network.run();
        return repeat([&] {
            Batch batch;
            std::vector<double> times{block_of(sentinel_).fastest.total_ms()};
            for (int i = 0; i < protocol_.blocks(); ++i) {
                batch.blocks.push_back(block_of(network));
                times.push_back(block_of(sentinel_).fastest.total_ms());
                const double around = (times[times.size() - 2] + times.back()) / 2;
                batch.ratios.push_back(around / baseline_ms_);
            }
            batch.spread = spread_of(times);
            return batch;
        });
    }

private:
    struct Block {
        std::vector<Latency> runs;
        Latency fastest;
    };
    /// Blocks of one network, and what the sentinel said meanwhile.
    struct Batch {
        std::vector<Block> blocks;
        std::vector<double> ratios;  ///< of the sentinel's time around each block to the baseline
        double spread = 0;           ///< of the sentinel's times
    };

    template <class Network>
    [[nodiscard]] Block block_of(Network& network) const {
        for (int i = 0; i < protocol_.warm_up_runs; ++i) network.run();
        Block block;
        for (int i = 0; i < protocol_.block_runs; ++i) block.runs.push_back(network.run());
        block.fastest = *std::min_element(
            block.runs.begin(), block.runs.end(),
            [](const Latency& a, const Latency& b) { return a.total_ms() < b.total_ms(); });
        return block;
    }

    [[nodiscard]] static double spread_of(std::span<const double> times) noexcept {
        const auto [least, most] = std::minmax_element(times.begin(), times.end());
        return *most / *least - 1;
    }

    [[nodiscard]] LatencyMeasurement summary(const Batch& batch, int attempts) const {
        std::vector<double> encoder, decoder, total;     // of blocks, scaled
        std::vector<double> encoder_runs, decoder_runs;  // as the clock gave them
        for (std::size_t i = 0; i < batch.blocks.size(); ++i) {
            const Block& block = batch.blocks[i];
            encoder.push_back(block.fastest.encoder_ms / batch.ratios[i]);
            decoder.push_back(block.fastest.decoder_ms / batch.ratios[i]);
            total.push_back(block.fastest.total_ms() / batch.ratios[i]);
            for (const Latency& run : block.runs) {
                encoder_runs.push_back(run.encoder_ms);
                decoder_runs.push_back(run.decoder_ms);
            }
        }
        LatencyMeasurement m{.encoder_median_ms = median(encoder),
                             .decoder_median_ms = median(decoder),
                             .total_median_ms = median(total),
                             .total_interval = bootstrap_median(total),
                             .encoder = trimmed_moments(encoder_runs),
                             .decoder = trimmed_moments(decoder_runs),
                             .encoder_p95_ms = quantile(encoder_runs, 0.95),
                             .decoder_p95_ms = quantile(decoder_runs, 0.95),
                             .sentinel_ratio = median(batch.ratios),
                             .sentinel_spread = batch.spread,
                             .repeats = static_cast<int>(encoder_runs.size()),
                             .attempts = attempts};
        m.throttled = m.sentinel_ratio > 1 + protocol_.level_tolerance;
        m.drifting = m.sentinel_spread > protocol_.drift_tolerance ||
                     m.sentinel_ratio < 1 - protocol_.level_tolerance;
        m.uncertain = m.relative_error() > protocol_.interval_tolerance;
        return m;
    }

    /// How much the machine changed during a batch; up to 1 is tolerated. At a speed that has
    /// lasted another attempt would change nothing: that it is not the baseline's is marked.
    [[nodiscard]] double drift(const Batch& batch) const {
        const double ratio = median(batch.ratios);
        const double change = std::min(std::abs(ratio - 1), std::abs(ratio / level_ - 1));
        return std::max(change / protocol_.level_tolerance,
                        batch.spread / protocol_.drift_tolerance);
    }

    /// Takes batches until one is good: a disturbed one is given up for the next if that is better,
    /// and steady ones are put together until the interval is narrow.
    template <class Sample>
    LatencyMeasurement repeat(const Sample& sample) {
        Batch kept = sample();
        LatencyMeasurement found = summary(kept, 1);
        double pause_ms = protocol_.pause_ms;
        for (int attempts = 2; attempts <= protocol_.attempts; ++attempts) {
            if (drift(kept) <= 1 && !found.uncertain) break;
            clock_.sleep_ms(pause_ms);
            pause_ms *= 2;
            const Batch next = sample();
            if (drift(kept) <= 1 && drift(next) <= 1) {
                kept.blocks.insert(kept.blocks.end(), next.blocks.begin(), next.blocks.end());
                kept.ratios.insert(kept.ratios.end(), next.ratios.begin(), next.ratios.end());
                kept.spread = std::max(kept.spread, next.spread);
            } else if (drift(next) < drift(kept)) {
                kept = next;
            }
            found = summary(kept, attempts);
        }
        level_ = found.sentinel_ratio;
        return found;
    }

    Sentinel& sentinel_;
    LatencyProtocol protocol_;
    Timer clock_;
    double baseline_ms_ = 0;
    double level_ = 1;  ///< the sentinel's ratio in the last measurement
};

}  // namespace hat::latency
