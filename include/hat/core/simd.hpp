// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>

#include <xsimd/xsimd.hpp>

#include <bit>
#include <cmath>
#include <cstdint>

/// Vectors of 16 virtual lanes: one AVX-512 register, two of AVX2, four of NEON.
///
/// Every operation is one correctly rounded operation per lane and every reduction uses the same
/// tree over the 16 lanes, so a kernel written on `Lanes` gives the same bits on every CPU.
/// This header hides the versions of xsimd; in particular, 8.1 has no AVX-512 fused
/// multiply-add, so `fma` uses the intrinsic there.
namespace hat::simd {

using Floats = xsimd::batch<float>;         ///< one native register of floats
using Words = xsimd::batch<std::uint32_t>;  ///< one native register of 32-bit words

inline constexpr int lanes = 16;
inline constexpr int native_lanes = static_cast<int>(Floats::size);
inline constexpr int parts = lanes / native_lanes;
static_assert(parts * native_lanes == lanes, "simd: a register must hold 4, 8 or 16 floats");

/// Whether this build has an instruction for a fused multiply-add. Without one every lane is a call
/// of the C library: the same bits, many times as slow.
inline constexpr bool has_fused_multiply_add =
#if defined(__FMA__) || defined(__aarch64__) || defined(__FP_FAST_FMAF)
    true;
#else
    false;
#endif

/// The instructions that this build uses, for reports.
inline constexpr const char* instruction_set =
#if defined(__AVX512F__)
    "AVX-512";
#elif defined(__AVX2__)
    "AVX2";
#elif defined(__AVX__)
        "AVX";
#elif defined(__SSE2__)
        "SSE2";
#elif defined(__aarch64__)
        "NEON";
#else
        "portable";
#endif

namespace detail {

/// Without a fused instruction one call per lane keeps the rounding of the others. It stands once
/// in a program: beside those calls one more costs nothing, and in every kernel it made half the
/// code.
[[gnu::noinline]] inline Floats fma_of_lanes(Floats a, Floats b, Floats c) noexcept {
    float x[native_lanes];
    float y[native_lanes];
    float z[native_lanes];
    a.store_unaligned(x);
    b.store_unaligned(y);
    c.store_unaligned(z);
    for (int i = 0; i < native_lanes; ++i) z[i] = std::fma(x[i], y[i], z[i]);
    return Floats::load_unaligned(z);
}

HAT_INLINE Floats fma(Floats a, Floats b, Floats c) noexcept {
#if defined(__AVX512F__)
    return _mm512_fmadd_ps(a, b, c);
#elif defined(__FMA__) && defined(__AVX__)
    return _mm256_fmadd_ps(a, b, c);
#elif defined(__aarch64__)
    return vfmaq_f32(c, a, b);
#else
    return fma_of_lanes(a, b, c);
#endif
}

/// A product, as it is: a compiler may not see that it could fuse an addition behind it. Builds
/// that forbid that anyway (`HAT_NO_CONTRACTION`, which our CMake target defines beside
/// -ffp-contract=off), and Clang, which does not look across functions, need no such wall.
HAT_INLINE Floats multiply(Floats a, Floats b) noexcept {
    Floats product = a * b;
#if defined(__GNUC__) && !defined(__clang__) && !defined(HAT_NO_CONTRACTION)
#if defined(__aarch64__)
    asm("" : "+w"(product.data));
#elif defined(__AVX512F__)
    asm("" : "+v"(product.data));
#elif defined(__x86_64__)
    asm("" : "+x"(product.data));
#endif
#endif
    return product;
}

// On 64-bit Arm, xsimd approximates what has an exactly rounded instruction.
HAT_INLINE Floats divide(Floats a, Floats b) noexcept {
#if defined(__aarch64__)
    return vdivq_f32(a, b);
#else
    return a / b;
#endif
}

HAT_INLINE Floats sqrt(Floats a) noexcept {
#if defined(__aarch64__)
    return vsqrtq_f32(a);
#else
    return xsimd::sqrt(a);
#endif
}

HAT_INLINE Words as_words(Floats x) noexcept {
#if XSIMD_VERSION_MAJOR >= 9
    return xsimd::bitwise_cast<std::uint32_t>(x);
#else
    return xsimd::bitwise_cast<Words>(x);
#endif
}

HAT_INLINE Floats as_floats(Words x) noexcept {
#if XSIMD_VERSION_MAJOR >= 9
    return xsimd::bitwise_cast<float>(x);
#else
    return xsimd::bitwise_cast<Floats>(x);
#endif
}

}  // namespace detail

/// Asks for what lies at an address to be in the second-level cache some hundred cycles later.
/// Nothing is read: it may lie behind the end of an array.
HAT_INLINE void prefetch(std::uintptr_t address) noexcept {
    // Not by pointers, which must not be made so far behind an array.
    __builtin_prefetch(reinterpret_cast<const void*>(address), 0, 2);  // NOLINT(*-int-to-ptr)
}

/// 16 floats. Loops over the parts are unrolled by hand: below -O3 compilers would leave them, and
/// the parts in memory.
struct Lanes {
    Floats part[parts];

