// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/integer/exponential.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>

namespace hat::integer {

/// Bits behind the point of the weights of attention.
inline constexpr int softmax_bits = 15;

/// x_i ← 2^x_i / Σ 2^x_k, of numbers with `log_bits` behind the point; what they become have
/// `softmax_bits`. Precondition: 0 < size < 65536.
constexpr void softmax(std::int32_t* x, int size) noexcept {
    HAT_ASSERT(0 < size && size < 65536);
    const std::int32_t largest = *std::max_element(x, x + size);
    std::uint32_t sum = 0;
    for (int i = 0; i < size; ++i) {
        constexpr int less = power_bits - softmax_bits;
        const auto difference = static_cast<std::int32_t>(
            std::max<std::int64_t>(std::int64_t{x[i]} - largest, -(64 << log_bits)));
        const std::uint32_t part = (power(difference) + (1U << (less - 1))) >> less;
        x[i] = static_cast<std::int32_t>(part);
        sum += part;
    }
    const int shift =
        static_cast<int>(std::bit_width(sum)) - 16;  // the largest is 1 already: 15 bits and one
    const std::uint32_t inverse = (1U << 31U) / (sum >> shift);  // 2^15 … 2^16
    for (int i = 0; i < size; ++i)
        x[i] = static_cast<std::int32_t>(
            (static_cast<std::uint32_t>(x[i]) * inverse + (1U << (15 + shift))) >> (16 + shift));
}

}  // namespace hat::integer
