// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace hat::deploy {

/// The first number in low … high − 1 for which `is_before` does not hold, or `high`.
///
/// Precondition: it holds for none behind one for which it does not.
template <class IsBefore>
[[nodiscard]] constexpr int bisect(int low, int high, const IsBefore& is_before) noexcept {
    while (low < high) {
        const int middle = low + (high - low) / 2;
        if (is_before(middle))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/// What `steps` [count] say of a code point: each is a code point · 256 + what holds from there up
/// to the next one; before the first, 0 does.
[[nodiscard]] constexpr std::uint8_t value_at(const std::uint32_t* steps, int count,
                                              char32_t c) noexcept {
    const int behind = bisect(0, count, [&](int i) { return steps[i] >> 8U <= c; });
    return behind == 0 ? std::uint8_t{0} : static_cast<std::uint8_t>(steps[behind - 1] & 0xFFU);
}

}  // namespace hat::deploy
