// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>

#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__wasm_simd128__)
#include <wasm_simd128.h>
#endif

/// Fused multiply-adds of floats where a processor has vectors of doubles, but no such instruction:
/// WebAssembly, and x86-64 before 2013.
///
/// A product of floats is exact in double. Its sum with a float is rounded to a double s, and s to
/// a float. That is rounding once unless s is halfway between two floats, where what s lost
/// decides; so there, and where floats are denormal and have other halves, s is rounded to odd: to
/// the neighbour with an odd last bit, if it is not exact (Boldo and Melquiond 2008,
/// https://doi.org/10.1109/TC.2007.70819). Doubles are large enough for neither to overflow nor to
/// underflow.
namespace hat::simd::detail {

using FourFloats [[gnu::vector_size(16)]] = float;
using TwoDoubles [[gnu::vector_size(16)]] = double;
using TwoFloats [[gnu::vector_size(8)]] = float;
using TwoWords [[gnu::vector_size(16)]] = std::int64_t;
using FourWords [[gnu::vector_size(16)]] = std::int32_t;
using UnsignedWords [[gnu::vector_size(16)]] = std::uint32_t;

/// Four floats as doubles.
struct FourDoubles {
    TwoDoubles low;
    TwoDoubles high;
};

HAT_INLINE TwoDoubles first_two(FourFloats x) noexcept {
    return __builtin_convertvector(__builtin_shufflevector(x, x, 0, 1), TwoDoubles);
}
HAT_INLINE FourDoubles to_doubles(FourFloats x) noexcept {
#if defined(__SSE2__)
    // GCC would take the last two one by one.
    return {_mm_cvtps_pd(x), _mm_cvtps_pd(_mm_movehl_ps(x, x))};
#else
    return {first_two(x), first_two(__builtin_shufflevector(x, x, 2, 3, 2, 3))};
#endif
}
HAT_INLINE FourFloats to_floats(FourDoubles x) noexcept {
#if defined(__SSE2__)
    return _mm_movelh_ps(_mm_cvtpd_ps(x.low), _mm_cvtpd_ps(x.high));  // GCC clears halves before
#else
    const TwoFloats low = __builtin_convertvector(x.low, TwoFloats);
    const TwoFloats high = __builtin_convertvector(x.high, TwoFloats);
    return __builtin_shufflevector(low, high, 0, 1, 2, 3);
#endif
}

HAT_INLINE bool is_any(FourWords is) noexcept {
#if defined(__SSE2__)
    return _mm_movemask_ps(reinterpret_cast<__m128>(is)) != 0;
#elif defined(__wasm_simd128__)
    return wasm_v128_any_true(reinterpret_cast<v128_t>(is));
#else
    const auto words = reinterpret_cast<TwoWords>(is);
    return (words[0] | words[1]) != 0;
#endif
}

/// Whether one of the four, which are sums of a product of floats and a float, may be halfway
/// between two floats, or becomes a float that is denormal and not 0.
HAT_INLINE bool may_round_twice(FourDoubles sum) noexcept {
    const auto first = reinterpret_cast<FourWords>(sum.low);
    const auto second = reinterpret_cast<FourWords>(sum.high);
    const FourWords ends = __builtin_shufflevector(first, second, 0, 2, 4, 6);
    const FourWords begins = __builtin_shufflevector(first, second, 1, 3, 5, 7);
    const FourWords is_halfway = (ends & 0x1fffffff) == 0x10000000;
    // 0x381 is the exponent of the least normal float. 0 becomes the largest number.
    const auto size = reinterpret_cast<UnsignedWords>(begins & 0x7fffffff) + 0x7fffffffU;
    const FourWords is_tiny = reinterpret_cast<FourWords>(size) < 0x38100000 - 0x7fffffff - 2;
    return is_any(is_halfway | is_tiny);
}

/// a + b, rounded to odd.
HAT_INLINE TwoDoubles add_to_odd(TwoDoubles a, TwoDoubles b) noexcept {
    const TwoDoubles sum = a + b;
    const TwoDoubles of_b = sum - a;
    const auto lost = reinterpret_cast<TwoWords>((a - (sum - of_b)) + (b - of_b));
    const auto bits = reinterpret_cast<TwoWords>(sum);
    // Not where it is not a number, as of infinities.
    const TwoWords is_inexact = reinterpret_cast<TwoDoubles>(lost & INT64_MAX) > 0.0;
    const TwoWords is_too_large = (lost ^ bits) < 0;
    // Towards zero, and from there to odd.
    return reinterpret_cast<TwoDoubles>((bits + (is_inexact & is_too_large)) | (is_inexact & 1));
}

/// a·b + c, rounded once.
HAT_INLINE FourFloats fma_by_doubles(FourFloats a, FourFloats b, FourFloats c) noexcept {
    const FourDoubles x = to_doubles(a);
    const FourDoubles y = to_doubles(b);
    const FourDoubles z = to_doubles(c);
    const FourDoubles product{x.low * y.low, x.high * y.high};
    FourDoubles sum{product.low + z.low, product.high + z.high};
    if (may_round_twice(sum)) [[unlikely]]
        sum = {add_to_odd(product.low, z.low), add_to_odd(product.high, z.high)};
    return to_floats(sum);
}

}  // namespace hat::simd::detail
