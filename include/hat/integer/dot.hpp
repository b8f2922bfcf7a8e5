// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>

#include <cstdint>
#include <cstring>
#include <type_traits>

#if HAT_HELIUM
#include <arm_mve.h>
#elif HAT_ARM_DSP
#include <arm_acle.h>
#endif

namespace hat::integer {

namespace detail {

#if HAT_HELIUM

HAT_INLINE int16x8_t load(const std::int8_t* x) noexcept {
    return vldrbq_s16(x);
}
HAT_INLINE int16x8_t load(const std::int16_t* x) noexcept {
    return vldrhq_s16(x);
}
/// Zero where nothing is.
HAT_INLINE int16x8_t load(const std::int8_t* x, mve_pred16_t there) noexcept {
    return vldrbq_z_s16(x, there);
}
HAT_INLINE int16x8_t load(const std::int16_t* x, mve_pred16_t there) noexcept {
    return vldrhq_z_s16(x, there);
}

/// Eight products at a time.
template <class A, class B>
[[nodiscard]] std::int32_t dot_in_vectors(const A* a, const B* b, int size) noexcept {
    constexpr int at_once = 8;
    std::int32_t sum = 0;
    for (; size >= at_once; size -= at_once) {
        sum = vmladavaq_s16(sum, load(a), load(b));
        a += at_once;
        b += at_once;
    }
    if (size == 0) return sum;
    const mve_pred16_t there = vctp16q(static_cast<std::uint32_t>(size));
    return vmladavaq_s16(sum, load(a, there), load(b, there));
}

#elif HAT_ARM_DSP

/// Numbers 0 and 2 of four, and 1 and 3, each two in the halves of a word.
struct Four {
    std::int32_t even;
    std::int32_t odd;
};
HAT_INLINE Four load(const std::int8_t* x) noexcept {
    std::int32_t four;
    std::int32_t odd;
    std::memcpy(&four, x, sizeof four);
    asm("sxtb16 %0, %1, ror #8" : "=r"(odd) : "r"(four));
    return {__sxtb16(four), odd};
}
HAT_INLINE Four load(const std::int16_t* x) noexcept {
    std::int32_t first;
    std::int32_t last;
    std::int32_t even;
    std::int32_t odd;
    std::memcpy(&first, x, sizeof first);
    std::memcpy(&last, x + 2, sizeof last);
    asm("pkhbt %0, %1, %2, lsl #16" : "=r"(even) : "r"(first), "r"(last));
    asm("pkhtb %0, %1, %2, asr #16" : "=r"(odd) : "r"(last), "r"(first));
    return {even, odd};
}

/// Two products at a time.
template <class A, class B>
[[nodiscard]] std::int32_t dot_in_vectors(const A* a, const B* b, int size) noexcept {
    std::int32_t sum = 0;
    for (; size >= 4; size -= 4) {
        const Four x = load(a);
        const Four y = load(b);
        sum = __smlad(x.odd, y.odd, __smlad(x.even, y.even, sum));
        a += 4;
        b += 4;
    }
    for (int i = 0; i < size; ++i) sum += std::int32_t{a[i]} * b[i];
    return sum;
}

#endif

}  // namespace detail

/// Σ a · b, which must fit 32 bits, of numbers of 8 or 16 bits. Processors do it in their own ways,
/// of which compilers find those of vectors but on a Cortex-M.
template <class A, class B>
[[nodiscard]] constexpr std::int32_t dot(const A* a, const B* b, int size) noexcept {
#if HAT_HELIUM || HAT_ARM_DSP
    if (!std::is_constant_evaluated()) return detail::dot_in_vectors(a, b, size);
#endif
    std::int32_t sum = 0;
    for (int i = 0; i < size; ++i) sum += std::int32_t{a[i]} * b[i];
    return sum;
}

}  // namespace hat::integer
