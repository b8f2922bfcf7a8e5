// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/integer/fixed_point.hpp>
#include <hat/integer/weights.hpp>

#include <cstdint>

namespace hat::integer {

/// Words and positions, both with scales that lead to that of their sum.
///
/// Shapes  words [vocab, ≥ dim],  scales [vocab],  positions [positions, dim] or empty,
///         position_scale [1]
template <class Weights>
struct Embedding {
    typename Weights::template Matrix<std::int8_t> words{};
    typename Weights::template Vector<std::int32_t> scales{};  ///< words of `Scale`
    typename Weights::template Matrix<std::int16_t> positions{};
    typename Weights::template Vector<std::int32_t> position_scale{};

    static constexpr void members(const auto& f, auto&... self) {
        f("words", self.words...);
        f("scale", self.scales...);
        f("positions", self.positions...);
        f("position_scale", self.position_scale...);
    }
};

/// y = word + position.  Shapes  y [dim]
constexpr void look_up(const Embedding<Constants>& embedding, int token, int position, int dim,
                       std::int16_t* y) noexcept {
    const std::int8_t* const word = embedding.words.row_data(token);
    const Scale scale = Scale::from_word(embedding.scales.data()[token]);
    for (int i = 0; i < dim; ++i) {
        std::int64_t sum = scaled(word[i], scale);
        if (!embedding.positions.empty())
            sum += scaled(embedding.positions.row_data(position)[i],
                          embedding.position_scale.data()[0]);
        y[i] = saturate<std::int16_t>(sum);
    }
}

}  // namespace hat::integer
