// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/simd.hpp>
#include <hat/kernels/layer_norm.hpp>

#include <cstddef>

/// Mean and deviation of 16 short rows at once. Each is what `row_moments` gives, bit by bit; but
/// the sums over lanes, the divisions and the square root are made for all 16 together.
namespace hat::kernels::detail {

#if defined(__AVX512F__)

/// Lane i is the sum of x[i], added as `simd::sum` adds: lane i with i + 8, then i + 4, i + 2,
/// i + 1. Each step halves two vectors into one.
HAT_INLINE_LONG simd::Lanes sums_of(const simd::Lanes (&x)[16]) noexcept {
    __m512 eight[8];
    __m512 four[4];
    __m512 two[2];
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
        const __m512 a = x[2 * i].part[0];
        const __m512 b = x[2 * i + 1].part[0];
        eight[i] =
            _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x44), _mm512_shuffle_f32x4(a, b, 0xee));
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
        const __m512 a = eight[2 * i];
        const __m512 b = eight[2 * i + 1];
        four[i] = _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x88), _mm512_shuffle_f32x4(a, b, 0xdd));
    }
#pragma GCC unroll 2
    for (int i = 0; i < 2; ++i) {
        const __m512 a = four[2 * i];
        const __m512 b = four[2 * i + 1];
        two[i] = _mm512_add_ps(_mm512_shuffle_ps(a, b, 0x44), _mm512_shuffle_ps(a, b, 0xee));
    }
    const __m512 sums = _mm512_add_ps(_mm512_shuffle_ps(two[0], two[1], 0x88),
                                      _mm512_shuffle_ps(two[0], two[1], 0xdd));
    // Lane 4·k + m has the sum of x[4·m + k].
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    return {simd::Floats(_mm512_permutexvar_ps(order, sums))};
}

#else

HAT_INLINE_LONG simd::Lanes sums_of(const simd::Lanes (&x)[16]) noexcept {
    alignas(64) float sums[16];
    for (int i = 0; i < 16; ++i) sums[i] = simd::sum(x[i]);
    return simd::load(sums);
}

#endif

/// Means and inverse deviations of 16 rows of `n` numbers, `stride` apart.
struct MomentsOf16 {
    alignas(64) float means[16];
    alignas(64) float inverse_deviations[16];

    [[nodiscard]] HAT_INLINE RowMoments operator[](int row) const noexcept {
        return {means[row], inverse_deviations[row]};
    }
};

HAT_INLINE_LONG void moments_of_16(const float* x, std::ptrdiff_t stride, int n,
                                   MomentsOf16& moments) noexcept {
    const simd::Lanes count = simd::broadcast(static_cast<float>(n));
    simd::Lanes sums[16];
    for (auto& sum : sums) sum = simd::zero();
    for_stretches(n, [&](int j, int width) HAT_INLINE_LAMBDA {
#pragma GCC unroll 16
        for (int i = 0; i < 16; ++i) sums[i] = sums[i] + load_stretch(x + i * stride + j, width);
    });
    simd::store(sums_of(sums) / count, moments.means);
    for (auto& sum : sums) sum = simd::zero();
    for_stretches(n, [&](int j, int width) HAT_INLINE_LAMBDA {
#pragma GCC unroll 16
        for (int i = 0; i < 16; ++i) {
            simd::Lanes d =
                load_stretch(x + i * stride + j, width) - simd::broadcast(moments.means[i]);
            if (width < simd::lanes) d = simd::keep_first(d, width, 0.0F);
            sums[i] = simd::fma(d, d, sums[i]);
        }
    });
    const simd::Lanes variance = sums_of(sums) / count;
    simd::store(simd::broadcast(1.0F) / simd::sqrt(variance + simd::broadcast(layer_norm_epsilon)),
                moments.inverse_deviations);
}

}  // namespace hat::kernels::detail
