// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
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

/// A weight as training sees it: a view of the parameter slab and one of the gradient slab, which
/// lies the same way, cut to the slice that is in use, and the flag that tells the optimiser that
/// it got a gradient. A vector is a matrix of one row. Without gradient (frozen, or evaluation)
/// `gradient()` is empty.
///
/// What it views is changed through the slab alone.
template <Extent Rows, Extent Cols>
struct ParameterView {
    MatrixView<const float, Rows, Cols> value{};
    float* gradient_data = nullptr;  ///< laid out as the value
    std::uint8_t* has_gradient = nullptr;

    constexpr ParameterView() = default;
    /// Precondition: `gradient` is empty, or of the sizes and the stride of `of`.
    constexpr ParameterView(MatrixView<const float, Rows, Cols> of,
                            MatrixView<float, Rows, Cols> gradient, std::uint8_t* flag) noexcept
        : value(of), gradient_data(gradient.data()), has_gradient(flag) {
        HAT_ASSERT(gradient.empty() ||
                   (gradient.rows() == of.rows() && gradient.cols() == of.cols() &&
                    gradient.stride() == of.stride()));
    }
    /// The same of sizes that are fixed.
    template <Extent OtherRows, Extent OtherCols>
    requires std::is_convertible_v<OtherRows, Rows> && std::is_convertible_v<OtherCols, Cols>
    constexpr ParameterView(  // NOLINT(google-explicit-constructor)
        const ParameterView<OtherRows, OtherCols>& other) noexcept
        : ParameterView(other.value, other.gradient(), other.has_gradient) {}

    /// Of the sizes and the stride of the value, or empty.
    [[nodiscard]] constexpr MatrixView<float, Rows, Cols> gradient() const noexcept {
        if (!trainable()) return {};
        return {gradient_data, value.rows(), value.cols(), value.stride()};
    }

    /// As a weight, [outputs, inputs].
    [[nodiscard]] constexpr Rows outputs() const noexcept { return value.rows(); }
    [[nodiscard]] constexpr Cols inputs() const noexcept { return value.cols(); }
    [[nodiscard]] constexpr bool empty() const noexcept { return value.empty(); }

    /// Whether it has gradients.
    [[nodiscard]] constexpr bool trainable() const noexcept { return gradient_data != nullptr; }
    /// As a vector: its only row, and the gradients of that.
    [[nodiscard]] VectorView<const float, Cols> vector() const noexcept { return value.row(0); }
    [[nodiscard]] VectorView<float, Cols> gradient_vector() const noexcept {
        return gradient().row(0);
    }

    /// The first `rows` rows of the first `cols` columns.
    [[nodiscard]] ParameterView<int, int> top_left(int rows, int cols) const noexcept {
        return {value.top_left(rows, cols),
                trainable() ? gradient().top_left(rows, cols) : Matrix{}, has_gradient};
    }
    /// Rows `first` … `first + n − 1`.
    [[nodiscard]] ParameterView<int, Cols> middle_rows(int first, int n) const noexcept {
        return {value.middle_rows(first, n),
                trainable() ? gradient().middle_rows(first, n) : MatrixView<float, int, Cols>{},
                has_gradient};
    }
    /// Columns `first` … `first + n − 1`.
    [[nodiscard]] ParameterView<Rows, int> middle_cols(int first, int n) const noexcept {
        return {value.middle_cols(first, n),
                trainable() ? gradient().middle_cols(first, n) : MatrixView<float, Rows, int>{},
                has_gradient};
    }
    void mark() const noexcept {
        if (has_gradient != nullptr) *has_gradient = 1;
    }
};

/// Weights of run-time sizes.
using Parameter = ParameterView<int, int>;

/// A weight that no gradient reaches.
[[nodiscard]] constexpr Parameter constant(ConstMatrix value) noexcept {
    return {value, {}, nullptr};
}
[[nodiscard]] constexpr Parameter constant(ConstVector value) noexcept {
    return {ConstMatrix(value.data(), 1, value.size()), {}, nullptr};
}

}  // namespace hat::autograd
