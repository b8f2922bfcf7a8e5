// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/simd.hpp>

/// Elementary functions of 16 lanes: the same bits on every CPU, as they are made of operations
/// that have them.
namespace hat::simd {

namespace detail {

/// e^(Sign·x) for −87.3 ≤ Sign·x ≤ 88.3; Sign is 1 or −1, and costs nothing.
template <int Sign = 1>
HAT_INLINE_LONG Lanes exp_in_range(Lanes x) noexcept {
    // Sign·x = n·ln 2 + Sign·r with n an integer; adding 1.5·2^23 rounds, and leaves n in the low
    // bits.
    const Lanes magic = broadcast(12582912.0F);
    const Lanes shifted = fma(x, broadcast(Sign * 1.44269504F), magic);
    const Lanes n = shifted - magic;
    Lanes r = fma(n, broadcast(Sign * -0.693359375F), x);
    r = fma(n, broadcast(Sign * 2.12194440e-4F), r);
    Lanes p = broadcast(Sign * 1.9875691500e-4F);
    p = fma(p, r, broadcast(1.3981999507e-3F));
    p = fma(p, r, broadcast(Sign * 8.3334519073e-3F));
    p = fma(p, r, broadcast(4.1665795894e-2F));
    p = fma(p, r, broadcast(Sign * 1.6666665459e-1F));
    p = fma(p, r, broadcast(5.0000001201e-1F));
    const Lanes one = broadcast(1.0F);
    p = fma(p * r, r, Sign > 0 ? r + one : one - r);
    Lanes y;
    for (int i = 0; i < parts; ++i) {
        y.part[i] = as_floats(as_words(p.part[i]) + (as_words(shifted.part[i]) << 23));
    }
    return y;
}

}  // namespace detail

/// e^x to 1 ULP or so; 0 below −87.3, and e^88.3 above.
HAT_INLINE_LONG Lanes exp(Lanes x) noexcept {
    const Lanes lowest = broadcast(-87.3F);
    const Lanes y = detail::exp_in_range(min(max(x, lowest), broadcast(88.3F)));
    return select_less(x, lowest, zero(), y);
}

/// e^x for x ≤ 0, as a term of a sum: the same bits as `exp`, but e^−87.3 below −87.3.
HAT_INLINE_LONG Lanes exp_not_positive(Lanes x) noexcept {
    return detail::exp_in_range(max(x, broadcast(-87.3F)));
}

/// Natural logarithm of positive, normal numbers, to 1 ULP or so.
HAT_INLINE_LONG Lanes log(Lanes x) noexcept {
    // x = 2^n · m with m in [√½, √2)
    Lanes m;
    Lanes n;
    for (int i = 0; i < parts; ++i) {
        const Words bits = detail::as_words(x.part[i]);
        const Words shifted = bits - Words(0x3f3504f3U);  // √½
        // The exponent as a float: 2^23 has its last place at 1.
        const Words exponent = (shifted + Words(0x40000000U)) >> 23;
        n.part[i] = detail::as_floats(exponent | Words(0x4b000000U)) - Floats(8388608.0F + 128.0F);
        m.part[i] = detail::as_floats((shifted & Words(0x007fffffU)) + Words(0x3f3504f3U));
    }
    const Lanes r = m - broadcast(1.0F);
    Lanes p = broadcast(7.0376836292e-2F);
    p = fma(p, r, broadcast(-1.1514610310e-1F));
    p = fma(p, r, broadcast(1.1676998740e-1F));
    p = fma(p, r, broadcast(-1.2420140846e-1F));
    p = fma(p, r, broadcast(1.4249322787e-1F));
    p = fma(p, r, broadcast(-1.6668057665e-1F));
    p = fma(p, r, broadcast(2.0000714765e-1F));
    p = fma(p, r, broadcast(-2.4999993993e-1F));
    p = fma(p, r, broadcast(3.3333331174e-1F));
    const Lanes square = r * r;
    Lanes y = p * r * square;
    y = fma(n, broadcast(-2.12194440e-4F), y);
    y = fma(square, broadcast(-0.5F), y);
    return fma(n, broadcast(0.693359375F), r + y);
}

/// tanh x to a few ULP.
HAT_INLINE_LONG Lanes tanh(Lanes x) noexcept {
    const Lanes size = abs(x);
    const Lanes square = x * x;
    Lanes p = broadcast(-5.70498872745e-3F);
    p = fma(p, square, broadcast(2.06390887954e-2F));
    p = fma(p, square, broadcast(-5.37397155531e-2F));
    p = fma(p, square, broadcast(1.33314422036e-1F));
    p = fma(p, square, broadcast(-3.33332819422e-1F));
    const Lanes small = fma(p * square, x, x);
    const Lanes one = broadcast(1.0F);
    const Lanes big = one - broadcast(2.0F) / (exp(size + size) + one);
    const Lanes signed_big = select_less(x, zero(), zero() - big, big);
    return select_less(size, broadcast(0.625F), small, signed_big);
}

/// 1 + e^−x. Beside 1, e^−87.3 is as good as the 0 that `exp` gives below that.
HAT_INLINE_LONG Lanes one_plus_exp_of_minus(Lanes x) noexcept {
    const Lanes bounded = min(max(x, broadcast(-88.3F)), broadcast(87.3F));
    return broadcast(1.0F) + detail::exp_in_range<-1>(bounded);
}

/// 1 / (1 + e^−x).
HAT_INLINE_LONG Lanes sigmoid(Lanes x) noexcept {
    return broadcast(1.0F) / one_plus_exp_of_minus(x);
}

/// The error function, absolute error below 5e-7 (Abramowitz and Stegun, 7.1.26).
HAT_INLINE_LONG Lanes erf(Lanes x) noexcept {
    const Lanes one = broadcast(1.0F);
    const Lanes size = abs(x);
    const Lanes t = one / fma(size, broadcast(0.3275911F), one);
    Lanes p = broadcast(1.061405429F);
    p = fma(p, t, broadcast(-1.453152027F));
    p = fma(p, t, broadcast(1.421413741F));
    p = fma(p, t, broadcast(-0.284496736F));
    p = fma(p, t, broadcast(0.254829592F));
    const Lanes y = one - p * t * exp(zero() - x * x);
    return select_less(x, zero(), zero() - y, y);
}

}  // namespace hat::simd
