// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

namespace hat::deploy {

/// A hash of weights, which tells those of a damaged memory, or of another model. One word that
/// differs is always found, and more but for one time in 2⁶⁴.
///
/// Every word of 64 bits takes a multiplication: a byte, as in FNV, would take eight times as long.
/// It is no constexpr function: a compiler would go through megabytes of constants.
[[nodiscard]] inline std::uint64_t weights_hash(std::span<const std::uint64_t> words) noexcept {
    std::uint64_t hash = 0xCBF29CE484222325U;
    for (const std::uint64_t word : words) {
        hash = (hash ^ word) * 0x9E3779B97F4A7C15U;
        hash ^= hash >> 32U;  // a product takes nothing from high bits to low ones
    }
    return hash;
}

}  // namespace hat::deploy
