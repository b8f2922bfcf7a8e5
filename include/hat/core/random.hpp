// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <utility>

namespace hat {

/// Mixes all bits of `x` into all bits of the result (the finaliser of SplitMix64).
constexpr std::uint64_t mix64(std::uint64_t x) noexcept {
    x ^= x >> 30U;
    x *= 0xbf58476d1ce4e5b9U;
    x ^= x >> 27U;
    x *= 0x94d049bb133111ebU;
    return x ^ (x >> 31U);
}

/// Mixes 32 bits; a bijection with two multiplications, cheap in vector registers.
constexpr std::uint32_t mix32(std::uint32_t x) noexcept {
    x ^= x >> 16U;
    x *= 0x21f0aaadU;
    x ^= x >> 15U;
    x *= 0x735a2d97U;
    return x ^ (x >> 15U);
}

/// A key that names one stream of random numbers; `split` makes independent keys from it, so that
/// every step, layer and element has numbers of its own, on every machine the same.
///
///     RandomKey(seed).split(step).split(layer).bits(element)
class RandomKey {
public:
    /// The first key of a seed.
    constexpr explicit RandomKey(std::uint64_t seed) noexcept : key_(mix64(seed + increment)) {}

    /// The key number `index` that comes from this one.
    [[nodiscard]] constexpr RandomKey split(std::uint64_t index) const noexcept {
        return RandomKey(key_ ^ mix64(index + increment));
    }
    /// The 64 bits number `counter` of this stream.
    [[nodiscard]] constexpr std::uint64_t bits(std::uint64_t counter) const noexcept {
        return mix64(key_ + increment * (counter + 1));
    }
    [[nodiscard]] constexpr std::uint64_t value() const noexcept { return key_; }

private:
    static constexpr std::uint64_t increment = 0x9e3779b97f4a7c15U;
    std::uint64_t key_;
};

/// Numbers drawn one after the other from the stream of a key.
class Random {
public:
    /// The stream of a key, or of the key of a seed, from its first number.
    constexpr explicit Random(RandomKey key) noexcept : key_(key) {}
    constexpr explicit Random(std::uint64_t seed) noexcept : key_(RandomKey(seed)) {}

    constexpr std::uint64_t bits() noexcept { return key_.bits(counter_++); }

    /// Uniform in [0, n), without bias. Precondition: n > 0.
    constexpr std::uint64_t below(std::uint64_t n) noexcept {
        const std::uint64_t rejected = (0 - n) % n;  // 2^64 mod n
        std::uint64_t x = bits();
        while (x < rejected) x = bits();
        return x % n;
    }
    /// Uniform in [0, 1), a multiple of 2^-53.
    constexpr double uniform() noexcept { return static_cast<double>(bits() >> 11U) * 0x1p-53; }
    constexpr double uniform(double low, double high) noexcept {
        return low + (high - low) * uniform();
    }
    /// Normally distributed with mean 0 and variance 1 (Box and Muller).
    double normal() noexcept {
        const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
        return radius * std::cos(2.0 * std::numbers::pi * uniform());
    }
    /// Permutes `items` uniformly (Fisher and Yates).
    template <class Items>
    constexpr void shuffle(Items& items) noexcept {
        for (auto n = static_cast<std::uint64_t>(items.size()); n > 1; --n) {
            using std::swap;
            swap(items[static_cast<decltype(items.size())>(n - 1)],
                 items[static_cast<decltype(items.size())>(below(n))]);
        }
    }

private:
    RandomKey key_;
    std::uint64_t counter_ = 0;
};

}  // namespace hat
