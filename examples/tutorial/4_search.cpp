// SPDX-License-Identifier: Apache-2.0

/// Times some networks on this machine, predicts the others, and looks for the one with the least
/// loss that is fast enough.

#include <hat/latency/additive_predictor.hpp>
#include <hat/latency/laboratory.hpp>
#include <hat/latency/plan.hpp>
#include <hat/latency/survey.hpp>
#include <hat/search/architecture_problem.hpp>
#include <hat/search/evolution.hpp>

#include "super.hpp"

#include <cstdio>
#include <span>
#include <vector>

namespace {

using hat::model::Architecture;

/// A word of seven letters at a time, by the time that this thread gets.
const hat::latency::LatencyWorkload workload{.lengths = {{8, 8}}, .beam = 1};
constexpr hat::latency::ChosenClock timer{hat::latency::TimeKind::thread};

}  // namespace

int main() {
    const hat::elastic::DesignSpace space = letters::design_space();
    const Architecture largest = hat::elastic::largest(space);
    hat::elastic::SuperTransformer super(space.super);
    super.network().initialize(1);
    hat::ThreadPool pool;
    letters::train_super(super.network(), space, pool);

    const auto plan = hat::latency::plan_latency(space, workload, 20, 1);
    const auto served = [&](const Architecture& member) {
        return hat::model::PackedModel(super.sub_transformer(member));
    };
    hat::latency::TimedTranslation sentinel(served(plan.members.front()), workload, timer);
    hat::latency::LatencyLaboratory laboratory(
        sentinel, {.repeats = 60, .block_runs = 20, .settle_ms = 100, .attempts = 1}, timer);
    laboratory.calibrate();
    const auto measure = [&](const Architecture& member) {
        hat::latency::TimedTranslation timed(served(member), workload, timer);
        return latency_row(member, workload, laboratory.measure(timed));
    };
    hat::latency::LatencyTable table;
    for (const Architecture& member : plan.members) table.push_back(measure(member));
    const auto predictor = hat::latency::fit_additive_predictor(table);

    const auto predict_ms = [&](const Architecture& member) {
        return predictor.predict_ms(hat::latency::latency_features(member));
    };
    hat::train::Validator validator(letters::corpus(200, 2), pool);
    const auto losses = [&](std::span<const Architecture> members) {
        std::vector<double> found;
        for (const Architecture& member : members)
            found.push_back(validator(super.sub_transformer(member), 0).loss());
        return found;
    };
    hat::search::ArchitectureProblem problem(space, predict_ms, losses);
    hat::search::Evolution search(problem, 0.6 * predict_ms(largest),
                                  {.iterations = 4, .population = 30});
    while (search.iterate()) {
    }

    const Architecture found = search.best().genome;
    const double ratio = measure(largest).total_ms() / measure(found).total_ms();
    std::printf("at least 1.3 times as fast as the largest: %s\n", ratio >= 1.3 ? "yes" : "no");
    std::printf("loss below 0.1: %s\n", search.best().score < 0.1 ? "yes" : "no");
    std::fprintf(stderr, "%s, %.2f times as fast, loss %.3f\n",
                 hat::elastic::gene_string(found).c_str(), ratio, search.best().score);
}

// Output:
// at least 1.3 times as fast as the largest: yes
// loss below 0.1: yes