    HAT_INLINE friend Lanes operator+(Lanes a, Lanes b) noexcept {
#pragma GCC unroll 4
        for (int i = 0; i < parts; ++i) a.part[i] = a.part[i] + b.part[i];
        return a;
    }
    HAT_INLINE friend Lanes operator-(Lanes a, Lanes b) noexcept {
#pragma GCC unroll 4
        for (int i = 0; i < parts; ++i) a.part[i] = a.part[i] - b.part[i];
        return a;
    }
    HAT_INLINE friend Lanes operator*(Lanes a, Lanes b) noexcept {
#pragma GCC unroll 4
        for (int i = 0; i < parts; ++i) a.part[i] = detail::multiply(a.part[i], b.part[i]);
        return a;
    }
    HAT_INLINE friend Lanes operator/(Lanes a, Lanes b) noexcept {
#pragma GCC unroll 4
        for (int i = 0; i < parts; ++i) a.part[i] = detail::divide(a.part[i], b.part[i]);
        return a;
    }
};

HAT_INLINE Lanes broadcast(float x) noexcept {
    Lanes a;
#pragma GCC unroll 4
    for (auto& p : a.part) p = Floats(x);
    return a;
}

HAT_INLINE Lanes zero() noexcept {
    return broadcast(0.0F);
}

HAT_INLINE Lanes load(const float* p) noexcept {
    Lanes a;
#pragma GCC unroll 4
    for (int i = 0; i < parts; ++i) a.part[i] = Floats::load_unaligned(p + i * native_lanes);
    return a;
}

HAT_INLINE void store(Lanes a, float* p) noexcept {
#pragma GCC unroll 4
    for (int i = 0; i < parts; ++i) a.part[i].store_unaligned(p + i * native_lanes);
}

/// The first `n` of 16 numbers, 0 in the other lanes; reads nothing behind them. 0 ≤ n ≤ 16.
HAT_INLINE Lanes load_first(const float* p, int n) noexcept {
#if defined(__AVX512F__)
    const auto mask = static_cast<__mmask16>((1U << static_cast<unsigned>(n)) - 1U);
    return {Floats(_mm512_maskz_loadu_ps(mask, p))};
#else
    alignas(64) float buffer[lanes] = {};
    for (int i = 0; i < n; ++i) buffer[i] = p[i];
    return load(buffer);
#endif
}

/// Writes the first `n` lanes and nothing behind them.
HAT_INLINE void store_first(Lanes a, float* p, int n) noexcept {
#if defined(__AVX512F__)
    const auto mask = static_cast<__mmask16>((1U << static_cast<unsigned>(n)) - 1U);
    _mm512_mask_storeu_ps(p, mask, a.part[0]);
#else
    alignas(64) float buffer[lanes];
    store(a, buffer);
    for (int i = 0; i < n; ++i) p[i] = buffer[i];
#endif
}

/// a·b + c, rounded once.
HAT_INLINE Lanes fma(Lanes a, Lanes b, Lanes c) noexcept {
#pragma GCC unroll 4
    for (int i = 0; i < parts; ++i) c.part[i] = detail::fma(a.part[i], b.part[i], c.part[i]);
    return c;
}

HAT_INLINE Lanes max(Lanes a, Lanes b) noexcept {
#pragma GCC unroll 4
    for (int i = 0; i < parts; ++i) a.part[i] = xsimd::max(a.part[i], b.part[i]);
    return a;
}
HAT_INLINE Lanes min(Lanes a, Lanes b) noexcept {
#pragma GCC unroll 4
    for (int i = 0; i < parts; ++i) a.part[i] = xsimd::min(a.part[i], b.part[i]);
    return a;
}
HAT_INLINE Lanes sqrt(Lanes a) noexcept {
#pragma GCC unroll 4
    for (auto& p : a.part) p = detail::sqrt(p);
    return a;
}
HAT_INLINE Lanes abs(Lanes a) noexcept {
#pragma GCC unroll 4
    for (auto& p : a.part) p = xsimd::abs(p);
    return a;
}

/// a < b ? x : y, lane by lane.
HAT_INLINE Lanes select_less(Lanes a, Lanes b, Lanes x, Lanes y) noexcept {
#pragma GCC unroll 4
    for (int i = 0; i < parts; ++i) {
        y.part[i] = xsimd::select(a.part[i] < b.part[i], x.part[i], y.part[i]);
    }
    return y;
}

/// `a` in the first `n` lanes, `filler` in the others.
HAT_INLINE Lanes keep_first(Lanes a, int n, float filler) noexcept {
#if defined(__AVX512F__)
    const auto mask = static_cast<__mmask16>((1U << static_cast<unsigned>(n)) - 1U);
    return {Floats(_mm512_mask_mov_ps(_mm512_set1_ps(filler), mask, a.part[0]))};
#else
    alignas(64) float buffer[lanes];
    store(a, buffer);
    for (int i = n; i < lanes; ++i) buffer[i] = filler;
    return load(buffer);
#endif
}

namespace detail {

/// Folds lane i with lane i + 8, then i + 4, i + 2, i + 1.
template <class Fold>
HAT_INLINE float reduce(Lanes a, Fold fold) noexcept {
#if defined(__AVX512F__)
    const __m512 x = a.part[0];
    const __m256 low = _mm512_castps512_ps256(x);
    const __m256 high = _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(x), 1));
    const __m256 eight = fold(low, high);
    __m128 four = fold(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    four = fold(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(fold(four, _mm_shuffle_ps(four, four, 1)));
#else
    alignas(64) float x[lanes];
    store(a, x);
    for (int width = lanes / 2; width > 0; width /= 2) {
        for (int i = 0; i < width; ++i) x[i] = fold(x[i], x[i + width]);
    }
    return x[0];
#endif
}

struct Add {
#if defined(__AVX512F__)
    HAT_INLINE __m256 operator()(__m256 a, __m256 b) const noexcept {
        return _mm256_add_ps(a, b);
    }
    HAT_INLINE __m128 operator()(__m128 a, __m128 b) const noexcept {
        return _mm_add_ps(a, b);
    }
#endif
    HAT_INLINE float operator()(float a, float b) const noexcept {
        return a + b;
    }
};

struct Max {
#if defined(__AVX512F__)
    HAT_INLINE __m256 operator()(__m256 a, __m256 b) const noexcept {
        return _mm256_max_ps(a, b);
    }
    HAT_INLINE __m128 operator()(__m128 a, __m128 b) const noexcept {
        return _mm_max_ps(a, b);
    }
#endif
    HAT_INLINE float operator()(float a, float b) const noexcept {
        return a > b ? a : b;
    }
};

}  // namespace detail

/// The sum of the 16 lanes: lane i with lane i + 8, then i + 4, i + 2, i + 1.
HAT_INLINE float sum(Lanes a) noexcept {
    return detail::reduce(a, detail::Add{});
}

/// The largest of the 16 lanes.
HAT_INLINE float largest(Lanes a) noexcept {
    return detail::reduce(a, detail::Max{});
}

/// 16 words of 32 bits.
struct WordLanes {
    Words part[parts];
};

/// `first`, `first` + 1, …, `first` + 15.
HAT_INLINE WordLanes count_from(std::uint32_t first) noexcept {
    alignas(64) static constexpr std::uint32_t steps[lanes] = {0, 1, 2,  3,  4,  5,  6,  7,
                                                               8, 9, 10, 11, 12, 13, 14, 15};
    WordLanes w;
#pragma GCC unroll 4
    for (int i = 0; i < parts; ++i) {
        w.part[i] = Words::load_unaligned(steps + i * native_lanes) + Words(first);
    }
    return w;
}

/// What `hat::mix32` does, lane by lane.
HAT_INLINE_LONG WordLanes mix32(WordLanes x) noexcept {
    for (auto& p : x.part) {
        p = p ^ (p >> 16);
        p = p * Words(0x21f0aaadU);
        p = p ^ (p >> 15);
        p = p * Words(0x735a2d97U);
        p = p ^ (p >> 15);
    }
    return x;
}

HAT_INLINE WordLanes operator^(WordLanes x, std::uint32_t key) noexcept {
    for (auto& p : x.part) p = p ^ Words(key);
    return x;
}

/// `value` where the word is at least `threshold`, else 0.
HAT_INLINE Lanes value_if_at_least(WordLanes x, std::uint32_t threshold, float value) noexcept {
    Lanes y;
#if defined(__AVX512F__)
    const auto mask =
        _mm512_cmpge_epu32_mask(x.part[0], _mm512_set1_epi32(static_cast<int>(threshold)));
    y.part[0] = _mm512_maskz_mov_ps(mask, _mm512_set1_ps(value));
#else
#pragma GCC unroll 4
    for (int i = 0; i < parts; ++i) {
        const auto kept = xsimd::select(x.part[i] >= Words(threshold),
                                        Words(std::bit_cast<std::uint32_t>(value)), Words(0U));
        y.part[i] = detail::as_floats(kept);
    }
#endif
    return y;
}

}  // namespace hat::simd
