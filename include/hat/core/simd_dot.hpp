// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/simd.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>

#if HAT_ARM_DSP
#include <arm_acle.h>
#endif

/// Sums of products of bytes, exact in 32 bits, for 16 outputs at a time: 64 weights
/// `[16 outputs][4 inputs]`, stored as w + 128, by 4 activations.
///
/// Every processor does it in its own way; sums of integers are the same in any order.
///
///     auto sum = dot::start(Σ activations);
///     dot::add(sum, weights, dot::broadcast(activations));    for every 4 inputs
///     dot::finish(sum)                                        Σ w · activations, as 16 floats
namespace hat::simd::dot {

/// How this build multiplies, for reports.
inline constexpr const char* instruction_set =
#if defined(__AVX512VNNI__)
    "AVX-512 VNNI";
#elif defined(__AVXVNNI__)
    "AVX-VNNI";
#elif defined(__AVX512BW__)
    "AVX-512BW, by 16 bits";
#elif defined(__AVX2__)
    "AVX2, by 16 bits";
#elif defined(__SSE2__)
    "SSE2, by 16 bits";
#elif defined(__ARM_FEATURE_MATMUL_INT8)
    "NEON, usmmla and usdot";
#elif defined(__ARM_FEATURE_DOTPROD)
    "NEON, sdot";
#elif defined(__ARM_NEON)
    "NEON, by 16 bits";
#elif defined(__wasm_simd128__)
    "WebAssembly, by 16 bits";
#elif HAT_HELIUM
    "Helium, vmladava";
#elif HAT_ARM_DSP
    "Arm DSP, smlad";
#else
    "portable";
#endif

/// Four activations as one number.
template <class Number, class Input>
HAT_INLINE Number together(const Input* x) noexcept {
    static_assert(sizeof(Number) == 4 * sizeof(Input));
    Number four;
    std::memcpy(&four, x, sizeof four);
    return four;
}

// A register has the sums of some outputs, or twice as many halves of sums where products are
// made by 16 bits: of inputs 0 and 1, and of 2 and 3. `Input` is what an activation is stored as.

#if defined(__AVX512VNNI__)

// Numbers of 32 bits: as __m512i, which is of 64, GCC 12 copies every sum at every step of a loop.
using Register [[gnu::vector_size(64)]] = std::int32_t;
using Input = std::int8_t;
inline constexpr int parts = 1;
inline constexpr bool has_halves = false;
HAT_INLINE Register broadcast(const Input* x) noexcept {
    return reinterpret_cast<Register>(_mm512_set1_epi32(together<std::int32_t>(x)));
}
HAT_INLINE Register load(const std::uint8_t* weights, int /*part*/) noexcept {
    return reinterpret_cast<Register>(_mm512_loadu_si512(weights));
}
HAT_INLINE Register add(Register sum, Register weights, Register x) noexcept {
    return reinterpret_cast<Register>(_mm512_dpbusd_epi32(reinterpret_cast<__m512i>(sum),
                                                          reinterpret_cast<__m512i>(weights),
                                                          reinterpret_cast<__m512i>(x)));
}
HAT_INLINE Register fill(std::int32_t x) noexcept {
    return reinterpret_cast<Register>(_mm512_set1_epi32(x));
}

#elif defined(__AVXVNNI__)

using Register [[gnu::vector_size(32)]] = std::int32_t;
using Input = std::int8_t;
inline constexpr int parts = 2;
inline constexpr bool has_halves = false;
HAT_INLINE Register broadcast(const Input* x) noexcept {
    return reinterpret_cast<Register>(_mm256_set1_epi32(together<std::int32_t>(x)));
}
HAT_INLINE Register load(const std::uint8_t* weights, int part) noexcept {
    return reinterpret_cast<Register>(
        _mm256_loadu_si256(reinterpret_cast<const __m256i*>(weights + 32 * part)));
}
HAT_INLINE Register add(Register sum, Register weights, Register x) noexcept {
    return reinterpret_cast<Register>(_mm256_dpbusd_avx_epi32(reinterpret_cast<__m256i>(sum),
                                                              reinterpret_cast<__m256i>(weights),
                                                              reinterpret_cast<__m256i>(x)));
}
HAT_INLINE Register fill(std::int32_t x) noexcept {
    return reinterpret_cast<Register>(_mm256_set1_epi32(x));
}

#elif defined(__AVX512BW__)

using Register = __m512i;
using Input = std::int16_t;
inline constexpr int parts = 2;
inline constexpr bool has_halves = true;
HAT_INLINE Register broadcast(const Input* x) noexcept {
    return _mm512_set1_epi64(together<std::int64_t>(x));
}
HAT_INLINE Register load(const std::uint8_t* weights, int part) noexcept {
    return _mm512_cvtepu8_epi16(
        _mm256_loadu_si256(reinterpret_cast<const __m256i*>(weights + 32 * part)));
}
HAT_INLINE Register add(Register sum, Register weights, Register x) noexcept {
    return _mm512_add_epi32(sum, _mm512_madd_epi16(weights, x));
}
HAT_INLINE Register fill(std::int32_t x) noexcept {
    return _mm512_set1_epi32(x);
}

#elif defined(__AVX2__)

using Register = __m256i;
using Input = std::int16_t;
inline constexpr int parts = 4;
inline constexpr bool has_halves = true;
HAT_INLINE Register broadcast(const Input* x) noexcept {
    return _mm256_set1_epi64x(together<std::int64_t>(x));
}
HAT_INLINE Register load(const std::uint8_t* weights, int part) noexcept {
    return _mm256_cvtepu8_epi16(
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(weights + 16 * part)));
}
HAT_INLINE Register add(Register sum, Register weights, Register x) noexcept {
    return _mm256_add_epi32(sum, _mm256_madd_epi16(weights, x));
}
HAT_INLINE Register fill(std::int32_t x) noexcept {
    return _mm256_set1_epi32(x);
}

