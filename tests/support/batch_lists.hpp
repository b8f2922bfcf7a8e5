// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/data/batches.hpp>

#include <cstddef>
#include <vector>

namespace hat::support {

/// The sentences of every batch of a plan.
[[nodiscard]] inline std::vector<std::vector<int>> batches_of(const data::BatchPlan& plan) {
    std::vector<std::vector<int>> batches;
    batches.reserve(static_cast<std::size_t>(plan.size()));
    for (int b = 0; b < plan.size(); ++b)
        batches.emplace_back(plan.sentences(b).begin(), plan.sentences(b).end());
    return batches;
}

}  // namespace hat::support
