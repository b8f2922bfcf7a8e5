// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/matrix_view.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>

namespace hat::support {

/// Ends a benchmark with an error if two implementations do not agree to `tolerance`, relative to
/// the largest number: a rival that computes something else is no rival.
inline bool agree(benchmark::State& state, ConstMatrix ours, ConstMatrix theirs,
                  float tolerance = 1e-3F) {
    float error = 0;
    float size = 0;
    for (int i = 0; i < ours.rows(); ++i) {
        for (int j = 0; j < ours.cols(); ++j) {
            const float d = std::abs(ours(i, j) - theirs(i, j));
            error = d > error || std::isnan(d) ? d : error;
            size = std::max(size, std::abs(ours(i, j)));
        }
    }
    if (error <= tolerance * size) return true;
    state.SkipWithError("the results differ");
    return false;
}

}  // namespace hat::support
