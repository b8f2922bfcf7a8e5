// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/integer/fixed_point.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

/// 2^x and log2 x of integers: tables of 65 numbers that the compiler makes, with lines between.
namespace hat::integer {

/// Logarithms are of base 2, and have 16 bits behind the point.
inline constexpr int log_bits = 16;
/// Powers have 27 bits behind the point.
inline constexpr int power_bits = 27;

namespace detail {

inline constexpr int segment_bits = 6;
inline constexpr int segments = 1 << segment_bits;
using Segments = std::array<std::uint32_t, segments + 1>;

/// 2^−½, 2^−¼, …, with 31 bits behind the point: each is the root of the one before.
inline constexpr auto roots = [] {
    std::array<std::uint64_t, 20> all{};
    std::uint64_t last = std::uint64_t{1} << 30U;
    for (auto& root : all) root = last = square_root(last << 31U);
    return all;
}();

/// 2^(i / 64).
inline constexpr Segments powers = [] {
    Segments all{};
    for (std::size_t i = 0; i <= segments; ++i) {
        std::uint64_t power = std::uint64_t{1} << 32U;  // 2, times 2^−(64 − i)/64
        const std::size_t steps = segments - i;
        if (steps == segments) power >>= 1U;
        for (std::size_t k = 0; k < segment_bits; ++k)
            if ((steps >> (segment_bits - 1 - k) & 1U) != 0) power = (power * roots[k]) >> 31U;
        all[i] = static_cast<std::uint32_t>((power + 8) >> (31 - power_bits));
    }
    return all;
}();

/// log2(1 + i / 64).
inline constexpr Segments logarithms = [] {
    Segments all{};
    for (std::size_t i = 0; i <= segments; ++i) {
        // What is left above 1, divided by roots of 2 as long as it is not below.
        std::uint64_t rest = (std::uint64_t{segments + i} << 31U) / segments;
        std::uint32_t log = 0;
        if (i == segments) rest /= 2;
        for (std::size_t k = 0; k < roots.size(); ++k) {
            const std::uint64_t less = (rest * roots[k]) >> 31U;
            if (less < std::uint64_t{1} << 31U) continue;
            rest = less;
            log += std::uint32_t{1} << (roots.size() - 1 - k);
        }
        const auto extra = static_cast<int>(roots.size()) - log_bits;
        all[i] = (log + (1U << (extra - 1))) >> extra;
        if (i == segments) all[i] = 1U << log_bits;
    }
    return all;
}();

/// The table at a fraction of `bits` bits.
constexpr std::uint32_t between(const Segments& table, std::uint32_t fraction, int bits) noexcept {
    const int rest_bits = bits - segment_bits;
    const std::uint32_t i = fraction >> rest_bits;
    const std::uint32_t rest = fraction & ((1U << rest_bits) - 1);
    return table[i] + (((table[i + 1] - table[i]) * rest) >> rest_bits);
}

}  // namespace detail

/// 2^f of a fraction 0 ≤ f < 1 of `log_bits`: 1 … 2, at most 1.6 · 10^-5 of it too large.
[[nodiscard]] constexpr std::uint32_t power_of_fraction(std::uint32_t fraction) noexcept {
    return detail::between(detail::powers, fraction, log_bits);
}

/// 2^x of x ≤ 0: 0 … 1.
[[nodiscard]] constexpr std::uint32_t power(std::int32_t x) noexcept {
    const std::int32_t whole = x >> log_bits;  // rounded down
    const auto fraction = static_cast<std::uint32_t>(x) & ((1U << log_bits) - 1);
    return whole < -power_bits - 1 ? 0 : power_of_fraction(fraction) >> -whole;
}

/// log2 x of an integer, at most 6.2 · 10^-5 too small or 7.5 · 10^-6 too large.
/// Precondition: x > 0.
[[nodiscard]] constexpr std::int32_t logarithm(std::uint64_t x) noexcept {
    constexpr int bits = 20;  // of the fraction that is looked at
    const int whole = static_cast<int>(std::bit_width(x)) - 1;
    const std::uint64_t one = whole >= bits ? x >> (whole - bits) : x << (bits - whole);
    const auto fraction = static_cast<std::uint32_t>(one) & ((1U << bits) - 1);
    return (whole << log_bits) +
           static_cast<std::int32_t>(detail::between(detail::logarithms, fraction, bits));
}

/// log2 Σ 2^x of numbers that come one after the other.
class LogSum {
public:
    /// One more number.
    constexpr void add(std::int32_t x) noexcept {
        const std::int32_t whole = x >> log_bits;
        const auto fraction = static_cast<std::uint32_t>(x) & ((1U << log_bits) - 1);
        if (sum_ == 0) largest_ = whole;
        if (whole > largest_) {
            const int more = whole - largest_;
            sum_ = more < 63 ? sum_ >> more : 0;
            largest_ = whole;
        }
        const int less = largest_ - whole;
        if (less <= power_bits) sum_ += power_of_fraction(fraction) >> less;
    }
    /// The nearest number of 32 bits. Precondition: something was added.
    [[nodiscard]] constexpr std::int32_t value() const noexcept {
        return saturate<std::int32_t>(logarithm(sum_) + std::int64_t{largest_ - power_bits} *
                                                            (std::int64_t{1} << log_bits));
    }

private:
    std::uint64_t sum_ = 0;     ///< with `power_bits` behind the point, times 2^−largest
    std::int32_t largest_ = 0;  ///< of the whole parts
};

}  // namespace hat::integer
