// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/matrix_view.hpp>
#include <hat/core/simd.hpp>

#include <bit>
#include <cstddef>

/// The feature shuffle of DeLighT (arXiv:2008.00623, section 3.1): features in `groups` groups of
/// `size` are interleaved, so that every new group gets some of every old one,
///
///     v[j · groups + k] = u[k · size + j].
///
/// It is the transposition of a small matrix, made in registers: with 2ⁿ groups, n perfect shuffles
/// of all of them, each of which moves the top bit of every index to the bottom.
namespace hat::kernels {

namespace detail {

#if defined(__AVX512F__)

/// Perfect shuffles that interleave the features of 2ⁿ groups: n.
template <int Groups>
inline constexpr int stages = std::countr_zero(static_cast<unsigned>(Groups));

/// Sixteen features of each of `Groups` groups, from `from + k · stride`, interleaved in `to`.
template <int Groups>
HAT_INLINE_LONG void interleave(const float* from, std::ptrdiff_t stride, float* to) noexcept {
    const __m512i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const __m512i high =
        _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    __m512 x[std::size_t{Groups}];
    __m512 y[std::size_t{Groups}];
#pragma GCC unroll 32
    for (int k = 0; k < Groups; ++k) x[k] = _mm512_loadu_ps(from + k * stride);
#pragma GCC unroll 5
    for (int stage = 0; stage < stages<Groups>; ++stage) {
#pragma GCC unroll 16
        for (int i = 0; i < Groups / 2; ++i) {
            y[2 * i] = _mm512_permutex2var_ps(x[i], low, x[i + Groups / 2]);
            y[2 * i + 1] = _mm512_permutex2var_ps(x[i], high, x[i + Groups / 2]);
        }
#pragma GCC unroll 32
        for (int k = 0; k < Groups; ++k) x[k] = y[k];
    }
#pragma GCC unroll 32
    for (int k = 0; k < Groups; ++k) _mm512_storeu_ps(to + k * 16, x[k]);
}

/// The way back.
template <int Groups>
HAT_INLINE_LONG void deinterleave(const float* from, float* to, std::ptrdiff_t stride) noexcept {
    const __m512i even =
        _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i odd =
        _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    __m512 x[std::size_t{Groups}];
    __m512 y[std::size_t{Groups}];
#pragma GCC unroll 32
    for (int k = 0; k < Groups; ++k) x[k] = _mm512_loadu_ps(from + k * 16);
#pragma GCC unroll 5
    for (int stage = 0; stage < stages<Groups>; ++stage) {
#pragma GCC unroll 16
        for (int i = 0; i < Groups / 2; ++i) {
            y[i] = _mm512_permutex2var_ps(x[2 * i], even, x[2 * i + 1]);
            y[i + Groups / 2] = _mm512_permutex2var_ps(x[2 * i], odd, x[2 * i + 1]);
        }
#pragma GCC unroll 32
        for (int k = 0; k < Groups; ++k) x[k] = y[k];
    }
#pragma GCC unroll 32
    for (int k = 0; k < Groups; ++k) _mm512_storeu_ps(to + k * stride, x[k]);
}

/// Calls `body.operator()<Groups>(first)` for blocks of 16 features a group, the last of which may
/// overlap the one before; false if there are no such blocks.
template <class Body>
HAT_INLINE bool for_interleaved_blocks(int groups, int size, const Body& body) noexcept {
    if (size < simd::lanes) return false;
    const auto all = [&]<int Groups>() HAT_INLINE_LAMBDA {
        for (int j = 0; j < size; j += simd::lanes) {
            body.template operator()<Groups>(j + simd::lanes <= size ? j : size - simd::lanes);
        }
        return true;
    };
    switch (groups) {
    case 2:
        return all.template operator()<2>();
    case 4:
        return all.template operator()<4>();
    case 8:
        return all.template operator()<8>();
    case 16:
        return all.template operator()<16>();
    case 32:
        return all.template operator()<32>();
    default:
        return false;
    }
}

#endif

}  // namespace detail

/// v[j · groups + k] = u[k · size + j]; `u` and `v` are apart.  Shapes  u, v [groups · size]
inline void shuffle_features(const float* u, int groups, int size, float* v) noexcept {
#if defined(__AVX512F__)
    if (detail::for_interleaved_blocks(groups, size, [&]<int Groups>(int j) HAT_INLINE_LAMBDA {
            detail::interleave<Groups>(u + j, size, v + j * Groups);
        }))
        return;
#endif
    for (int j = 0; j < size; ++j) {
        for (int k = 0; k < groups; ++k) v[j * groups + k] = u[k * size + j];
    }
}

/// u[k · size + j] = v[j · groups + k]: the way back.  Shapes  v, u [groups · size]
inline void unshuffle_features(const float* v, int groups, int size, float* u) noexcept {
#if defined(__AVX512F__)
    if (detail::for_interleaved_blocks(groups, size, [&]<int Groups>(int j) HAT_INLINE_LAMBDA {
            detail::deinterleave<Groups>(v + j * Groups, u + j, size);
        }))
        return;
#endif
    for (int j = 0; j < size; ++j) {
        for (int k = 0; k < groups; ++k) u[k * size + j] = v[j * groups + k];
    }
}

}  // namespace hat::kernels
