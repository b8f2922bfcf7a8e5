// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/matrix_view.hpp>

#include <algorithm>
#include <cmath>

namespace hat::autograd {

/// How far a gradient is from what finite differences say.
struct GradientError {
    double worst = 0;    ///< largest |gradient − difference| …
    double largest = 0;  ///< … and the largest |difference|, to compare it with
    int row = 0;         ///< where the worst one is
    int col = 0;

    /// The worst one as a share of the largest.
    [[nodiscard]] double relative() const noexcept { return worst / std::max(largest, 1e-12); }
};

/// Compares `gradient` with central differences of `loss()` (a double) as every `every`-th element
/// of `x` moves by ± step; `x` is restored. Kernels are single precision: a step near 1e-2 and a
/// loss of moderate size keep rounding and curvature apart.
///
/// Shapes  x, gradient [rows, cols]
template <class Loss>
GradientError check_gradient(Matrix x, ConstMatrix gradient, const Loss& loss, float step = 1e-2F,
                             int every = 1) {
    GradientError error;
    for (int index = 0; index < x.rows() * x.cols(); index += every) {
        const int i = index / x.cols();
        const int j = index % x.cols();
        const float old = x(i, j);
        const float up = old + step;
        const float down = old - step;
        x(i, j) = up;
        const double above = loss();
        x(i, j) = down;
        const double below = loss();
        x(i, j) = old;
        // What the rounded ends are really apart.
        const double width = static_cast<double>(up) - static_cast<double>(down);
        const double difference = (above - below) / width;
        const double distance = std::abs(static_cast<double>(gradient(i, j)) - difference);
        error.largest = std::max(error.largest, std::abs(difference));
        if (distance > error.worst) {
            error.worst = distance;
            error.row = i;
            error.col = j;
        }
    }
    return error;
}

}  // namespace hat::autograd
