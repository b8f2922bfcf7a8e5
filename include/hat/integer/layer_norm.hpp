// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/integer/fixed_point.hpp>
#include <hat/integer/weights.hpp>

#include <cstdint>

namespace hat::integer {

/// y = gain ∘ (x − mean) / √(variance + ε) + bias.  Shapes  scales, bias [dim],  epsilon [1]
template <class Weights>
struct LayerNorm {
    typename Weights::template Vector<std::int32_t> scales{};  ///< gains over the scale of y, words
    typename Weights::template Vector<std::int32_t> bias{};
    typename Weights::template Vector<std::int32_t>
        epsilon{};  ///< in what a variance is counted in

    /// Bits behind the point of differences from the mean; variances have twice as many.
    static constexpr int difference_bits = 6;

    static constexpr void members(const auto& f, auto&... self) {
        f("scale", self.scales...);
        f("bias", self.bias...);
        f("epsilon", self.epsilon...);
    }
};

/// y = norm(x + branch), or norm(x) if there is none. y may be x.
///
/// Shapes  x, branch, y [dim]
constexpr void forward(const LayerNorm<Constants>& norm, const std::int16_t* x,
                       const std::int16_t* branch, std::int16_t* y) noexcept {
    constexpr int bits = LayerNorm<Constants>::difference_bits;
    const int size = norm.scales.size();
    const auto at = [&](int i) { return std::int32_t{x[i]} + (branch == nullptr ? 0 : branch[i]); };
    std::int64_t sum = 0;
    for (int i = 0; i < size; ++i) sum += at(i);
    const auto mean = static_cast<std::int32_t>((sum * (1 << bits)) / size);
    std::uint64_t squares = 0;
    for (int i = 0; i < size; ++i) {
        const std::int64_t difference = at(i) * (1 << bits) - mean;
        squares += static_cast<std::uint64_t>(difference * difference);
    }
    const std::uint64_t variance = squares / static_cast<std::uint64_t>(size) +
                                   static_cast<std::uint64_t>(norm.epsilon.data()[0]);
    const Factor inverse = inverse_square_root(variance);
    for (int i = 0; i < size; ++i) {
        const Scale scale = Scale::from_word(norm.scales.data()[i]) * inverse;
        const std::int32_t difference = at(i) * (1 << bits) - mean;
        y[i] =
            saturate<std::int16_t>(std::int64_t{scaled(difference, scale)} + norm.bias.data()[i]);
    }
}

}  // namespace hat::integer