#elif defined(__SSE2__)

using Register = __m128i;
using Input = std::int16_t;
inline constexpr int parts = 8;
inline constexpr bool has_halves = true;
HAT_INLINE Register broadcast(const Input* x) noexcept {
    return _mm_set1_epi64x(together<std::int64_t>(x));
}
HAT_INLINE Register load(const std::uint8_t* weights, int part) noexcept {
    return _mm_unpacklo_epi8(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(weights + 8 * part)),
                             _mm_setzero_si128());
}
HAT_INLINE Register add(Register sum, Register weights, Register x) noexcept {
    return _mm_add_epi32(sum, _mm_madd_epi16(weights, x));
}
HAT_INLINE Register fill(std::int32_t x) noexcept {
    return _mm_set1_epi32(x);
}

#elif defined(__ARM_FEATURE_MATMUL_INT8)

using Register = int32x4_t;
using Input = std::int8_t;
inline constexpr int parts = 4;
inline constexpr bool has_halves = false;
HAT_INLINE int8x16_t broadcast(const Input* x) noexcept {
    return vreinterpretq_s8_s32(vdupq_n_s32(together<std::int32_t>(x)));
}
HAT_INLINE uint8x16_t load(const std::uint8_t* weights, int part) noexcept {
    return vld1q_u8(weights + 16 * part);
}
HAT_INLINE Register add(Register sum, uint8x16_t weights, int8x16_t x) noexcept {
    return vusdotq_s32(sum, weights, x);
}
HAT_INLINE Register fill(std::int32_t x) noexcept {
    return vdupq_n_s32(x);
}

// `usmmla` makes the sums of two outputs and two rows at once, of eight inputs each.

/// Eight activations of each of two rows.
HAT_INLINE int8x16_t pair_rows(const Input* x, const Input* y) noexcept {
    return vcombine_s8(vld1_s8(x), vld1_s8(y));
}
/// Eight weights of each of four outputs: of two, and of the other two.
struct PairedWeights {
    uint8x16_t of[2];
};
/// `second` are the weights of the four inputs that follow on those of `first`.
HAT_INLINE PairedWeights pair_weights(uint8x16_t first, uint8x16_t second) noexcept {
    const uint32x4_t a = vreinterpretq_u32_u8(first);
    const uint32x4_t b = vreinterpretq_u32_u8(second);
    return {{vreinterpretq_u8_u32(vzip1q_u32(a, b)), vreinterpretq_u8_u32(vzip2q_u32(a, b))}};
}
/// Of inputs that are not there.
HAT_INLINE uint8x16_t no_weights() noexcept {
    return vdupq_n_u8(0);
}
/// The sums of 16 outputs and two rows; a register has two outputs, each of both rows.
struct PairedSums {
    Register part[2 * parts];
};
HAT_INLINE void add(PairedSums& sums, int part, const PairedWeights& weights,
                    int8x16_t x) noexcept {
    auto& low = sums.part[2 * part];
    auto& high = sums.part[2 * part + 1];
    low = vusmmlaq_s32(low, weights.of[0], x);
    high = vusmmlaq_s32(high, weights.of[1], x);
}

