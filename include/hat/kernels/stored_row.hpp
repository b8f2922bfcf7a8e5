// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/bfloat16.hpp>
#include <hat/core/extent.hpp>
#include <hat/core/int8.hpp>
#include <hat/core/simd.hpp>
#include <hat/kernels/dropout.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

/// The rows of a table that is looked up, in floats or fewer bits: how a row lies in memory, and
/// how 16 of its numbers are read. The first columns of a row are a row of a narrower table.
namespace hat::kernels {

template <class Word>
struct StoredRow;

template <>
struct StoredRow<float> {
    /// Words that belong to a row and lie in front of its first number.
    static constexpr int in_front = 0;
    /// Words from row to row.
    static constexpr std::ptrdiff_t stride(int cols) noexcept { return cols; }
    static void store(const float* from, int cols, float* to) noexcept {
        std::copy_n(from, cols, to);
    }

    const float* data;
    /// Numbers `j` … `j + n − 1`, n ≤ 16.
    [[nodiscard]] HAT_INLINE simd::Lanes load(int j, int n) const noexcept {
        return detail::load_stretch(data + j, n);
    }
};

template <>
struct StoredRow<std::uint16_t> {
    static constexpr int in_front = 0;
    static constexpr std::ptrdiff_t stride(int cols) noexcept { return cols; }
    static void store(const float* from, int cols, std::uint16_t* to) noexcept {
        std::transform(from, from + cols, to, float_to_bfloat16);
    }

    const std::uint16_t* data;
    [[nodiscard]] HAT_INLINE simd::Lanes load(int j, int n) const noexcept {
        float numbers[simd::lanes] = {};
        for (int i = 0; i < n; ++i) numbers[i] = bfloat16_to_float(data[j + i]);
        return simd::load(numbers);
    }
};

/// Its scale, a float, lies in front of it.
template <>
struct StoredRow<std::int8_t> {
    static constexpr int in_front = sizeof(float);
    static constexpr std::ptrdiff_t stride(int cols) noexcept {
        return in_front + round_up(cols, in_front);
    }
    static void store(const float* from, int cols, std::int8_t* to) noexcept {
        const float scale = int8_scale(largest_magnitude(from, cols));
        std::memcpy(to - in_front, &scale, sizeof scale);
        std::transform(from, from + cols, to, [&](float x) { return to_int8(x, scale); });
    }

    const std::int8_t* data;
    [[nodiscard]] HAT_INLINE simd::Lanes load(int j, int n) const noexcept {
        float scale;
        std::memcpy(&scale, data - in_front, sizeof scale);
        float numbers[simd::lanes] = {};
        for (int i = 0; i < n; ++i) numbers[i] = static_cast<float>(data[j + i]);
        return simd::load(numbers) * simd::broadcast(scale);
    }
};

}  // namespace hat::kernels
