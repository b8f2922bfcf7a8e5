// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/bit_cast.hpp>
#include <hat/core/registers.hpp>

#include <cstdint>
#include <type_traits>

/// Vectors of 16 virtual lanes: one AVX-512 register, two of AVX2, four of NEON; sixteen numbers
/// where there are no vectors.
///
/// Every operation is one correctly rounded operation per lane and every reduction uses the same
/// tree over the 16 lanes, so a kernel written on `Lanes` gives the same bits on every CPU.
namespace hat::simd {

/// Virtual lanes of a vector, how many of them a register has, and how many registers one is.
inline constexpr int lanes = 16;
inline constexpr int native_lanes = static_cast<int>(Floats::size);
inline constexpr int parts = lanes / native_lanes;
static_assert(parts * native_lanes == lanes, "simd: a register must hold 1, 4, 8 or 16 floats");

/// How many parts a loop over them does at once: all, but where a part is one number, which would
/// make sixteen times the code.
inline constexpr int unrolled_parts = HAT_VECTORS ? parts : 1;

/// Whether this build has an instruction for a fused multiply-add. Without one it is made of many:
/// the same bits, many times as slow.
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
#elif defined(__wasm_simd128__)
        "WebAssembly";
#else
        "portable";
#endif

/// Asks for what lies at an address to be in the second-level cache some hundred cycles later.
/// Nothing is read: it may lie behind the end of an array.
HAT_INLINE void prefetch(std::uintptr_t address) noexcept {
    // Not by pointers, which must not be made so far behind an array.
    __builtin_prefetch(reinterpret_cast<const void*>(address), 0, 2);  // NOLINT(*-int-to-ptr)
}

struct Lanes;

/// How functions take lanes: where they are sixteen numbers in memory, compilers would copy them.
using LanesArgument = std::conditional_t<HAT_VECTORS, Lanes, const Lanes&>;

/// 16 floats. Loops over the parts are unrolled by hand: below -O3 compilers would leave them, and
/// the parts in memory.
struct Lanes {
    Floats part[parts];

    HAT_INLINE friend Lanes operator+(LanesArgument a, LanesArgument b) noexcept {
        Lanes y;
#pragma GCC unroll unrolled_parts
        for (int i = 0; i < parts; ++i) y.part[i] = a.part[i] + b.part[i];
        return y;
    }
    HAT_INLINE friend Lanes operator-(LanesArgument a, LanesArgument b) noexcept {
        Lanes y;
#pragma GCC unroll unrolled_parts
        for (int i = 0; i < parts; ++i) y.part[i] = a.part[i] - b.part[i];
        return y;
    }
    HAT_INLINE friend Lanes operator*(LanesArgument a, LanesArgument b) noexcept {
        Lanes y;
#pragma GCC unroll unrolled_parts
        for (int i = 0; i < parts; ++i) y.part[i] = detail::multiply(a.part[i], b.part[i]);
        return y;
    }
    HAT_INLINE friend Lanes operator/(LanesArgument a, LanesArgument b) noexcept {
        Lanes y;
#pragma GCC unroll unrolled_parts
        for (int i = 0; i < parts; ++i) y.part[i] = detail::divide(a.part[i], b.part[i]);
        return y;
    }
};

/// `x` in all lanes.
HAT_INLINE Lanes broadcast(float x) noexcept {
    Lanes a;
#pragma GCC unroll unrolled_parts
    for (auto& p : a.part) p = Floats(x);
    return a;
}

/// All lanes 0.
HAT_INLINE Lanes zero() noexcept {
    return broadcast(0.0F);
}

HAT_INLINE Lanes load(const float* p) noexcept {
    Lanes a;
#pragma GCC unroll unrolled_parts
    for (int i = 0; i < parts; ++i) a.part[i] = Floats::load_unaligned(p + i * native_lanes);
    return a;
}

HAT_INLINE void store(LanesArgument a, float* p) noexcept {
#pragma GCC unroll unrolled_parts
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
HAT_INLINE void store_first(LanesArgument a, float* p, int n) noexcept {
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
HAT_INLINE Lanes fma(LanesArgument a, LanesArgument b, LanesArgument c) noexcept {
    Lanes y;
#pragma GCC unroll unrolled_parts
    for (int i = 0; i < parts; ++i) y.part[i] = detail::fma(a.part[i], b.part[i], c.part[i]);
    return y;
}

/// Lane by lane.
HAT_INLINE Lanes max(LanesArgument a, LanesArgument b) noexcept {
    Lanes y;
#pragma GCC unroll unrolled_parts
    for (int i = 0; i < parts; ++i) y.part[i] = detail::max(a.part[i], b.part[i]);
    return y;
}
/// Lane by lane.
HAT_INLINE Lanes min(LanesArgument a, LanesArgument b) noexcept {
    Lanes y;
#pragma GCC unroll unrolled_parts
    for (int i = 0; i < parts; ++i) y.part[i] = detail::min(a.part[i], b.part[i]);
    return y;
}
/// Lane by lane.
HAT_INLINE Lanes sqrt(LanesArgument a) noexcept {
    Lanes y;
#pragma GCC unroll unrolled_parts
    for (int i = 0; i < parts; ++i) y.part[i] = detail::sqrt(a.part[i]);
    return y;
}
/// Lane by lane.
HAT_INLINE Lanes abs(LanesArgument a) noexcept {
    Lanes y;
#pragma GCC unroll unrolled_parts
    for (int i = 0; i < parts; ++i) y.part[i] = detail::abs(a.part[i]);
    return y;
}

/// a < b ? x : y, lane by lane.
HAT_INLINE Lanes select_less(LanesArgument a, LanesArgument b, LanesArgument x,
                             LanesArgument y) noexcept {
    Lanes chosen;
#pragma GCC unroll unrolled_parts
    for (int i = 0; i < parts; ++i) {
        chosen.part[i] = detail::select_less(a.part[i], b.part[i], x.part[i], y.part[i]);
    }
    return chosen;
}

/// Bit i: a[i] > b[i].
HAT_INLINE unsigned greater_bits(LanesArgument a, LanesArgument b) noexcept {
    unsigned bits = 0;
#pragma GCC unroll unrolled_parts
    for (int i = 0; i < parts; ++i)
        bits |= detail::greater_bits(a.part[i], b.part[i]) << (i * native_lanes);
    return bits;
}

/// `a` in the first `n` lanes, `filler` in the others.
HAT_INLINE Lanes keep_first(LanesArgument a, int n, float filler) noexcept {
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
HAT_INLINE float reduce(LanesArgument a, Fold fold) noexcept {
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
HAT_INLINE float sum(LanesArgument a) noexcept {
    return detail::reduce(a, detail::Add{});
}

/// The largest of the 16 lanes.
HAT_INLINE float largest(LanesArgument a) noexcept {
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
#pragma GCC unroll unrolled_parts
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
#pragma GCC unroll unrolled_parts
    for (int i = 0; i < parts; ++i) {
        y.part[i] = detail::as_floats(detail::value_if_at_least(
            x.part[i], Words(threshold), Words(bit_cast<std::uint32_t>(value))));
    }
    return y;
}

}  // namespace hat::simd
