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

namespace detail {

HAT_INLINE Floats fma(Floats a, Floats b, Floats c) noexcept {
#if defined(__AVX512F__)
    return _mm512_fmadd_ps(a, b, c);
#elif defined(__FMA__) && defined(__AVX__)
    return _mm256_fmadd_ps(a, b, c);
#elif defined(__aarch64__)
    return vfmaq_f32(c, a, b);
#else
    // No fused instruction: one call per lane keeps the rounding of the others.
    float x[native_lanes];
    float y[native_lanes];
    float z[native_lanes];
    a.store_unaligned(x);
    b.store_unaligned(y);
    c.store_unaligned(z);
    for (int i = 0; i < native_lanes; ++i) z[i] = std::fma(x[i], y[i], z[i]);
    return Floats::load_unaligned(z);
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

/// 16 floats.
struct Lanes {
    Floats part[parts];

    HAT_INLINE friend Lanes operator+(Lanes a, Lanes b) noexcept {
        for (int i = 0; i < parts; ++i) a.part[i] = a.part[i] + b.part[i];
        return a;
    }
    HAT_INLINE friend Lanes operator-(Lanes a, Lanes b) noexcept {
        for (int i = 0; i < parts; ++i) a.part[i] = a.part[i] - b.part[i];
        return a;
    }
    HAT_INLINE friend Lanes operator*(Lanes a, Lanes b) noexcept {
        for (int i = 0; i < parts; ++i) a.part[i] = detail::multiply(a.part[i], b.part[i]);
        return a;
    }
    HAT_INLINE friend Lanes operator/(Lanes a, Lanes b) noexcept {
        for (int i = 0; i < parts; ++i) a.part[i] = detail::divide(a.part[i], b.part[i]);
        return a;
    }
};

HAT_INLINE Lanes broadcast(float x) noexcept {
    Lanes a;
    for (auto& p : a.part) p = Floats(x);
    return a;
}

HAT_INLINE Lanes zero() noexcept {
    return broadcast(0.0F);
}

HAT_INLINE Lanes load(const float* p) noexcept {
    Lanes a;
    for (int i = 0; i < parts; ++i) a.part[i] = Floats::load_unaligned(p + i * native_lanes);
    return a;
}

HAT_INLINE void store(Lanes a, float* p) noexcept {
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
    for (int i = 0; i < parts; ++i) c.part[i] = detail::fma(a.part[i], b.part[i], c.part[i]);
    return c;
}

HAT_INLINE Lanes max(Lanes a, Lanes b) noexcept {
    for (int i = 0; i < parts; ++i) a.part[i] = xsimd::max(a.part[i], b.part[i]);
    return a;
}
HAT_INLINE Lanes min(Lanes a, Lanes b) noexcept {
    for (int i = 0; i < parts; ++i) a.part[i] = xsimd::min(a.part[i], b.part[i]);
    return a;
}
HAT_INLINE Lanes sqrt(Lanes a) noexcept {
    for (auto& p : a.part) p = detail::sqrt(p);
    return a;
}
HAT_INLINE Lanes abs(Lanes a) noexcept {
    for (auto& p : a.part) p = xsimd::abs(p);
    return a;
}

/// a < b ? x : y, lane by lane.
HAT_INLINE Lanes select_less(Lanes a, Lanes b, Lanes x, Lanes y) noexcept {
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

/// 16 words of 32 bits.
struct WordLanes {
    Words part[parts];
};

/// `first`, `first` + 1, …, `first` + 15.
HAT_INLINE WordLanes count_from(std::uint32_t first) noexcept {
    alignas(64) static constexpr std::uint32_t steps[lanes] = {0, 1, 2,  3,  4,  5,  6,  7,
                                                               8, 9, 10, 11, 12, 13, 14, 15};
    WordLanes w;
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
    for (int i = 0; i < parts; ++i) {
        const auto kept = xsimd::select(x.part[i] >= Words(threshold),
                                        Words(std::bit_cast<std::uint32_t>(value)), Words(0U));
        y.part[i] = detail::as_floats(kept);
    }
#endif
    return y;
}

}  // namespace hat::simd
