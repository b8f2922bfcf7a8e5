// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/matrix_view.hpp>
#include <hat/kernels/dropout.hpp>

#include <cstddef>
#include <span>

namespace hat::kernels {

/// y[i] = x[places[i]], or y[i] += … if `accumulate`.  Shapes  x [rows, cols],  y [places, cols]
inline void gather_rows(ConstMatrix x, std::span<const int> places, Matrix y,
                        bool accumulate) noexcept {
    for (std::size_t i = 0; i < places.size(); ++i) {
        add(x.middle_rows(places[i], 1), y.middle_rows(static_cast<int>(i), 1), accumulate);
    }
}

/// y[places[i]] = x[i], or y[places[i]] += … if `accumulate`; other rows stay what they are.
/// Shapes  x [places, cols],  y [rows, cols]
inline void scatter_rows(ConstMatrix x, std::span<const int> places, Matrix y,
                         bool accumulate) noexcept {
    for (std::size_t i = 0; i < places.size(); ++i) {
        add(x.middle_rows(static_cast<int>(i), 1), y.middle_rows(places[i], 1), accumulate);
    }
}

}  // namespace hat::kernels
