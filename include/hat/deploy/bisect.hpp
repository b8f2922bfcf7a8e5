// SPDX-License-Identifier: Apache-2.0
#pragma once

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

}  // namespace hat::deploy
