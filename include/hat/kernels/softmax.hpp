// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/simd.hpp>
#include <hat/core/simd_math.hpp>
#include <hat/kernels/dropout.hpp>

#include <limits>

namespace hat::kernels {

/// The largest of `n` > 0 numbers.
HAT_INLINE_LONG float row_max(const float* x, int n) noexcept {
    constexpr float lowest = -std::numeric_limits<float>::infinity();
    simd::Lanes largest = simd::broadcast(lowest);
    detail::for_stretches(n, [&](int j, int count) HAT_INLINE_LAMBDA {
        simd::Lanes v = detail::load_stretch(x + j, count);
        if (count < simd::lanes) v = simd::keep_first(v, count, lowest);
        largest = simd::max(largest, v);
    });
    return simd::largest(largest);
}

/// y = exp(scale · x − shift) and its sum.  Shapes  x, y [n]; `y` may be `x`
HAT_INLINE_LONG float row_exp(const float* x, int n, float scale, float shift, float* y) noexcept {
    const simd::Lanes s = simd::broadcast(scale);
    const simd::Lanes offset = simd::broadcast(-shift);
    simd::Lanes sum = simd::zero();
    detail::for_stretches(n, [&](int j, int count) HAT_INLINE_LAMBDA {
        simd::Lanes e = simd::exp(simd::fma(detail::load_stretch(x + j, count), s, offset));
        if (count < simd::lanes) e = simd::keep_first(e, count, 0.0F);
        sum = sum + e;
        detail::store_stretch(e, y + j, count);
    });
    return simd::sum(sum);
}

/// y = softmax(scale · x) with scale > 0, over `n` > 0 numbers.  `y` may be `x`
HAT_INLINE_LONG void row_softmax(const float* x, int n, float scale, float* y) noexcept {
    const float sum = row_exp(x, n, scale, row_max(x, n) * scale, y);
    const simd::Lanes inverse = simd::broadcast(1.0F / sum);
    detail::for_stretches(n, [&](int j, int count) HAT_INLINE_LAMBDA {
        detail::store_stretch(detail::load_stretch(y + j, count) * inverse, y + j, count);
    });
}

/// The natural logarithm of one positive number, the same on every machine.
inline float log(float x) noexcept {
    alignas(64) float y[simd::lanes];
    simd::store(simd::log(simd::broadcast(x)), y);
    return y[0];
}

/// log Σ exp(x), over `n` > 0 numbers.
HAT_INLINE_LONG float row_log_sum_exp(const float* x, int n) noexcept {
    const float largest = row_max(x, n);
    const simd::Lanes shift = simd::broadcast(largest);
    simd::Lanes sum = simd::zero();
    detail::for_stretches(n, [&](int j, int count) HAT_INLINE_LAMBDA {
        simd::Lanes e = simd::exp(detail::load_stretch(x + j, count) - shift);
        if (count < simd::lanes) e = simd::keep_first(e, count, 0.0F);
        sum = sum + e;
    });
    return largest + log(simd::sum(sum));
}

}  // namespace hat::kernels