#elif defined(__ARM_FEATURE_DOTPROD)

using Register = int32x4_t;
using Input = std::int8_t;
inline constexpr int parts = 4;
inline constexpr bool has_halves = false;
HAT_INLINE int8x16_t broadcast(const Input* x) noexcept {
    return vreinterpretq_s8_s32(vdupq_n_s32(together<std::int32_t>(x)));
}
/// w itself.
HAT_INLINE int8x16_t load(const std::uint8_t* weights, int part) noexcept {
    return vreinterpretq_s8_u8(veorq_u8(vld1q_u8(weights + 16 * part), vdupq_n_u8(0x80)));
}
HAT_INLINE Register add(Register sum, int8x16_t weights, int8x16_t x) noexcept {
    return vdotq_s32(sum, weights, x);
}
HAT_INLINE Register fill(std::int32_t x) noexcept {
    return vdupq_n_s32(x);
}

#elif defined(__ARM_NEON)

using Register = int32x4_t;
using Input = std::int8_t;
inline constexpr int parts = 8;
inline constexpr bool has_halves = true;
HAT_INLINE int8x8_t broadcast(const Input* x) noexcept {
    return vreinterpret_s8_s32(vdup_n_s32(together<std::int32_t>(x)));
}
/// w itself.
HAT_INLINE int8x8_t load(const std::uint8_t* weights, int part) noexcept {
    return vreinterpret_s8_u8(veor_u8(vld1_u8(weights + 8 * part), vdup_n_u8(0x80)));
}
HAT_INLINE Register add(Register sum, int8x8_t weights, int8x8_t x) noexcept {
    return vpadalq_s16(sum, vmull_s8(weights, x));
}
HAT_INLINE Register fill(std::int32_t x) noexcept {
    return vdupq_n_s32(x);
}

#elif defined(__wasm_simd128__)

using Register = v128_t;
using Input = std::int16_t;
inline constexpr int parts = 8;
inline constexpr bool has_halves = true;
HAT_INLINE Register broadcast(const Input* x) noexcept {
    return wasm_v128_load64_splat(x);
}
HAT_INLINE Register load(const std::uint8_t* weights, int part) noexcept {
    return wasm_u16x8_load8x8(weights + 8 * part);
}
HAT_INLINE Register add(Register sum, Register weights, Register x) noexcept {
    return wasm_i32x4_add(sum, wasm_i32x4_dot_i16x8(weights, x));
}
HAT_INLINE Register fill(std::int32_t x) noexcept {
    return wasm_i32x4_splat(x);
}

#else

/// The sums of four outputs.
struct Register {
    std::int32_t of[4];
};
using Input = std::int8_t;
inline constexpr int parts = 4;
inline constexpr bool has_halves = false;
HAT_INLINE const std::uint8_t* load(const std::uint8_t* weights, int part) noexcept {
    return weights + 16 * part;
}
HAT_INLINE Register fill(std::int32_t x) noexcept {
    return {{x, x, x, x}};
}

#if HAT_ARM_DSP

// `smlad` multiplies two numbers of 16 bits by two others: inputs 0 and 2, and 1 and 3. What is in
// the odd bytes, `uxtb16` gives in one instruction; compilers take two, and twice the loads.
struct Four {
    std::int32_t even;
    std::int32_t odd;
};
HAT_INLINE Four broadcast(const Input* x) noexcept {
    const auto four = together<std::int32_t>(x);
    std::int32_t odd;
    asm("sxtb16 %0, %1, ror #8" : "=r"(odd) : "r"(four));
    return {__sxtb16(four), odd};
}
/// Precondition: weights begin at a multiple of 4.
HAT_INLINE Register add(Register sum, const std::uint8_t* weights, const Four& x) noexcept {
    const auto add_two = [&](std::int32_t& first, std::int32_t& second, const std::uint8_t* w)
                             HAT_INLINE_LAMBDA {
                                 std::uint32_t a;
                                 std::uint32_t b;
                                 std::uint32_t even;
                                 asm("ldrd %[a], %[b], %[w]\n\t"
                                     "uxtb16 %[even], %[a]\n\t"
                                     "uxtb16 %[a], %[a], ror #8\n\t"
                                     "smlad %[first], %[even], %[x_even], %[first]\n\t"
                                     "uxtb16 %[even], %[b]\n\t"
                                     "smlad %[first], %[a], %[x_odd], %[first]\n\t"
                                     "uxtb16 %[b], %[b], ror #8\n\t"
                                     "smlad %[second], %[even], %[x_even], %[second]\n\t"
                                     "smlad %[second], %[b], %[x_odd], %[second]"
                                     : [first] "+r"(first), [second] "+r"(second), [a] "=&r"(a),
                                       [b] "=&r"(b), [even] "=&r"(even)
                                     : [w] "m"(*reinterpret_cast<const std::uint64_t*>(w)),
                                       [x_even] "r"(x.even), [x_odd] "r"(x.odd));
                             };
    add_two(sum.of[0], sum.of[1], weights);
    add_two(sum.of[2], sum.of[3], weights + 8);
    return sum;
}

