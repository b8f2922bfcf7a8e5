// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/extent.hpp>
#include <hat/core/matrix_view.hpp>

#include <cstdint>
#include <type_traits>

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

/// A weight as training sees it: a view of the parameter slab and one of the gradient slab, cut to
/// the slice that is in use, and the flag that tells the optimiser that it got a gradient.
/// A vector is a matrix of one row. Without gradient (frozen, or evaluation) `gradient` is empty.
///
/// What it views is changed through the slab alone.
template <Extent Rows, Extent Cols>
struct ParameterView {
    MatrixView<const float, Rows, Cols> value{};
    MatrixView<float, Rows, Cols> gradient{};
    std::uint8_t* has_gradient = nullptr;

    [[nodiscard]] constexpr Rows outputs() const noexcept { return value.rows(); }
    [[nodiscard]] constexpr Cols inputs() const noexcept { return value.cols(); }
    [[nodiscard]] constexpr bool empty() const noexcept { return value.empty(); }

    [[nodiscard]] bool trainable() const noexcept { return !gradient.empty(); }
    [[nodiscard]] VectorView<const float, Cols> vector() const noexcept { return value.row(0); }
    [[nodiscard]] VectorView<float, Cols> gradient_vector() const noexcept {
        return gradient.row(0);
    }

    /// The same of sizes that are not fixed.
    template <Extent ToRows, Extent ToCols>
    requires std::is_convertible_v<Rows, ToRows> && std::is_convertible_v<Cols, ToCols>
    constexpr operator ParameterView<ToRows, ToCols>()  // NOLINT(google-explicit-constructor)
        const noexcept {
        return {value, gradient, has_gradient};
    }

    /// The first `rows` rows of the first `cols` columns.
    [[nodiscard]] ParameterView<int, int> top_left(int rows, int cols) const noexcept {
        return {value.top_left(rows, cols), trainable() ? gradient.top_left(rows, cols) : Matrix{},
                has_gradient};
    }
    /// Rows `first` … `first + n − 1`.
    [[nodiscard]] ParameterView<int, Cols> middle_rows(int first, int n) const noexcept {
        return {value.middle_rows(first, n),
                trainable() ? gradient.middle_rows(first, n) : MatrixView<float, int, Cols>{},
                has_gradient};
    }
    /// Columns `first` … `first + n − 1`.
    [[nodiscard]] ParameterView<Rows, int> middle_cols(int first, int n) const noexcept {
        return {value.middle_cols(first, n),
                trainable() ? gradient.middle_cols(first, n) : MatrixView<float, Rows, int>{},
                has_gradient};
    }
    void mark() const noexcept {
        if (has_gradient != nullptr) *has_gradient = 1;
    }
};

using Parameter = ParameterView<int, int>;

/// A weight that no gradient reaches.
[[nodiscard]] constexpr Parameter constant(ConstMatrix value) noexcept {
    return {value, {}, nullptr};
}
[[nodiscard]] constexpr Parameter constant(ConstVector value) noexcept {
    return {ConstMatrix(value.data(), 1, value.size()), {}, nullptr};
}

}  // namespace hat::autograd
