// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/bit_cast.hpp>

#include <cmath>
#include <cstdint>
#include <type_traits>

namespace hat {

/// a · b + c, rounded once; the same bits at compile time as at run time.
constexpr float fused_multiply_add(float a, float b, float c) noexcept {
    if (!std::is_constant_evaluated()) return std::fma(a, b, c);
    // The product is exact in double. So that the sum is not rounded twice, it is rounded to odd
    // first: the nearest double whose last bit is set, if it is not exact (Boldo and Melquiond
    // 2008, https://doi.org/10.1109/TC.2007.70819).
    const double product = static_cast<double>(a) * static_cast<double>(b);
    const double addend = static_cast<double>(c);
    const double sum = product + addend;
    const double of_addend = sum - product;
    const double lost = (product - (sum - of_addend)) + (addend - of_addend);
    auto bits = bit_cast<std::uint64_t>(sum);
    if (lost != 0.0 && (bits & 1U) == 0)
        bits += (lost > 0.0) == (sum > 0.0) ? 1U : ~std::uint64_t{0};
    return static_cast<float>(bit_cast<double>(bits));
}

}  // namespace hat
