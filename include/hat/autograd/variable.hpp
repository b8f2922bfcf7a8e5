// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/matrix_view.hpp>

#include <cstdint>

namespace hat::autograd {

/// The gradient of a variable: memory given on first use, during the backward pass.
struct Gradient {
    float* data = nullptr;
};

/// A matrix that a tape has made: its value and the place of its gradient (none in `Eval`, and for
/// constants).
///
/// Shapes  value [rows, cols], without gaps between rows
struct Variable {
    Matrix value;
    Gradient* gradient = nullptr;

    [[nodiscard]] int rows() const noexcept { return value.rows(); }
    [[nodiscard]] int cols() const noexcept { return value.cols(); }
};

/// A weight as training sees it: views of the parameter slab and of the gradient slab, cut to the
/// slice that is in use, and the flag that tells the optimiser that it got a gradient.
/// A vector is a matrix of one row. Without gradient (frozen, or evaluation) `gradient` is empty.
struct Parameter {
    Matrix value;
    Matrix gradient;
    std::uint8_t* has_gradient = nullptr;

    [[nodiscard]] bool trainable() const noexcept { return !gradient.empty(); }
    [[nodiscard]] Vector vector() const noexcept { return value.row(0); }
    [[nodiscard]] Vector gradient_vector() const noexcept { return gradient.row(0); }

    /// The first `rows` rows of the first `cols` columns.
    [[nodiscard]] Parameter top_left(int rows, int cols) const noexcept {
        return {value.top_left(rows, cols), trainable() ? gradient.top_left(rows, cols) : Matrix{},
                has_gradient};
    }
    /// Rows `first` … `first + n − 1`.
    [[nodiscard]] Parameter middle_rows(int first, int n) const noexcept {
        return {value.middle_rows(first, n),
                trainable() ? gradient.middle_rows(first, n) : Matrix{}, has_gradient};
    }
    /// Columns `first` … `first + n − 1`.
    [[nodiscard]] Parameter middle_cols(int first, int n) const noexcept {
        return {value.middle_cols(first, n),
                trainable() ? gradient.middle_cols(first, n) : Matrix{}, has_gradient};
    }
    void mark() const noexcept {
        if (has_gradient != nullptr) *has_gradient = 1;
    }
};

}  // namespace hat::autograd
