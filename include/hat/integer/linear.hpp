// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/integer/dot.hpp>
#include <hat/integer/fixed_point.hpp>
#include <hat/integer/weights.hpp>

#include <algorithm>
#include <cstdint>

namespace hat::integer {

/// A row as a product takes it: x ≈ data · factor, |data| ≤ 127. Its numbers of 8 bits lie in 16:
/// so compilers find the instructions that add products of pairs.
struct Row {
    const std::int16_t* data = nullptr;
    int size = 0;
    Factor factor{};
};

/// Rounds a row of 16 bits to 8, of which the largest number is 127. The 1/127 that is left is in
/// the scales of layers. `to` has room for `size` numbers.
[[nodiscard]] constexpr Row quantise_row(const std::int16_t* x, int size,
                                         std::int16_t* to) noexcept {
    std::int32_t largest = 0;
    for (int i = 0; i < size; ++i)
        largest = std::max<std::int32_t>(largest, x[i] < 0 ? -x[i] : x[i]);
    constexpr int bits = 24;  // 127 · 2^24 is a number of 31 bits
    const std::int32_t inverse = largest == 0 ? 0 : (127 << bits) / largest;
    for (int i = 0; i < size; ++i)
        to[i] = static_cast<std::int16_t>((x[i] * inverse + (1 << (bits - 1))) >> bits);
    return {to, size, Factor::of(static_cast<std::uint32_t>(largest))};
}

/// y = x · Wᵀ + b, each output with a scale of its own: that of its weights and of x over that of
/// y.
///
/// Shapes  weight [out, in],  scales, bias [out]; of a network's output, which `forward` does not
///         compute, the bias is empty
template <class Weights>
struct Linear {
    typename Weights::template Matrix<std::int8_t> weight{};
    typename Weights::template Vector<std::int32_t> scales{};  ///< words of `Scale`
    typename Weights::template Vector<std::int32_t> bias{};

    static constexpr void members(const auto& f, auto&... self) {
        f("weight", self.weight...);
        f("scale", self.scales...);
        f("bias", self.bias...);
    }
};

/// One output as it is before it is made to fit 16 bits, and without its bias.
[[nodiscard]] constexpr std::int32_t output_of(const Linear<Constants>& layer, const Row& x,
                                               int output) noexcept {
    const Scale scale = Scale::from_word(layer.scales.data()[output]) * x.factor;
    return scaled(dot(layer.weight.row_data(output), x.data, x.size), scale);
}

/// y [out]; with `shift`, y = the nearest to the outputs over 2^shift.
template <class T>
constexpr void forward(const Linear<Constants>& layer, const Row& x, T* y, int shift = 0) noexcept {
    for (int i = 0; i < layer.weight.rows(); ++i) {
        const std::int64_t sum = std::int64_t{output_of(layer, x, i)} + layer.bias.data()[i];
        y[i] = saturate<T>(round_shift(saturate<std::int16_t>(sum), shift));
    }
}

}  // namespace hat::integer
