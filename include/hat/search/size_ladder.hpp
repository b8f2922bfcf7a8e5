// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/decode/deadline.hpp>
#include <hat/elastic/design_space.hpp>
#include <hat/model/architecture.hpp>
#include <hat/model/counts.hpp>
#include <hat/search/architecture_problem.hpp>
#include <hat/search/evolution.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

namespace hat::search {

namespace detail {

/// More parameters in layers are better.
[[nodiscard]] inline std::vector<double>
minus_parameters(std::span<const model::Architecture> networks) {
    std::vector<double> scores;
    for (const model::Architecture& network : networks)
        scores.push_back(-static_cast<double>(layer_parameters(network)));
    return scores;
}

}  // namespace detail

/// Members of a design space for `decode::Deadline`, fastest first: the fastest and the largest
/// one, and between them the largest that evolution finds for latencies at equal ratios, measured
/// by the parameters in layers. There are `count`, or fewer if some are no larger than faster ones.
///
/// `predict_ms(Architecture)` returns a double.
///
/// Throws  `Error` if `count` is not at least 1, or what is predicted is no time
template <class Cost>
[[nodiscard]] std::vector<decode::Rung> size_ladder(const elastic::DesignSpace& space,
                                                    const Cost& predict_ms, int count) {
    if (count < 1) fail("size ladder: ", count, " networks, expected at least 1");
    ArchitectureProblem problem(space, predict_ms, detail::minus_parameters);
    std::vector<decode::Rung> ladder;
    std::int64_t most = 0;
    const auto add = [&](const model::Architecture& network) {
        const double ms = predict_ms(network);
        const std::int64_t parameters = layer_parameters(network);
        const bool is_larger =
            parameters > most && (ladder.empty() || ms > ladder.back().predicted_ms);
        if (!is_larger) return;
        ladder.push_back({network, ms});
        most = parameters;
    };
    const double least_ms = predict_ms(problem.cheapest());
    const double ratio = predict_ms(largest(space)) / least_ms;
    if (!(least_ms > 0) || !std::isfinite(ratio))
        fail("size ladder: the fastest network is predicted to take ", least_ms,
             " ms, and the largest ", ratio, " times that: expected more than 0");
    add(problem.cheapest());
    for (int i = 1; i + 1 < count; ++i) {
        const double limit = least_ms * std::pow(ratio, static_cast<double>(i) / (count - 1));
        Evolution search(problem, std::max(limit, least_ms), {.iterations = 15, .patience = 4});
        while (search.iterate()) {
        }
        add(search.best().genome);
    }
    if (count == 1) return ladder;
    // Others may have as many parameters, but fewer heads or attended layers.
    const model::Architecture top = largest(space);
    while (!ladder.empty() && layer_parameters(ladder.back().architecture) >= layer_parameters(top))
        ladder.pop_back();
    most = 0;
    add(top);
    return ladder;
}

}  // namespace hat::search
