// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/elastic/gene_string.hpp>
#include <hat/elastic/super_transformer.hpp>
#include <hat/io/text_file.hpp>
#include <hat/latency/affinity.hpp>
#include <hat/latency/plan_text.hpp>
#include <hat/latency/survey.hpp>
#include <hat/latency/table.hpp>
#include <hat/model/network.hpp>

#include "measurements.hpp"

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

namespace hat::program {

/// The plan that the table at `table_path` was measured by, without its members but the sentinel.
///
/// Throws  `Error` if it is missing, or of another super network than `super`, which errors call
///         `run`
[[nodiscard]] inline latency::LatencyPlan
plan_of_table(const model::Network& super, const std::string& run, const std::string& table_path) {
    const std::string path = table_path + ".plan";
    latency::LatencyPlan plan = latency::plan_from_text(io::read_file(path), path);
    if (plan.super != super.architecture()) fail(path, ": is of another super network than ", run);
    plan.members.resize(1);
    return plan;
}

/// Checks, before a search, that networks it finds can be measured as those of a table were.
///
/// Throws  `Error` as `plan_of_table`, or if the table is of another space
inline void check_measurable(const model::Network& super, const std::string& run,
                             const std::string& table_path) {
    const std::string sentinel =
        elastic::gene_string(plan_of_table(super, run, table_path).members.front());
    const auto table = read_measurements(table_path);
    if (!table.empty() && table.front().details && table.front().details->genes != sentinel)
        fail(table_path, ": its sentinel is ", in_quotes(table.front().details->genes),
             ", but that of ", table_path, ".plan is ", in_quotes(sentinel));
}

/// Measures members of a SuperTransformer on this device as the samples of a table were measured,
/// each once.
class MeasuredLatency {
public:
    /// `table_path` is a table that `hat latency` made, its plan beside it; `run` is what `super`
    /// is called in errors.
    ///
    /// Throws  `Error` as `check_measurable`
    MeasuredLatency(const model::Network& super, const std::string& run,
                    const std::string& table_path)
        : plan_(plan_of_table(super, run, table_path)), survey_(super, plan_, {}) {
        const latency::PinnedThread pin;
        static_cast<void>(survey_.calibrate());
        const auto table = read_measurements(table_path);
        if (!table.empty() && table.front().details)
            static_cast<void>(survey_.resume(table.front()));
    }

    MeasuredLatency(const MeasuredLatency&) = delete;
    MeasuredLatency& operator=(const MeasuredLatency&) = delete;

    /// Milliseconds of a sentence; says what was predicted beside it.
    double operator()(const std::string& name, const model::Architecture& member,
                      double predicted_ms) {
        const auto [place, is_new] = known_.try_emplace(elastic::gene_string(member), 0.0);
        if (!is_new) return place->second;
        const latency::PinnedThread pin;
        const auto row = survey_.measure(member);
        const std::string& flags = row.details->flags;
        std::fprintf(stderr, "measured %s: %.3f ms, predicted %.3f ms%s%s\n", name.c_str(),
                     row.total_ms(), predicted_ms, flags.empty() ? "" : "  ", flags.c_str());
        return place->second = row.total_ms();
    }

private:
    latency::LatencyPlan plan_;
    latency::LatencySurvey survey_;
    std::map<std::string, double> known_;
};

/// `count` of the numbers below `n`, or all if there are fewer: evenly, both ends among them.
[[nodiscard]] inline std::vector<int> evenly(int count, int n) {
    std::vector<int> chosen;
    count = std::min(count, n);
    for (int i = 0; i < count; ++i) chosen.push_back(count == 1 ? 0 : i * (n - 1) / (count - 1));
    return chosen;
}

}  // namespace hat::program
