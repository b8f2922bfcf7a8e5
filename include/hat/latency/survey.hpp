// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/elastic/gene_string.hpp>
#include <hat/latency/features.hpp>
#include <hat/latency/laboratory.hpp>
#include <hat/latency/plan.hpp>
#include <hat/latency/served_translation.hpp>
#include <hat/latency/stopwatch.hpp>
#include <hat/latency/table.hpp>
#include <hat/model/network.hpp>

#include <concepts>
#include <string>

namespace hat::latency {

/// The flag of the row that holds the sentinel.
inline constexpr const char* sentinel_flag = "sentinel";

/// A measurement as a row of a table.
[[nodiscard]] inline LatencyRow latency_row(const model::Architecture& member,
                                            const LatencyWorkload& workload,
                                            const LatencyMeasurement& found) {
    return {.features = latency_features(member),
            .encoder_mean_ms = found.encoder.mean,
            .decoder_mean_ms = found.decoder.mean,
            .encoder_std_ms = found.encoder.deviation,
            .decoder_std_ms = found.decoder.deviation,
            .details = LatencyDetails{.encoder_median_ms = found.encoder_median_ms,
                                      .decoder_median_ms = found.decoder_median_ms,
                                      .total_median_ms = found.total_median_ms,
                                      .total_low_ms = found.total_interval.low,
                                      .total_high_ms = found.total_interval.high,
                                      .encoder_p95_ms = found.encoder_p95_ms,
                                      .decoder_p95_ms = found.decoder_p95_ms,
                                      .sentinel_ratio = found.sentinel_ratio,
                                      .repeats = found.repeats,
                                      .beam = workload.beam,
                                      .source_length = workload.mean_source_length(),
                                      .target_length = workload.mean_target_length(),
                                      .flags = found.flags(),
                                      .genes = elastic::gene_string(member)}};
}

/// Measures members of a SuperTransformer on this device: a laboratory with a sentinel and a
/// workload. Each is served as its genes say: in its kind of weights, with lists of so many tokens.
/// `C` is what tells the time.
///
///     LatencySurvey survey(network, plan, {.repeats = 21});
///     LatencyTable table{survey.calibrate()};
///     table.push_back(survey.measure(genes));
template <Clock C = ChosenClock>
class BasicLatencySurvey {
public:
    /// The sentinel is the first member of `plan`; `super` must outlive this. Its weights may be
    /// any numbers of usual size.
    ///
    /// Throws  `Error` if the plan does not fit the network, or a number is out of range
    BasicLatencySurvey(const model::Network& super, const LatencyPlan& plan,
                       const LatencyProtocol& protocol, C clock)
        : super_(super), workload_(plan.workload), clock_(clock), sentinel_genes_(first_of(plan)),
          sentinel_(super_, sentinel_genes_, workload_, clock_),
          laboratory_(sentinel_, protocol, clock_) {}
    /// The same by the clock that the plan chose.
    BasicLatencySurvey(const model::Network& super, const LatencyPlan& plan,
                       const LatencyProtocol& protocol) requires std::same_as<C, ChosenClock>
        : BasicLatencySurvey(super, plan, protocol, C{plan.workload.time}) {}

    /// Finds the sentinel's baseline; its row of the table.
    LatencyRow calibrate() {
        LatencyRow row = latency_row(sentinel_genes_, workload_, laboratory_.calibrate());
        std::string& flags = row.details->flags;
        flags = flags.empty() ? sentinel_flag : sentinel_flag + ("+" + flags);
        return row;
    }

    /// After `calibrate`: measures as in the session that `sentinel` is of, with its baseline.
    /// Returns the baseline found today against it.
    ///
    /// Throws  `Error` if that row is of another network
    double resume(const LatencyRow& sentinel) {
        if (!sentinel.details || sentinel.details->genes != elastic::gene_string(sentinel_genes_))
            fail("latency: the table's sentinel is \"",
                 sentinel.details ? sentinel.details->genes : "unknown", "\", expected \"",
                 elastic::gene_string(sentinel_genes_), "\"");
        const double today_ms = laboratory_.baseline_ms();
        laboratory_.set_baseline(sentinel.details->total_median_ms);
        return today_ms / laboratory_.baseline_ms();
    }

    /// Precondition: `calibrate` was called.
    /// Throws  `Error` if the super network does not hold `member`
    LatencyRow measure(const model::Architecture& member) {
        ServedTranslation network(super_, member, workload_, clock_);
        return latency_row(member, workload_, laboratory_.measure(network));
    }

private:
    [[nodiscard]] static const model::Architecture& first_of(const LatencyPlan& plan) {
        if (plan.members.empty()) fail("latency: the plan names no network");
        return plan.members.front();
    }

    const model::Network& super_;
    LatencyWorkload workload_;
    C clock_;
    model::Architecture sentinel_genes_;
    ServedTranslation<C> sentinel_;
    LatencyLaboratory<ServedTranslation<C>, C> laboratory_;
};

/// With the clock of the machine.
using LatencySurvey = BasicLatencySurvey<>;

}  // namespace hat::latency
