// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/bit_cast.hpp>

#include <cstdint>

namespace hat {

/// The bfloat16 nearest to a float, ties to even; NaN stays NaN.
[[nodiscard]] constexpr std::uint16_t float_to_bfloat16(float x) noexcept {
    const auto bits = bit_cast<std::uint32_t>(x);
    if ((bits & 0x7fffffffU) > 0x7f800000U) return static_cast<std::uint16_t>(bits >> 16U | 0x40U);
    return static_cast<std::uint16_t>((bits + 0x7fffU + (bits >> 16U & 1U)) >> 16U);
}
/// The float equal to a bfloat16: its upper half.
[[nodiscard]] constexpr float bfloat16_to_float(std::uint16_t x) noexcept {
    return bit_cast<float>(static_cast<std::uint32_t>(x) << 16U);
}

}  // namespace hat
