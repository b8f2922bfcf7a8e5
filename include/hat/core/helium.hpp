// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>

#include <cstdint>

#if HAT_HELIUM
#include <arm_mve.h>

/// Sums of products of bytes by the vectors of a Cortex-M55 or M85. An instruction adds 16 products
/// to one sum, so it takes 16 inputs of an output where others take four of four. Its test runs on
/// an emulated Cortex-M55: tests/embedded/helium.cpp.
namespace hat::simd::helium {

/// Σ w · x of four outputs, exact in 32 bits.
///
/// Shapes  x [inputs],  weights [⌈inputs / 4⌉][4 outputs][4 inputs], 64 bytes from one to the next,
///         stored as w + 128; sums [4]
/// Precondition: weights begin at a multiple of 4.
inline void dot(const std::int8_t* x, const std::uint8_t* weights, int inputs,
                std::int32_t* sums) noexcept {
    constexpr int at_once = 16;
    constexpr int stride = 64;
    const uint32x4_t of_first = vmulq_n_u32(vidupq_n_u32(0, 1), stride);
    const uint32x4_t of_second = vaddq_n_u32(of_first, 4);
    const uint32x4_t of_third = vaddq_n_u32(of_first, 8);
    const uint32x4_t of_fourth = vaddq_n_u32(of_first, 12);
    const uint8x16_t offset = vdupq_n_u8(0x80);
    std::int32_t first = 0, second = 0, third = 0, fourth = 0;
    // `load_words(places)` are 16 inputs of an output, as they are stored.
    const auto add = [&](int8x16_t of_all, const auto& load_words) HAT_INLINE_LAMBDA {
        const auto added = [&](std::int32_t sum, uint32x4_t places) HAT_INLINE_LAMBDA {
            const uint8x16_t stored = vreinterpretq_u8_u32(load_words(places));
            return vmladavaq_s8(sum, vreinterpretq_s8_u8(veorq_u8(stored, offset)), of_all);
        };
        first = added(first, of_first);
        second = added(second, of_second);
        third = added(third, of_third);
        fourth = added(fourth, of_fourth);
    };
    const auto* words = reinterpret_cast<const std::uint32_t*>(weights);
    for (; inputs >= at_once; inputs -= at_once) {
        add(vldrbq_s8(x), [&](uint32x4_t places) HAT_INLINE_LAMBDA {
            return vldrwq_gather_offset_u32(words, places);
        });
        x += at_once;
        words += at_once * stride / 16;
    }
    if (inputs > 0) {
        const mve_pred16_t groups = vctp32q(static_cast<std::uint32_t>(inputs + 3) / 4);
        add(vldrbq_z_s8(x, vctp8q(static_cast<std::uint32_t>(inputs))),
            [&](uint32x4_t places)
                HAT_INLINE_LAMBDA { return vldrwq_gather_offset_z_u32(words, places, groups); });
    }
    sums[0] = first;
    sums[1] = second;
    sums[2] = third;
    sums[3] = fourth;
}

}  // namespace hat::simd::helium

#endif
