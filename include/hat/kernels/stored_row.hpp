// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/bfloat16.hpp>
#include <hat/core/codebook.hpp>
#include <hat/core/extent.hpp>
#include <hat/core/int8.hpp>
#include <hat/core/matrix_view.hpp>
#include <hat/core/simd.hpp>
#include <hat/kernels/dropout.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

/// The rows of a table that is looked up, in floats or fewer bits: how a table lies in memory, and
/// how 16 numbers of a row are read. The first rows and columns of a table are a smaller one.
namespace hat::kernels {

template <class Word>
struct StoredRow;

/// Of numbers that are stored one by one: floats, and their upper halves.
template <class Word>
struct StoredNumbers {
    /// Words in front of the first number of a table.
    static constexpr int in_front = 0;
    /// Words from row to row.
    static constexpr std::ptrdiff_t stride(int cols) noexcept { return cols; }
    /// Words of a table, those in front among them.
    static constexpr std::ptrdiff_t size(int rows, int cols) noexcept {
        return rows * stride(cols);
    }

    /// Row `row` of a table, which must outlive it.
    explicit StoredNumbers(MatrixView<const Word> table, int row) noexcept
        : data(table.row_data(row)) {}

    const Word* data;
};

/// Floats, as they are.
template <>
struct StoredRow<float> : StoredNumbers<float> {
    using StoredNumbers::StoredNumbers;

    /// Writes a table whose first number is `to`.
    static void store(ConstMatrix table, float* to) noexcept {
        for (int i = 0; i < table.rows(); ++i, to += stride(table.cols()))
            std::copy_n(table.row_data(i), table.cols(), to);
    }
    /// Numbers `j` … `j + n − 1`, n ≤ 16.
    [[nodiscard]] HAT_INLINE simd::Lanes load(int j, int n) const noexcept {
        return detail::load_stretch(data + j, n);
    }
};

/// Upper halves of floats, which are rounded to them.
template <>
struct StoredRow<std::uint16_t> : StoredNumbers<std::uint16_t> {
    using StoredNumbers::StoredNumbers;

    static void store(ConstMatrix table, std::uint16_t* to) noexcept {
        for (int i = 0; i < table.rows(); ++i, to += stride(table.cols()))
            std::transform(table.row_data(i), table.row_data(i) + table.cols(), to,
                           float_to_bfloat16);
    }
    [[nodiscard]] HAT_INLINE simd::Lanes load(int j, int n) const noexcept {
        float numbers[simd::lanes] = {};
        for (int i = 0; i < n; ++i) numbers[i] = bfloat16_to_float(data[j + i]);
        return simd::load(numbers);
    }
};

/// The scale of a row, a float, lies in front of it.
template <>
struct StoredRow<std::int8_t> {
    static constexpr int in_front = sizeof(float);
    static constexpr std::ptrdiff_t stride(int cols) noexcept {
        return in_front + round_up(cols, in_front);
    }
    static constexpr std::ptrdiff_t size(int rows, int cols) noexcept {
        return rows * stride(cols);
    }
    static void store(ConstMatrix table, std::int8_t* to) noexcept {
        for (int i = 0; i < table.rows(); ++i, to += stride(table.cols())) {
            const float* const from = table.row_data(i);
            const float scale = int8_scale(largest_magnitude(from, table.cols()));
            std::memcpy(to - in_front, &scale, sizeof scale);
            std::transform(from, from + table.cols(), to,
                           [&](float x) { return to_int8(x, scale); });
        }
    }

    /// Row `row` of a table, which must outlive it.
    explicit StoredRow(MatrixView<const std::int8_t> table, int row) noexcept
        : data(table.row_data(row)) {}
    [[nodiscard]] HAT_INLINE simd::Lanes load(int j, int n) const noexcept {
        float scale;
        std::memcpy(&scale, data - in_front, sizeof scale);
        float numbers[simd::lanes] = {};
        for (int i = 0; i < n; ++i) numbers[i] = static_cast<float>(data[j + i]);
        return simd::load(numbers) * simd::broadcast(scale);
    }

    const std::int8_t* data;
};

/// Two codes a byte, the even column in the lower half; their codebook lies in front of the table.
///
/// Precondition of storing: a table of at most 16 different numbers.
template <>
struct StoredRow<std::uint8_t> {
    static constexpr int in_front = Codebook::bytes;
    static constexpr std::ptrdiff_t stride(int cols) noexcept { return (cols + 1) / 2; }
    static constexpr std::ptrdiff_t size(int rows, int cols) noexcept {
        return in_front + rows * stride(cols);
    }
    static void store(ConstMatrix table, std::uint8_t* to) noexcept {
        const Codebook codebook(table);
        codebook.store(to - in_front);
        std::fill_n(to, table.rows() * stride(table.cols()), std::uint8_t{0});
        for (int i = 0; i < table.rows(); ++i, to += stride(table.cols())) {
            for (int j = 0; j < table.cols(); ++j) {
                const int code = codebook.code(table(i, j)) << (j % 2 * 4);
                to[j / 2] = static_cast<std::uint8_t>(to[j / 2] | code);
            }
        }
    }

    /// Row `row` of a table, which must outlive it.
    explicit StoredRow(MatrixView<const std::uint8_t> table, int row) noexcept
        : codebook(table.data() - in_front), data(table.row_data(row)) {}
    [[nodiscard]] HAT_INLINE simd::Lanes load(int j, int n) const noexcept {
        float numbers[simd::lanes] = {};
        for (int i = 0; i < n; ++i) {
            const int code = data[(j + i) / 2] >> ((j + i) % 2 * 4) & 15;
            std::memcpy(numbers + i, codebook + code * std::ptrdiff_t{sizeof(float)},
                        sizeof(float));
        }
        return simd::load(numbers);
    }

    const std::uint8_t* codebook;
    const std::uint8_t* data;
};

}  // namespace hat::kernels
