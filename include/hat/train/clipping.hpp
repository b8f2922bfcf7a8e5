// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>

namespace hat::train {

/// What gradients of this norm are multiplied by so that it becomes `clip_norm` at most; 1 if
/// `clip_norm` is 0, which switches clipping off.
///
///     min(1, clip_norm / (norm + 1e-6))
[[nodiscard]] inline double clip_factor(double norm, double clip_norm) noexcept {
    HAT_ASSERT(clip_norm >= 0);
    if (clip_norm == 0) return 1;
    const double factor = clip_norm / (norm + 1e-6);
    return factor < 1 ? factor : 1;
}

}  // namespace hat::train
