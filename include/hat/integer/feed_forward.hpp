// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/integer/fixed_point.hpp>
#include <hat/integer/linear.hpp>
#include <hat/integer/weights.hpp>

#include <algorithm>
#include <cstdint>

namespace hat::integer {

/// W₂ · act(W₁ x + b₁) + b₂.
///
/// Shapes  first [ffn_dim, dim],  second [dim, ffn_dim],  activation [257] or empty
template <class Weights>
struct FeedForward {
    Linear<Weights> first{};
    Linear<Weights> second{};
    /// The activation of numbers that are 256 apart, from −2^15 on, with lines between; relu if
    /// empty.
    typename Weights::template Vector<std::int16_t> activation{};

    static constexpr void members(const auto& f, auto&... self) {
        f("fc1", self.first...);
        f("fc2", self.second...);
        f("activation", self.activation...);
    }
};

/// Numbers of the table of an activation.
inline constexpr int activation_points = 257;

/// x ← act(x).  Shapes  x [ffn_dim]
constexpr void activate(const FeedForward<Constants>& layer, std::int16_t* x, int size) noexcept {
    if (layer.activation.empty()) {
        for (int i = 0; i < size; ++i) x[i] = std::max<std::int16_t>(x[i], 0);
        return;
    }
    const std::int16_t* const table = layer.activation.data();
    for (int i = 0; i < size; ++i) {
        const int from_begin = x[i] + 32768;
        const int point = from_begin >> 8;
        const int step = table[point + 1] - table[point];
        x[i] = static_cast<std::int16_t>(table[point] + round_shift(step * (from_begin & 255), 8));
    }
}

}  // namespace hat::integer
