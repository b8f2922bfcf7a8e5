// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>

/// Arithmetic of numbers without floating point. A number is an integer times a scale that is known
/// where it is made; scales meet as `Scale`, a mantissa and a shift.
///
/// Numbers are rounded to the nearest, halves up: ⌊x + ½⌋. What they are multiplied by is rounded
/// down: products of scales, `Factor`s, roots, and what is between the numbers of a table; the mean
/// of a layer norm is rounded towards 0. Where floats become integers, halves become even.
namespace hat::integer {

/// ⌊x / 2^shift + ½⌋. Precondition: |x| < 2^61, shift ≥ 0.
[[nodiscard]] constexpr std::int64_t round_shift(std::int64_t x, int shift) noexcept {
    if (shift == 0) return x;
    return shift > 61 ? 0 : (x + (std::int64_t{1} << (shift - 1))) >> shift;
}

/// The nearest number in −max … max of `T`: both signs reach as far.
template <class T>
[[nodiscard]] constexpr T saturate(std::int64_t x) noexcept {
    constexpr std::int64_t most = std::numeric_limits<T>::max();
    return static_cast<T>(std::clamp(x, -most, most));
}

/// A positive factor of a whole row of numbers: mantissa · 2^−shift, with 2^15 ≤ mantissa < 2^16,
/// or 0.
struct Factor {
    std::uint32_t mantissa = 0;
    int shift = 0;

    /// That of an integer; of one with more than 16 bits, rounded down.
    [[nodiscard]] static constexpr Factor of(std::uint32_t x) noexcept {
        const int up = 16 - static_cast<int>(std::bit_width(x));
        return {up >= 0 ? x << up : x >> -up, up};
    }
};

/// A factor of numbers: mantissa · 2^−shift, of 24 bits.
///
/// Weights keep it as a word: the mantissa of 23 bits and a sign in the upper 24 bits, the shift,
/// with 96 added, in the lower 8.
struct Scale {
    static constexpr int shift_offset = 96;

    std::int32_t mantissa = 0;
    int shift = 0;

    /// From and to the word that weights keep.
    [[nodiscard]] static constexpr Scale from_word(std::int32_t word) noexcept {
        return {word >> 8, (word & 255) - shift_offset};
    }
    [[nodiscard]] constexpr std::int32_t word() const noexcept {
        return static_cast<std::int32_t>(static_cast<std::uint32_t>(mantissa) << 8U) |
               (shift + shift_offset);
    }

    /// The same times that of a row. Its mantissa is rounded down.
    [[nodiscard]] friend constexpr Scale operator*(Scale scale, Factor factor) noexcept {
        const std::int64_t product = std::int64_t{scale.mantissa} * factor.mantissa;
        return {static_cast<std::int32_t>(product >> 16), scale.shift + factor.shift - 16};
    }
};

/// x · scale, rounded; the largest number of 32 bits, or its negative, where it is larger.
[[nodiscard]] constexpr std::int32_t scaled(std::int32_t x, Scale scale) noexcept {
    const std::int64_t product = std::int64_t{x} * scale.mantissa;
    if (scale.shift >= 0) return saturate<std::int32_t>(round_shift(product, scale.shift));
    // 2^24 of anything that is not 0 is as much as 2^95: more than there is room for.
    const std::int64_t few = saturate<std::int32_t>(product);
    return saturate<std::int32_t>(few << std::min(-scale.shift, 31));
}
[[nodiscard]] constexpr std::int32_t scaled(std::int32_t x, std::int32_t scale_word) noexcept {
    return scaled(x, Scale::from_word(scale_word));
}

/// ⌊√x⌋.
[[nodiscard]] constexpr std::uint32_t square_root(std::uint64_t x) noexcept {
    std::uint64_t root = 0;
    for (std::uint64_t bit = std::uint64_t{1} << 62U; bit != 0; bit >>= 2U) {
        const bool fits = x >= root + bit;
        if (fits) x -= root + bit;
        root = (root >> 1U) + (fits ? bit : 0);
    }
    return static_cast<std::uint32_t>(root);
}

/// 1 / √x. Precondition: x > 0.
[[nodiscard]] constexpr Factor inverse_square_root(std::uint64_t x) noexcept {
    const int up = std::countl_zero(x) & ~1;  // even, so that its root is a shift
    const std::uint64_t root = square_root(x << static_cast<unsigned>(up));  // 2^31 … 2^32
    const std::uint64_t inverse = (std::uint64_t{1} << 47U) / root;          // 2^15 … 2^16
    return {static_cast<std::uint32_t>(std::min<std::uint64_t>(inverse, 65535)), 47 - up / 2};
}

}  // namespace hat::integer