#else

struct Four {
    std::int32_t of[4];
};
HAT_INLINE Four broadcast(const Input* x) noexcept {
    return {{x[0], x[1], x[2], x[3]}};
}
HAT_INLINE Register add(Register sum, const std::uint8_t* weights, const Four& x) noexcept {
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
#pragma GCC unroll 4
        for (int k = 0; k < 4; ++k) sum.of[i] += weights[4 * i + k] * x.of[k];
    }
    return sum;
}

#endif

#endif

#if defined(__aarch64__)

/// The weights of 16 outputs and four inputs, loaded by one instruction.
#if defined(__ARM_FEATURE_MATMUL_INT8)
using PanelWeights = uint8x16x4_t;
HAT_INLINE PanelWeights load_panel(const std::uint8_t* weights) noexcept {
    return vld1q_u8_x4(weights);
}
#else
struct PanelWeights {
    int8x16_t val[4];
};
/// w itself.
HAT_INLINE PanelWeights load_panel(const std::uint8_t* weights) noexcept {
    const uint8x16x4_t stored = vld1q_u8_x4(weights);
    PanelWeights panel;
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i)
        panel.val[i] = vreinterpretq_s8_u8(veorq_u8(stored.val[i], vdupq_n_u8(0x80)));
    return panel;
}
#endif

#if !defined(__ARM_FEATURE_DOTPROD) && !defined(__ARM_FEATURE_MATMUL_INT8)

// Two products of numbers in −127 … 127, or of one by −128, fit 16 bits: eight inputs at a time
// widen half as many sums as four.

/// w itself, of four outputs and four inputs.
HAT_INLINE int8x16_t load_four(const std::uint8_t* weights) noexcept {
    return vreinterpretq_s8_u8(veorq_u8(vld1q_u8(weights), vdupq_n_u8(0x80)));
}
HAT_INLINE int8x16_t broadcast_four(const Input* x) noexcept {
    return vreinterpretq_s8_s32(vdupq_n_s32(together<std::int32_t>(x)));
}
/// Adds to the sums of two outputs each what weights of four outputs and eight inputs make.
HAT_INLINE void add_eight(Register& low, Register& high, int8x16_t first, int8x16_t first_x,
                          int8x16_t second, int8x16_t second_x) noexcept {
    low = vpadalq_s16(low, vmlal_s8(vmull_s8(vget_low_s8(first), vget_low_s8(first_x)),
                                    vget_low_s8(second), vget_low_s8(second_x)));
    high = vpadalq_s16(high, vmlal_high_s8(vmull_high_s8(first, first_x), second, second_x));
}

#endif

#endif

/// Whether weights are multiplied as they are stored, with 128 added.
inline constexpr bool has_offset =
#if defined(__ARM_NEON) && !defined(__ARM_FEATURE_MATMUL_INT8)
    false;
#else
    true;
#endif

/// Whether sums of two rows can be made at once.
inline constexpr bool has_pairs =
#if defined(__ARM_FEATURE_MATMUL_INT8)
    true;
#else
    false;
#endif

/// What a sum begins with: without what the 128 of the weights will add.
HAT_INLINE Register start(std::int32_t sum_of_inputs) noexcept {
    if constexpr (!has_offset) return fill(0);
    // Unsigned: the sum of a row that has no scale, as it is not finite, is any number.
    const std::uint32_t offset = has_halves ? 64 : 128;
    return fill(static_cast<std::int32_t>(-offset * static_cast<std::uint32_t>(sum_of_inputs)));
}

/// The sums of 16 outputs.
struct Sums {
    Register part[parts];
};

