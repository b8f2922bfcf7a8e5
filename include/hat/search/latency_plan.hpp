// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/random.hpp>
#include <hat/elastic/design_space.hpp>
#include <hat/elastic/genes.hpp>
#include <hat/search/latency_workload.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace hat::search {

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
                           [](elastic::Gene, int& value, const elastic::Choices& choices) {
                               elastic::Choices sorted = choices;
                               std::sort(sorted.begin(), sorted.end());
                               value = sorted[sorted.size() / 2];
                           });
    return sub_architecture(genes, space.super);
}

/// `count` different members of `space` (fewer, if it has no more): the middle one, the largest,
/// the smallest, and the rest drawn uniformly. The same for the same seed, and a longer plan begins
/// as a shorter one. Precondition: `space` has its vocabulary sizes.
[[nodiscard]] inline LatencyPlan plan_latency(const elastic::DesignSpace& space,
                                              const LatencyWorkload& workload, int count,
                                              std::uint64_t seed) {
    LatencyPlan plan{space.super, workload, {}};
    const auto add = [&](const model::Architecture& member) {
        const bool is_new =
            std::find(plan.members.begin(), plan.members.end(), member) == plan.members.end();
        if (is_new && plan.members.size() < static_cast<std::size_t>(count))
            plan.members.push_back(member);
        return is_new;
    };
    add(middle(space));
    add(elastic::largest(space));
    add(elastic::smallest(space));
    Random random(seed);
    // In a small space most draws are old ones in the end; a hundred in a row mean it is empty.
    for (int old = 0; old < 100 && plan.members.size() < static_cast<std::size_t>(count);)
        old = add(elastic::sample(space, random)) ? 0 : old + 1;
    return plan;
}

}  // namespace hat::search
