// SPDX-License-Identifier: Apache-2.0
// Needs: Eigen
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/extent.hpp>
#include <hat/core/matrix_view.hpp>

#include <Eigen/Core>

#include <cstddef>
#include <limits>
#include <type_traits>
#include <utility>

/// Views of Eigen's matrices as ours, and of ours as Eigen's. No number is copied; who owns the
/// memory goes on to.
///
///     Eigen::Matrix<float, Eigen::Dynamic, 64, Eigen::RowMajor> x(tokens, 64);
///     const auto view = hat::as_view(x);              // MatrixView<float, int, Fixed<64>>
///     hat::as_eigen(y).rowwise().sum();
namespace hat {

namespace detail {

template <Extent Size>
inline constexpr int eigen_size = Eigen::Dynamic;
template <int N>
inline constexpr int eigen_size<Fixed<N>> = N;

template <int Size>
using ExtentOfEigen = std::conditional_t<Size == Eigen::Dynamic, int, Fixed<Size>>;

template <class Like, class T>
using ConstLike = std::conditional_t<std::is_const_v<Like>, const T, T>;

/// Eigen calls a matrix of one column column-major; both orders of it are one.
template <class T, int Rows, int Cols>
using EigenMatrix =
    ConstLike<T, Eigen::Matrix<std::remove_const_t<T>, Rows, Cols,
                               Cols == 1 && Rows != 1 ? Eigen::ColMajor : Eigen::RowMajor>>;

/// All but a matrix that is gone before a view of it could be used. (What a temporary map or block
/// looks at may well last.)
template <class Derived>
concept LastingMatrix = std::is_lvalue_reference_v<Derived> ||
    !std::is_base_of_v<Eigen::PlainObjectBase<std::remove_cvref_t<Derived>>,
                       std::remove_cvref_t<Derived>>;

/// A size of Eigen's as one of ours.
[[nodiscard]] inline int size_from_eigen(const char* where, Eigen::Index size) {
    if (size > std::numeric_limits<int>::max())
        fail(where, ": a size of ", size, ", expected at most ", std::numeric_limits<int>::max());
    return static_cast<int>(size);
}

template <class Derived>
using NumberOf = std::remove_pointer_t<decltype(std::declval<Derived&>().data())>;

}  // namespace detail

/// A matrix of ours as Eigen's, row-major, with its stride.
template <class T, Extent Rows, Extent Cols>
[[nodiscard]] auto as_eigen(MatrixView<T, Rows, Cols> view) noexcept {
    using Plain = detail::EigenMatrix<T, detail::eigen_size<Rows>, detail::eigen_size<Cols>>;
    constexpr bool is_column = detail::eigen_size<Cols> == 1 && detail::eigen_size<Rows> != 1;
    if constexpr (is_column) {
        return Eigen::Map<Plain, Eigen::Unaligned, Eigen::InnerStride<>>(
            view.data(), view.rows(), view.cols(), Eigen::InnerStride<>(view.stride()));
    } else {
        return Eigen::Map<Plain, Eigen::Unaligned, Eigen::OuterStride<>>(
            view.data(), view.rows(), view.cols(), Eigen::OuterStride<>(view.stride()));
    }
}

/// A vector of ours as Eigen's column.
template <class T, Extent Size>
[[nodiscard]] auto as_eigen(VectorView<T, Size> view) noexcept {
    using Plain = detail::EigenMatrix<T, detail::eigen_size<Size>, 1>;
    return Eigen::Map<Plain>(view.data(), int{view.size()}, 1);
}

/// A row-major matrix, map, reference or block of Eigen's as a view of ours: constant if it is,
/// with the sizes that it fixes. Of a column-major one take the transpose.
///
/// Throws  `Error` if numbers of a row are not neighbours in memory, or a size is no `int`.
template <detail::LastingMatrix Derived>
[[nodiscard]] auto as_view(Derived&& matrix) {
    using Plain = std::remove_reference_t<Derived>;
    static_assert(bool(Plain::IsRowMajor),
                  "as_view: a column-major matrix is the transpose of a view: use m.transpose()");
    using Rows = detail::ExtentOfEigen<Plain::RowsAtCompileTime>;
    using Cols = detail::ExtentOfEigen<Plain::ColsAtCompileTime>;
    if (matrix.innerStride() != 1)
        fail("as_view: numbers of a row are ", matrix.innerStride(), " apart, expected 1");
    return MatrixView<detail::NumberOf<Plain>, Rows, Cols>(
        matrix.data(), Rows(detail::size_from_eigen("as_view", matrix.rows())),
        Cols(detail::size_from_eigen("as_view", matrix.cols())),
        static_cast<std::ptrdiff_t>(matrix.outerStride()));
}

/// A vector of Eigen's, row or column.
///
/// Throws  `Error` if its numbers are not neighbours in memory, or its size is no `int`.
template <detail::LastingMatrix Derived>
[[nodiscard]] auto as_vector_view(Derived&& vector) {
    using Plain = std::remove_reference_t<Derived>;
    static_assert(bool(Plain::IsVectorAtCompileTime), "as_vector_view: is a matrix: use as_view");
    using Size = detail::ExtentOfEigen<Plain::SizeAtCompileTime>;
    if (vector.innerStride() != 1)
        fail("as_vector_view: numbers are ", vector.innerStride(), " apart, expected 1");
    return VectorView<detail::NumberOf<Plain>, Size>(
        vector.data(), Size(detail::size_from_eigen("as_vector_view", vector.size())));
}

}  // namespace hat