#if defined(__ARM_FEATURE_MATMUL_INT8)
HAT_INLINE PairedSums pair_starts(Register of_first, Register of_second) noexcept {
    PairedSums sums;
#pragma GCC unroll 8
    for (auto& part : sums.part) part = vzip1q_s32(of_first, of_second);
    return sums;
}
/// The sums of the first row, and of the second.
HAT_INLINE void take_apart(const PairedSums& sums, Sums& first, Sums& second) noexcept {
#pragma GCC unroll 4
    for (int i = 0; i < parts; ++i) {
        first.part[i] = vuzp1q_s32(sums.part[2 * i], sums.part[2 * i + 1]);
        second.part[i] = vuzp2q_s32(sums.part[2 * i], sums.part[2 * i + 1]);
    }
}
#endif

/// As floats, rounded to the nearest where they have more than 24 bits.
HAT_INLINE Lanes finish(const Sums& sums) noexcept {
#if defined(__AVX512VNNI__)
    return {Floats(_mm512_cvtepi32_ps(reinterpret_cast<__m512i>(sums.part[0])))};
#elif defined(__SSE2__) && !defined(__AVX2__) || defined(__wasm_simd128__)
    using FourWords [[gnu::vector_size(16)]] = std::uint32_t;
    using FourIntegers [[gnu::vector_size(16)]] = std::int32_t;
    using FourFloats [[gnu::vector_size(16)]] = float;
    Lanes floats;
#pragma GCC unroll 4
    for (int i = 0; i < parts / 2; ++i) {
        const auto first = reinterpret_cast<FourWords>(sums.part[2 * i]);
        const auto second = reinterpret_cast<FourWords>(sums.part[2 * i + 1]);
        const FourWords sum = __builtin_shufflevector(first, second, 0, 2, 4, 6) +
                              __builtin_shufflevector(first, second, 1, 3, 5, 7);
        const auto four = __builtin_convertvector(reinterpret_cast<FourIntegers>(sum), FourFloats);
        std::memcpy(reinterpret_cast<char*>(&floats) + static_cast<std::size_t>(i) * sizeof four,
                    &four, sizeof four);
    }
    return floats;
#elif defined(__aarch64__)
    Lanes floats;
#pragma GCC unroll 4
    for (int i = 0; i < simd::parts; ++i) {
        constexpr int of_part = has_halves ? 2 : 1;
        const Register* const part = sums.part + of_part * i;
        floats.part[i] = vcvtq_f32_s32(has_halves ? vpaddq_s32(part[0], part[1]) : part[0]);
    }
    return floats;
#else
    alignas(64) std::uint32_t all[(has_halves ? 2 : 1) * lanes];
    std::memcpy(all, sums.part, sizeof all);
    alignas(64) float floats[lanes];
    for (int i = 0; i < lanes; ++i)
        floats[i] = static_cast<float>(
            static_cast<std::int32_t>(has_halves ? all[2 * i] + all[2 * i + 1] : all[i]));
    return simd::load(floats);
#endif
}

/// Sums of what `store_rounded` stores, lane by lane.
struct Rounded {
    WordLanes of{};
};

/// Stores the integers in the low bits of numbers to which 1.5 · 2^23 was added, and adds them to
/// sums. All must be in −128 … 127.
HAT_INLINE void store_rounded(LanesArgument shifted, Input* to, Rounded& sums) noexcept {
    const Words magic(0x4b400000U);
    WordLanes integers;
#pragma GCC unroll unrolled_parts
    for (int i = 0; i < simd::parts; ++i) {
        integers.part[i] = simd::detail::as_words(shifted.part[i]) - magic;
        sums.of.part[i] = sums.of.part[i] + integers.part[i];
    }
#if defined(__AVX512VNNI__)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_cvtepi32_epi8(integers.part[0]));
#elif defined(__AVX512BW__)
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_cvtepi32_epi16(integers.part[0]));
#else
    alignas(64) std::uint32_t all[lanes];
#pragma GCC unroll unrolled_parts
    for (int i = 0; i < simd::parts; ++i) integers.part[i].store_aligned(all + i * native_lanes);
    for (int i = 0; i < lanes; ++i) to[i] = static_cast<Input>(static_cast<std::int32_t>(all[i]));
#endif
}

HAT_INLINE std::int32_t sum(const Rounded& sums) noexcept {
    alignas(64) std::uint32_t all[lanes];
#pragma GCC unroll unrolled_parts
    for (int i = 0; i < simd::parts; ++i) sums.of.part[i].store_aligned(all + i * native_lanes);
    std::uint32_t total = 0;
    for (const std::uint32_t word : all) total += word;
    return static_cast<std::int32_t>(total);
}

}  // namespace hat::simd::dot
