// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/simd.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace hat::simd {

/// Sixteen floats that lanes choose among: lane i of the result is `sixteen[codes[i] % 16]`, where
/// `codes` are the words of one native register.
///
///     const simd::Choice choose(sixteen);    // of any alignment; they must outlive it
///     const simd::Floats chosen = choose(codes);
class Choice {
public:
#if defined(__AVX512F__)
    HAT_INLINE explicit Choice(const void* sixteen) noexcept : all_(_mm512_loadu_ps(sixteen)) {
    }
    HAT_INLINE Floats operator()(Words codes) const noexcept {
        return _mm512_permutexvar_ps(codes, all_);
    }

private:
    __m512 all_;
#elif defined(__AVX2__)
    HAT_INLINE explicit Choice(const void* sixteen) noexcept
        : lower_(_mm256_loadu_ps(static_cast<const float*>(sixteen))),
          upper_(_mm256_loadu_ps(static_cast<const float*>(sixteen) + 8)) {
    }
    HAT_INLINE Floats operator()(Words codes) const noexcept {
        const __m256i eight = bits(codes);
        const __m256 is_upper = _mm256_castsi256_ps(_mm256_slli_epi32(eight, 28));
        return _mm256_blendv_ps(_mm256_permutevar8x32_ps(lower_, eight),
                                _mm256_permutevar8x32_ps(upper_, eight), is_upper);
    }

private:
    HAT_INLINE static __m256i bits(Words x) noexcept {
        return _mm256_castps_si256(detail::as_floats(x));
    }
    __m256 lower_, upper_;
#elif defined(__aarch64__) && HAT_VECTORS
    HAT_INLINE explicit Choice(const void* sixteen) noexcept
        : all_(vld1q_u8_x4(static_cast<const std::uint8_t*>(sixteen))) {
    }
    HAT_INLINE Floats operator()(Words codes) const noexcept {
        // Byte b of number c is byte 4 c + b.
        const Words bytes = (codes & Words(15U)) * Words(0x04040404U) + Words(0x03020100U);
        return vreinterpretq_f32_u8(
            vqtbl4q_u8(all_, vreinterpretq_u8_f32(detail::as_floats(bytes))));
    }

private:
    uint8x16x4_t all_;
#else
    /// Sixteen floats, which need not be aligned and must outlive it where there are no registers
    /// for them.
    HAT_INLINE explicit Choice(const void* sixteen) noexcept
        : all_(static_cast<const std::byte*>(sixteen)) {
    }
    HAT_INLINE Floats operator()(Words codes) const noexcept {
        std::uint32_t code[Words::size];
        float chosen[Words::size];
        codes.store_unaligned(code);
        for (std::size_t i = 0; i < Words::size; ++i)
            std::memcpy(chosen + i, all_ + code[i] % 16 * sizeof(float), sizeof(float));
        return Floats::load_unaligned(chosen);
    }

private:
    const std::byte* all_;
#endif
};

}  // namespace hat::simd
