// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/registers.hpp>
#include <hat/core/simd.hpp>

/// Elementary functions of 16 lanes: the same bits on every CPU, as they are made of operations
/// that have them.
namespace hat::simd {

/// What they are made of, for one register.
namespace detail {

/// Copies of a function of one register, of which several keep a processor busy.
inline constexpr int parts_at_once = HAT_SMALL ? 1 : parts;

/// f of each part.
template <class Function>
HAT_INLINE Lanes of_parts(LanesArgument x, Function f) noexcept {
    Lanes y;
#pragma GCC unroll parts_at_once
    for (int i = 0; i < parts; ++i) y.part[i] = f(x.part[i]);
    return y;
}

/// e^(Sign·x) for −87.3 ≤ Sign·x ≤ 88.3; Sign is 1 or −1, and costs nothing.
template <int Sign = 1>
HAT_INLINE Floats exp_in_range(Floats x) noexcept {
    // Sign·x = n·ln 2 + Sign·r with n an integer; adding 1.5·2^23 rounds, and leaves n in the low
    // bits.
    const Floats magic(12582912.0F);
    const Floats shifted = fma(x, Floats(Sign * 1.44269504F), magic);
    const Floats n = shifted - magic;
    Floats r = fma(n, Floats(Sign * -0.693359375F), x);
    r = fma(n, Floats(Sign * 2.12194440e-4F), r);
    Floats p(Sign * 1.9875691500e-4F);
    p = fma(p, r, Floats(1.3981999507e-3F));
    p = fma(p, r, Floats(Sign * 8.3334519073e-3F));
    p = fma(p, r, Floats(4.1665795894e-2F));
    p = fma(p, r, Floats(Sign * 1.6666665459e-1F));
    p = fma(p, r, Floats(5.0000001201e-1F));
    const Floats one(1.0F);
    p = fma(multiply(p, r), r, Sign > 0 ? r + one : one - r);
    return as_floats(as_words(p) + (as_words(shifted) << 23));
}

HAT_INLINE Floats exp(Floats x) noexcept {
    const Floats lowest(-87.3F);
    const Floats y = exp_in_range(min(max(x, lowest), Floats(88.3F)));
    return select_less(x, lowest, Floats(0.0F), y);
}

HAT_INLINE Floats log(Floats x) noexcept {
    // x = 2^n · m with m in [√½, √2)
    const Words bits = as_words(x);
    const Words shifted = bits - Words(0x3f3504f3U);  // √½
    // The exponent as a float: 2^23 has its last place at 1.
    const Words exponent = (shifted + Words(0x40000000U)) >> 23;
    const Floats n = as_floats(exponent | Words(0x4b000000U)) - Floats(8388608.0F + 128.0F);
    const Floats m = as_floats((shifted & Words(0x007fffffU)) + Words(0x3f3504f3U));
    const Floats r = m - Floats(1.0F);
    Floats p(7.0376836292e-2F);
    p = fma(p, r, Floats(-1.1514610310e-1F));
    p = fma(p, r, Floats(1.1676998740e-1F));
    p = fma(p, r, Floats(-1.2420140846e-1F));
    p = fma(p, r, Floats(1.4249322787e-1F));
    p = fma(p, r, Floats(-1.6668057665e-1F));
    p = fma(p, r, Floats(2.0000714765e-1F));
    p = fma(p, r, Floats(-2.4999993993e-1F));
    p = fma(p, r, Floats(3.3333331174e-1F));
    const Floats square = multiply(r, r);
    Floats y = multiply(multiply(p, r), square);
    y = fma(n, Floats(-2.12194440e-4F), y);
    y = fma(square, Floats(-0.5F), y);
    return fma(n, Floats(0.693359375F), r + y);
}

HAT_INLINE Floats tanh(Floats x) noexcept {
    const Floats size = abs(x);
    const Floats square = multiply(x, x);
    Floats p(-5.70498872745e-3F);
    p = fma(p, square, Floats(2.06390887954e-2F));
    p = fma(p, square, Floats(-5.37397155531e-2F));
    p = fma(p, square, Floats(1.33314422036e-1F));
    p = fma(p, square, Floats(-3.33332819422e-1F));
    const Floats for_small = fma(multiply(p, square), x, x);
    const Floats one(1.0F);
    const Floats big = one - divide(Floats(2.0F), exp(size + size) + one);
    const Floats signed_big = select_less(x, Floats(0.0F), Floats(0.0F) - big, big);
    return select_less(size, Floats(0.625F), for_small, signed_big);
}

HAT_INLINE Floats one_plus_exp_of_minus(Floats x) noexcept {
    const Floats bounded = min(max(x, Floats(-88.3F)), Floats(87.3F));
    return Floats(1.0F) + exp_in_range<-1>(bounded);
}

HAT_INLINE Floats erf(Floats x) noexcept {
    const Floats one(1.0F);
    const Floats size = abs(x);
    const Floats t = divide(one, fma(size, Floats(0.3275911F), one));
    Floats p(1.061405429F);
    p = fma(p, t, Floats(-1.453152027F));
    p = fma(p, t, Floats(1.421413741F));
    p = fma(p, t, Floats(-0.284496736F));
    p = fma(p, t, Floats(0.254829592F));
    const Floats tail = exp(Floats(0.0F) - multiply(x, x));
    const Floats y = one - multiply(multiply(p, t), tail);
    return select_less(x, Floats(0.0F), Floats(0.0F) - y, y);
}

}  // namespace detail

/// e^x to 1 ULP or so; 0 below −87.3, and e^88.3 above.
HAT_INLINE_LONG Lanes exp(LanesArgument x) noexcept {
    return detail::of_parts(x, [](Floats part) HAT_INLINE_LAMBDA { return detail::exp(part); });
}

/// e^x for x ≤ 0, as a term of a sum: the same bits as `exp`, but e^−87.3 below −87.3.
HAT_INLINE_LONG Lanes exp_not_positive(LanesArgument x) noexcept {
    return detail::of_parts(x, [](Floats part) HAT_INLINE_LAMBDA {
        return detail::exp_in_range(detail::max(part, Floats(-87.3F)));
    });
}

/// Natural logarithm of positive, normal numbers, to 1 ULP or so.
HAT_INLINE_LONG Lanes log(LanesArgument x) noexcept {
    return detail::of_parts(x, [](Floats part) HAT_INLINE_LAMBDA { return detail::log(part); });
}

/// tanh x to a few ULP.
HAT_INLINE_LONG Lanes tanh(LanesArgument x) noexcept {
    return detail::of_parts(x, [](Floats part) HAT_INLINE_LAMBDA { return detail::tanh(part); });
}

/// 1 + e^−x. Beside 1, e^−87.3 is as good as the 0 that `exp` gives below that.
HAT_INLINE_LONG Lanes one_plus_exp_of_minus(LanesArgument x) noexcept {
    return detail::of_parts(
        x, [](Floats part) HAT_INLINE_LAMBDA { return detail::one_plus_exp_of_minus(part); });
}

/// 1 / (1 + e^−x).
HAT_INLINE_LONG Lanes sigmoid(LanesArgument x) noexcept {
    return broadcast(1.0F) / one_plus_exp_of_minus(x);
}

/// The error function, absolute error below 5e-7 (Abramowitz and Stegun, 7.1.26).
HAT_INLINE_LONG Lanes erf(LanesArgument x) noexcept {
    return detail::of_parts(x, [](Floats part) HAT_INLINE_LAMBDA { return detail::erf(part); });
}

}  // namespace hat::simd
