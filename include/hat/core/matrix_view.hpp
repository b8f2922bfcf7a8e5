// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/extent.hpp>

#include <cstddef>
#include <type_traits>
#include <utility>

namespace hat {

namespace detail {

template <class Numbers, class T>
concept HasNumbers = requires(Numbers& numbers) {
    static_cast<T*>(numbers.data());
    static_cast<std::ptrdiff_t>(numbers.size());
    requires std::is_convertible_v<decltype(numbers.data()), T*>;
};

}  // namespace detail

/// `size` numbers in a row, owned by somebody else.
template <class T, Extent Size = int>
class VectorView {
public:
    constexpr VectorView() = default;
    constexpr VectorView(T* data, Size size) noexcept : data_(data), size_(size) {}

    /// Of numbers that are constant here, and of a size that is not fixed here.
    template <class U, Extent Other>
    requires std::is_convertible_v<U (*)[], T (*)[]> && std::is_convertible_v<Other, Size>
    constexpr VectorView(  // NOLINT(google-explicit-constructor)
        VectorView<U, Other> other) noexcept
        : data_(other.data()), size_(other.size()) {}

    /// Of all numbers of an array, a vector, a span, or whatever else has `data()` and `size()`.
    template <class Numbers>
    requires detail::HasNumbers<Numbers, T>
    constexpr explicit VectorView(Numbers& numbers) noexcept
        : data_(numbers.data()), size_(static_cast<int>(numbers.size())) {}

    [[nodiscard]] constexpr T* data() const noexcept { return data_; }
    [[nodiscard]] constexpr Size size() const noexcept { return size_; }
    [[nodiscard]] constexpr bool empty() const noexcept { return data_ == nullptr || size_ == 0; }
    [[nodiscard]] constexpr T* begin() const noexcept { return data_; }
    [[nodiscard]] constexpr T* end() const noexcept { return data_ + int{size_}; }

    constexpr T& operator[](int i) const noexcept {
        HAT_ASSERT(0 <= i && i < size_);
        return data_[i];
    }

    /// `n` numbers from `first` on.
    template <Extent N>
    [[nodiscard]] constexpr VectorView<T, N> segment(int first, N n) const noexcept {
        HAT_ASSERT(first >= 0 && first + n <= size_);
        return {data_ + first, n};
    }
    template <Extent N>
    [[nodiscard]] constexpr VectorView<T, N> head(N n) const noexcept {
        return segment(0, n);
    }

private:
    T* data_ = nullptr;
    [[no_unique_address]] Size size_{};
};

template <class Numbers>
VectorView(Numbers&)
    -> VectorView<std::remove_pointer_t<decltype(std::declval<Numbers&>().data())>>;

/// A row-major matrix owned by somebody else; consecutive rows are `stride` numbers apart,
/// so a slice of rows and columns is a view again.
template <class T, Extent Rows = int, Extent Cols = int>
class MatrixView {
public:
    constexpr MatrixView() = default;
    constexpr MatrixView(T* data, Rows rows, Cols cols) noexcept
        : data_(data), stride_(cols), rows_(rows), cols_(cols) {}
    constexpr MatrixView(T* data, Rows rows, Cols cols, std::ptrdiff_t stride) noexcept
        : data_(data), stride_(stride), rows_(rows), cols_(cols) {}

    /// Of numbers that an array, a vector, a span, or whatever else has `data()` and `size()` holds
    /// row by row. Precondition: it has rows · cols.
    template <class Numbers>
    requires detail::HasNumbers<Numbers, T>
    constexpr MatrixView(Numbers& numbers, Rows rows, Cols cols) noexcept
        : MatrixView(numbers.data(), rows, cols) {
        HAT_ASSERT(static_cast<std::ptrdiff_t>(numbers.size()) == std::ptrdiff_t{rows} * int{cols});
    }

    /// Of numbers that are constant here, and of sizes that are not fixed here.
    template <class U, Extent OtherRows, Extent OtherCols>
    requires std::is_convertible_v<U (*)[], T (*)[]> && std::is_convertible_v<OtherRows, Rows> &&
        std::is_convertible_v<OtherCols, Cols>
    constexpr MatrixView(  // NOLINT(google-explicit-constructor)
        MatrixView<U, OtherRows, OtherCols> other) noexcept
        : data_(other.data()), stride_(other.stride()), rows_(other.rows()), cols_(other.cols()) {}

    [[nodiscard]] constexpr T* data() const noexcept { return data_; }
    [[nodiscard]] constexpr Rows rows() const noexcept { return rows_; }
    [[nodiscard]] constexpr Cols cols() const noexcept { return cols_; }
    [[nodiscard]] constexpr std::ptrdiff_t stride() const noexcept { return stride_; }
    [[nodiscard]] constexpr bool empty() const noexcept { return data_ == nullptr; }

    /// Row `i`; `row_data` is where it begins.
    [[nodiscard]] constexpr T* row_data(int i) const noexcept { return data_ + i * stride_; }
    [[nodiscard]] constexpr VectorView<T, Cols> row(int i) const noexcept {
        HAT_ASSERT(0 <= i && i < rows_);
        return {row_data(i), cols_};
    }
    constexpr T& operator()(int i, int j) const noexcept {
        HAT_ASSERT(0 <= i && i < rows_ && 0 <= j && j < cols_);
        return data_[i * stride_ + j];
    }

    /// Rows `first` … `first + n − 1`.
    template <Extent N>
    [[nodiscard]] constexpr MatrixView<T, N, Cols> middle_rows(int first, N n) const noexcept {
        HAT_ASSERT(first >= 0 && first + n <= rows_);
        return {row_data(first), n, cols_, stride_};
    }
    template <Extent N>
    [[nodiscard]] constexpr MatrixView<T, N, Cols> top_rows(N n) const noexcept {
        return middle_rows(0, n);
    }
    /// Columns `first` … `first + n − 1`.
    template <Extent N>
    [[nodiscard]] constexpr MatrixView<T, Rows, N> middle_cols(int first, N n) const noexcept {
        HAT_ASSERT(first >= 0 && first + n <= cols_);
        return {data_ + first, rows_, n, stride_};
    }
    template <Extent N>
    [[nodiscard]] constexpr MatrixView<T, Rows, N> left_cols(N n) const noexcept {
        return middle_cols(0, n);
    }
    /// The first `rows` rows of the first `cols` columns: what a sub-network sees of a weight.
    [[nodiscard]] constexpr MatrixView<T> top_left(int rows, int cols) const noexcept {
        HAT_ASSERT(rows <= rows_ && cols <= cols_);
        return {data_, rows, cols, stride_};
    }

private:
    T* data_ = nullptr;
    std::ptrdiff_t stride_ = 0;
    [[no_unique_address]] Rows rows_{};
    [[no_unique_address]] Cols cols_{};
};

/// Views of floats of run-time sizes.
using Matrix = MatrixView<float>;
using ConstMatrix = MatrixView<const float>;
using Vector = VectorView<float>;
using ConstVector = VectorView<const float>;

}  // namespace hat
