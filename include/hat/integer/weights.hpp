// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/matrix_view.hpp>

/// What the weights of a layer of integers are. As in <hat/nn/weights.hpp> a layer is a template
/// over that, and all that is done with all weights of a network is a walk of its members.
namespace hat::integer {

/// Those that are computed with.
struct Constants {
    template <class T>
    using Matrix = MatrixView<const T>;
    template <class T>
    using Vector = VectorView<const T>;
};

/// Those that are being made.
struct Variables {
    template <class T>
    using Matrix = MatrixView<T>;
    template <class T>
    using Vector = VectorView<T>;
};

/// How many there are.
struct Sizes {
    /// Rows and columns of one.
    struct Size {
        int rows = 0;
        int cols = 0;

        [[nodiscard]] constexpr bool empty() const noexcept { return rows == 0 || cols == 0; }
    };
    template <class T>
    struct Matrix : Size {};
    template <class T>
    struct Vector : Size {};

    /// What an architecture asks for.
    template <class T>
    [[nodiscard]] static constexpr Matrix<T> matrix(int rows, int cols) noexcept {
        return {{rows, cols}};
    }
    /// What an architecture asks for.
    template <class T>
    [[nodiscard]] static constexpr Vector<T> vector(int size) noexcept {
        return {{1, size}};
    }
};

}  // namespace hat::integer
