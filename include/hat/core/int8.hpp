// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/bit_cast.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

/// Numbers of 8 bits that share a scale: x ≈ q · scale, with −127 ≤ q ≤ 127.
namespace hat {

/// The scale of numbers of up to `largest` in 127 steps. It has 16 significant bits: all steps are
/// exact floats, so that those, quantised again, are the same.
[[nodiscard]] inline float int8_scale(float largest) noexcept {
    const auto bits = bit_cast<std::uint32_t>(largest / 127.0F);
    const float scale = bit_cast<float>((bits + 0xffU) & ~0xffU);
    return scale < std::numeric_limits<float>::min() ? 0.0F : scale;
}
[[nodiscard]] inline std::int8_t to_int8(float x, float scale) noexcept {
    if (scale == 0.0F) return 0;
    return static_cast<std::int8_t>(std::clamp(std::nearbyint(x / scale), -127.0F, 127.0F));
}
/// The largest of the magnitudes of `n` numbers.
[[nodiscard]] inline float largest_magnitude(const float* x, int n) noexcept {
    float largest = 0;
    for (int i = 0; i < n; ++i) largest = std::max(largest, std::abs(x[i]));
    return largest;
}
/// What `n` numbers become as numbers of 8 bits that share a scale.
inline void round_to_int8(const float* x, int n, float* to) noexcept {
    const float scale = int8_scale(largest_magnitude(x, n));
    for (int i = 0; i < n; ++i) to[i] = static_cast<float>(to_int8(x[i], scale)) * scale;
}

}  // namespace hat
