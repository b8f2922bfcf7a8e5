// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/random.hpp>
#include <hat/elastic/design_space.hpp>
#include <hat/elastic/genes.hpp>
#include <hat/latency/design.hpp>
#include <hat/latency/features.hpp>
#include <hat/latency/workload.hpp>
#include <hat/model/genes.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace hat::latency {

/// Which networks are measured, and on what: all that a device must be told.
struct LatencyPlan {
    model::Architecture super;  ///< whose weights the members are cut from
    LatencyWorkload workload;
    /// The first one is the sentinel.
    std::vector<model::Architecture> members;

    friend bool operator==(const LatencyPlan&, const LatencyPlan&) = default;
};

/// The member in the middle: every gene the middle one of its choices by size.
[[nodiscard]] inline model::Architecture middle(const elastic::DesignSpace& space) {
    model::Architecture genes;
    elastic::for_each_gene(space, genes,
                           [](elastic::Gene gene, int& value, const elastic::Choices& choices) {
                               elastic::Choices sorted = choices;
                               std::sort(sorted.begin(), sorted.end(),
                                         [&](int a, int b) { return is_less(gene, a, b); });
                               value = sorted[sorted.size() / 2];
                           });
    return sub_architecture(genes, space.super);
}

/// `count` different members of `space` (fewer, if it has no more): the middle one, the largest,
/// the smallest, and of the rest, in turn, one drawn uniformly and two where a predictor's interval
/// would be widest (`LatencyDesign`), among members drawn uniformly or near one end of the space.
/// The same for the same seed, and a longer plan begins as a shorter one.
///
/// Precondition: `space` has its vocabulary sizes.
[[nodiscard]] inline LatencyPlan plan_latency(const elastic::DesignSpace& space,
                                              const LatencyWorkload& workload, int count,
                                              std::uint64_t seed) {
    LatencyPlan plan{space.super, workload, {}};
    const auto is_known = [&](const model::Architecture& member) {
        return std::find(plan.members.begin(), plan.members.end(), member) != plan.members.end();
    };
    const auto add = [&](const model::Architecture& member) {
        if (!is_known(member) && static_cast<int>(plan.members.size()) < count)
            plan.members.push_back(member);
    };
    const std::array ends{elastic::largest(space), elastic::smallest(space)};
    add(middle(space));
    for (const model::Architecture& end : ends) add(end);
    const auto& lists = space.listed_tokens;
    LatencyDesign design(latency_features(ends[0]),
                         lists.empty() ? 0 : *std::max_element(lists.begin(), lists.end()));
    for (const model::Architecture& member : plan.members) design.add(latency_features(member));
    Random random(seed);
    // In a small space most draws are known in the end; a hundred in a row mean it is empty.
    constexpr int draws = 100;
    for (int turn = 0; static_cast<int>(plan.members.size()) < count; ++turn) {
        const bool anywhere = turn % 3 == 0;
        std::optional<model::Architecture> best;
        double widest = 0;
        for (int draw = 0; draw < draws && !(anywhere && best); ++draw) {
            auto drawn = anywhere || draw % 2 == 0
                             ? elastic::sample(space, random)
                             : elastic::mutate(space, ends[static_cast<std::size_t>(draw / 2 % 2)],
                                               random.uniform(), random);
            if (is_known(drawn)) continue;
            const double variance = design.variance(latency_features(drawn));
            if (best && !(variance > widest)) continue;
            widest = variance;
            best = drawn;
        }
        if (!best) break;
        add(*best);
        design.add(latency_features(*best));
    }
    return plan;
}

}  // namespace hat::latency
