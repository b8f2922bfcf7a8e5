// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace hat::elastic {

/// The generator behind Python's `random` module: MT19937 (Matsumoto and Nishimura 1998), seeded as
/// `random.seed(n)` seeds it. Only to repeat the draws of the reference; `Random` is for the rest.
class PythonRandom {
public:
    /// As `random.seed(seed)` does.
    explicit constexpr PythonRandom(std::uint64_t seed) noexcept {
        // Seeding by array, the array being the 32-bit words of `seed`, the low one first.
        const std::array<std::uint32_t, 2> words{static_cast<std::uint32_t>(seed),
                                                 static_cast<std::uint32_t>(seed >> 32U)};
        const std::size_t length = words[1] != 0 ? 2 : 1;
        state_[0] = 19650218U;
        for (std::size_t i = 1; i < size; ++i)
            state_[i] = 1812433253U * mixed_before(i) + static_cast<std::uint32_t>(i);
        std::size_t i = 1;
        for (std::size_t k = 0; k < size; ++k) {
            const std::size_t j = k % length;
            state_[i] = (state_[i] ^ (mixed_before(i) * 1664525U)) + words[j] +
                        static_cast<std::uint32_t>(j);
            i = next(i);
        }
        for (std::size_t k = 1; k < size; ++k) {
            state_[i] =
                (state_[i] ^ (mixed_before(i) * 1566083941U)) - static_cast<std::uint32_t>(i);
            i = next(i);
        }
        state_[0] = 0x80000000U;
    }

    /// `random.getrandbits(32)`.
    constexpr std::uint32_t bits32() noexcept {
        if (at_ == size) twist();
        std::uint32_t y = state_[at_++];
        y ^= y >> 11U;
        y ^= (y << 7U) & 0x9d2c5680U;
        y ^= (y << 15U) & 0xefc60000U;
        return y ^ (y >> 18U);
    }

    /// `random.random()`: uniform in [0, 1), a multiple of 2^-53.
    constexpr double uniform() noexcept {
        const std::uint32_t high = bits32() >> 5U;
        const std::uint32_t low = bits32() >> 6U;
        return (high * 67108864.0 + low) * 0x1p-53;
    }

    /// The index that `random.choice` draws out of `n`: as many top bits as `n` has, again until
    /// they are below `n`. So even a single choice uses up numbers. Precondition: n > 0.
    constexpr std::uint32_t below(std::uint32_t n) noexcept {
        unsigned unused = 0;  // bits
        while ((n << unused) < 0x80000000U) ++unused;
        std::uint32_t index = bits32() >> unused;
        while (index >= n) index = bits32() >> unused;
        return index;
    }

private:
    static constexpr std::size_t size = 624;

    [[nodiscard]] constexpr std::uint32_t mixed_before(std::size_t i) const noexcept {
        return state_[i - 1] ^ (state_[i - 1] >> 30U);
    }
    /// The slot after `i`; slot 0 repeats the last one.
    constexpr std::size_t next(std::size_t i) noexcept {
        if (++i < size) return i;
        state_[0] = state_[size - 1];
        return 1;
    }
    constexpr void twist() noexcept {
        for (std::size_t i = 0; i < size; ++i) {
            const std::uint32_t y =
                (state_[i] & 0x80000000U) | (state_[(i + 1) % size] & 0x7fffffffU);
            state_[i] = state_[(i + 397) % size] ^ (y >> 1U) ^ ((y & 1U) != 0 ? 0x9908b0dfU : 0U);
        }
        at_ = 0;
    }

    std::array<std::uint32_t, size> state_{};
    std::size_t at_ = size;
};

}  // namespace hat::elastic
