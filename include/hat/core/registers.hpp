// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/bit_cast.hpp>
#include <hat/core/fused_by_doubles.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if HAT_XSIMD
#include <xsimd/xsimd.hpp>
#elif defined(__SSE2__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#elif defined(__wasm_simd128__)
#include <wasm_simd128.h>
#endif

/// `Floats` and `Words`: one native register of floats, and one of words of 32 bits. They are
/// xsimd's batches where xsimd knows the processor (HAT_XSIMD), and else vectors of the compiler,
/// which makes of them what a processor has, and one number where it has no vectors: the same bits.
///
/// What the two call differently has one name here, in `detail`. Users want `Lanes` of
/// <hat/core/simd.hpp>.
namespace hat::simd {

#if HAT_XSIMD

using Floats = xsimd::batch<float>;         ///< one native register of floats
using Words = xsimd::batch<std::uint32_t>;  ///< one native register of 32-bit words

namespace detail {

// b where one of the two is not a number, as the instructions of x86 do, but not those of Arm.
HAT_INLINE Floats max(Floats a, Floats b) noexcept {
#if defined(__aarch64__)
    return vbslq_f32(vcgtq_f32(a, b), a, b);
#else
    return xsimd::max(a, b);
#endif
}
HAT_INLINE Floats min(Floats a, Floats b) noexcept {
#if defined(__aarch64__)
    return vbslq_f32(vcltq_f32(a, b), a, b);
#else
    return xsimd::min(a, b);
#endif
}
HAT_INLINE Floats abs(Floats a) noexcept {
    return xsimd::abs(a);
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
/// a < b ? x : y
HAT_INLINE Floats select_less(Floats a, Floats b, Floats x, Floats y) noexcept {
    return xsimd::select(a < b, x, y);
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

#else

namespace detail {

#if HAT_VECTORS
inline constexpr int register_bytes =
#if defined(__AVX512F__)
    64;
#elif defined(__AVX__)
    32;
#else
    16;
#endif
using FloatVector [[gnu::vector_size(register_bytes)]] = float;
using WordVector [[gnu::vector_size(register_bytes)]] = std::uint32_t;
#else
using FloatVector = float;
using WordVector = std::uint32_t;
#endif

}  // namespace detail

/// One native register of floats.
struct Floats {
    using Vector = detail::FloatVector;
    static constexpr std::size_t size = sizeof(Vector) / sizeof(float);

    Vector data;

    Floats() = default;
    /// A register, as the compiler has it.
    HAT_INLINE Floats(Vector v) noexcept : data(v) {}             // NOLINT: it is one
    HAT_INLINE operator Vector() const noexcept { return data; }  // NOLINT: as above

    /// From and to memory that need not be aligned.
    HAT_INLINE static Floats load_unaligned(const float* p) noexcept {
        Floats x;
        std::memcpy(&x.data, p, sizeof x.data);
        return x;
    }
    HAT_INLINE void store_unaligned(float* p) const noexcept { std::memcpy(p, &data, sizeof data); }

    HAT_INLINE friend Floats operator+(Floats a, Floats b) noexcept { return a.data + b.data; }
    HAT_INLINE friend Floats operator-(Floats a, Floats b) noexcept { return a.data - b.data; }
    HAT_INLINE friend Floats operator*(Floats a, Floats b) noexcept { return a.data * b.data; }
#if HAT_VECTORS
    // x − 0 is x, also where that is −0.
    /// The same number in all places.
    HAT_INLINE explicit Floats(float x) noexcept : data(x - Vector{}) {
    }
#endif
};

/// One native register of 32-bit words.
struct Words {
    using Vector = detail::WordVector;
    static constexpr std::size_t size = sizeof(Vector) / sizeof(std::uint32_t);

    Vector data;

    Words() = default;
    /// A register, as the compiler has it.
    HAT_INLINE Words(Vector v) noexcept : data(v) {}  // NOLINT: as above

    /// From and to memory, which need not be aligned.
    HAT_INLINE static Words load_unaligned(const std::uint32_t* p) noexcept {
        Words x;
        std::memcpy(&x.data, p, sizeof x.data);
        return x;
    }
    HAT_INLINE void store_unaligned(std::uint32_t* p) const noexcept {
        std::memcpy(p, &data, sizeof data);
    }
    HAT_INLINE void store_aligned(std::uint32_t* p) const noexcept { store_unaligned(p); }

    HAT_INLINE friend Words operator+(Words a, Words b) noexcept { return a.data + b.data; }
    HAT_INLINE friend Words operator-(Words a, Words b) noexcept { return a.data - b.data; }
    HAT_INLINE friend Words operator*(Words a, Words b) noexcept { return a.data * b.data; }
    HAT_INLINE friend Words operator&(Words a, Words b) noexcept { return a.data & b.data; }
    HAT_INLINE friend Words operator|(Words a, Words b) noexcept { return a.data | b.data; }
    HAT_INLINE friend Words operator^(Words a, Words b) noexcept { return a.data ^ b.data; }
    HAT_INLINE friend Words operator<<(Words a, int bits) noexcept { return a.data << bits; }
    HAT_INLINE friend Words operator>>(Words a, int bits) noexcept { return a.data >> bits; }

#if HAT_VECTORS
    /// The same number in all places.
    HAT_INLINE explicit Words(std::uint32_t x) noexcept : data(x + Vector{}) {
    }
#endif
#if defined(__AVX512F__)
    // NOLINTNEXTLINE: as above
    HAT_INLINE Words(__m512i v) noexcept : data(reinterpret_cast<Vector>(v)) {
    }
    // NOLINTNEXTLINE: as above
    HAT_INLINE operator __m512i() const noexcept {
        return reinterpret_cast<__m512i>(data);
    }
#endif
};

namespace detail {

HAT_INLINE Words as_words(Floats x) noexcept {
    return bit_cast<WordVector>(x.data);
}
HAT_INLINE Floats as_floats(Words x) noexcept {
    return bit_cast<FloatVector>(x.data);
}
/// Stands beside comparisons: of those in a loop Clang makes ones of NEON, also on 32-bit Arm,
/// where NEON takes the smallest numbers for 0.
HAT_INLINE void compare_alone() noexcept {
#if defined(__arm__) && defined(__clang__)
    asm volatile("");
#endif
}
// b where one of the two is not a number, as the instructions of x86 do.
HAT_INLINE Floats max(Floats a, Floats b) noexcept {
    compare_alone();
    return a.data > b.data ? a.data : b.data;
}
HAT_INLINE Floats min(Floats a, Floats b) noexcept {
    compare_alone();
    return a.data < b.data ? a.data : b.data;
}
HAT_INLINE Floats abs(Floats a) noexcept {
    return as_floats(as_words(a) & Words(0x7fffffffU));
}
HAT_INLINE Floats divide(Floats a, Floats b) noexcept {
    return a.data / b.data;
}
HAT_INLINE Floats sqrt(Floats a) noexcept {
#if defined(__AVX512F__)
    return _mm512_sqrt_ps(a);
#elif defined(__AVX__)
    return _mm256_sqrt_ps(a);
#elif defined(__SSE2__)
    return _mm_sqrt_ps(a);
#elif defined(__aarch64__)
    return vsqrtq_f32(a);
#elif defined(__wasm_simd128__)
    return reinterpret_cast<FloatVector>(wasm_f32x4_sqrt(reinterpret_cast<v128_t>(a.data)));
#elif HAT_VECTORS
    for (std::size_t i = 0; i < Floats::size; ++i) a.data[i] = std::sqrt(a.data[i]);
    return a;
#else
    return std::sqrt(a.data);
#endif
}
/// a < b ? x : y
HAT_INLINE Floats select_less(Floats a, Floats b, Floats x, Floats y) noexcept {
    compare_alone();
    return a.data < b.data ? x.data : y.data;
}
}  // namespace detail

#endif

namespace detail {

// Without a fused instruction what is done instead stands once in a program: beside that one call
// more costs nothing, and in every kernel it made half the code.
#if !defined(__FP_FAST_FMAF) && (defined(__SSE2__) || defined(__wasm_simd128__))
[[gnu::noinline]] inline Floats fma_of_lanes(Floats a, Floats b, Floats c) noexcept {
    struct Fours {
        FourFloats of[Floats::size / 4];
    };
    // hat's: xsimd has another.
    const auto x = hat::bit_cast<Fours>(a);
    const auto y = hat::bit_cast<Fours>(b);
    auto z = hat::bit_cast<Fours>(c);
    for (std::size_t i = 0; i < Floats::size / 4; ++i)
        z.of[i] = fma_by_doubles(x.of[i], y.of[i], z.of[i]);
    return hat::bit_cast<Floats>(z);
}
#else
#if defined(__FP_FAST_FMAF)
HAT_INLINE
#else
[[gnu::noinline]] inline
#endif
Floats fma_of_lanes(Floats a, Floats b, Floats c) noexcept {
    float x[Floats::size];
    float y[Floats::size];
    float z[Floats::size];
    a.store_unaligned(x);
    b.store_unaligned(y);
    c.store_unaligned(z);
    for (std::size_t i = 0; i < Floats::size; ++i) z[i] = std::fma(x[i], y[i], z[i]);
    return Floats::load_unaligned(z);
}
#endif

/// a·b + c, rounded once.
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

/// a ≥ b ? x : 0
HAT_INLINE Words value_if_at_least(Words a, Words b, Words x) noexcept {
#if defined(__AVX512F__)
    return _mm512_maskz_mov_epi32(_mm512_cmpge_epu32_mask(a, b), x);
#elif HAT_XSIMD
    return xsimd::select(a >= b, x, Words(0U));
#else
    return a.data >= b.data ? x.data : WordVector{};
#endif
}

/// Bit i: a[i] > b[i].
HAT_INLINE unsigned greater_bits(Floats a, Floats b) noexcept {
#if defined(__AVX512F__)
    return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ);
#elif !HAT_VECTORS
    compare_alone();
    return a.data > b.data ? 1 : 0;
#else
    bool greater[Floats::size];
#if HAT_XSIMD
    (a > b).store_unaligned(greater);
#else
    for (std::size_t i = 0; i < Floats::size; ++i) greater[i] = a.data[i] > b.data[i];
#endif
    unsigned bits = 0;
    for (std::size_t i = 0; i < Floats::size; ++i) bits |= static_cast<unsigned>(greater[i]) << i;
    return bits;
#endif
}

/// A number that a compiler knows nothing of.
HAT_INLINE void hide([[maybe_unused]] float& x) noexcept {
#if defined(__arm__)
    asm("" : "+t"(x));
#elif defined(__riscv)
    asm("" : "+f"(x));
#elif defined(__GNUC__)
    asm("" : "+g"(x));
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
#elif defined(__FP_FAST_FMAF) && HAT_VECTORS
    for (std::size_t i = 0; i < Floats::size; ++i) {
        float lane = product.data[i];
        hide(lane);
        product.data[i] = lane;
    }
#elif defined(__FP_FAST_FMAF)
    hide(product.data);
#endif
#endif
    return product;
}

}  // namespace detail

}  // namespace hat::simd
