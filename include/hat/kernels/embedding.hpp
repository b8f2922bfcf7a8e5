// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/matrix_view.hpp>
#include <hat/core/position.hpp>
#include <hat/core/ragged.hpp>
#include <hat/core/simd.hpp>
#include <hat/kernels/dropout.hpp>
#include <hat/kernels/stored_row.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

namespace hat::kernels {

/// Fills a table of sinusoidal positions: with h = ⌊dim/2⌋ and f_k = exp(−k · ln 10000 / (h − 1)),
/// row p is [sin(p·f_0) … sin(p·f_{h−1}), cos(p·f_0) … cos(p·f_{h−1})], a zero last column if `dim`
/// is odd. Angles are rounded to float as in the reference. A sub-network uses the first columns.
///
/// Shapes  table [positions, dim], row p belongs to position p; dim ≥ 4, as f_k needs h ≥ 2
inline void sinusoidal_positions(Matrix table) noexcept {
    const int half = table.cols() / 2;
    const auto step = static_cast<float>(std::log(10000.0) / (half - 1));
    for (int p = 0; p < table.rows(); ++p) {
        if (table.cols() % 2 == 1) table(p, table.cols() - 1) = 0.0F;
        for (int k = 0; k < half; ++k) {
            const auto frequency =
                static_cast<float>(std::exp(static_cast<double>(-step * static_cast<float>(k))));
            const auto angle = static_cast<double>(static_cast<float>(p) * frequency);
            table(p, k) = static_cast<float>(std::sin(angle));
            table(p, half + k) = static_cast<float>(std::cos(angle));
        }
    }
}

/// y[t] = (scale · table[tokens[t]] + positions[first_position + t − begin]) ∘ mask, where `begin`
/// is the first token of the sentence of t. `positions` may be empty.
///
/// Shapes  tokens [sentences.tokens()],  table [vocab_size, dim],  positions [≥ longest + 2, dim],
///         y [tokens, dim]
template <class Word = float>
void embed(std::span<const int> tokens, const Ragged& sentences,
           std::type_identity_t<MatrixView<const Word>> table, float scale, ConstMatrix positions,
           const Dropout& drop, Matrix y) noexcept {
    const simd::Lanes factor = simd::broadcast(scale);
    for (int s = 0; s < sentences.sentences(); ++s) {
        for (int i = 0; i < sentences.length(s); ++i) {
            const int t = sentences.begin(s) + i;
            const StoredRow<Word> word(table, tokens[static_cast<std::size_t>(t)]);
            const float* const place =
                positions.empty() ? nullptr : positions.row_data(first_position + i);
            const auto first = detail::first_element(t, y.cols());
            detail::for_stretches(y.cols(), [&](int j, int n) HAT_INLINE_LAMBDA {
                simd::Lanes v = word.load(j, n);
                v = place == nullptr ? v * factor
                                     : simd::fma(v, factor, detail::load_stretch(place + j, n));
                if (drop.active()) v = v * drop.factors(first + static_cast<std::uint32_t>(j));
                detail::store_stretch(v, y.row_data(t) + j, n);
            });
        }
    }
}

/// Gradients of `embed`: dtable[token] += scale · dy ∘ mask, dpositions[row] += dy ∘ mask.
/// `dtable` and `dpositions` may be empty.  Shapes  as in the forward pass
inline void embed_backward(std::span<const int> tokens, const Ragged& sentences, ConstMatrix dy,
                           float scale, const Dropout& drop, Matrix dtable,
                           Matrix dpositions) noexcept {
    const simd::Lanes factor = simd::broadcast(scale);
    for (int s = 0; s < sentences.sentences(); ++s) {
        for (int i = 0; i < sentences.length(s); ++i) {
            const int t = sentences.begin(s) + i;
            const int token = tokens[static_cast<std::size_t>(t)];
            const auto first = detail::first_element(t, dy.cols());
            detail::for_stretches(dy.cols(), [&](int j, int n) HAT_INLINE_LAMBDA {
                simd::Lanes v = detail::load_stretch(dy.row_data(t) + j, n);
                if (drop.active()) v = v * drop.factors(first + static_cast<std::uint32_t>(j));
                if (!dtable.empty()) {
                    float* const word = dtable.row_data(token) + j;
                    detail::store_stretch(simd::fma(v, factor, detail::load_stretch(word, n)), word,
                                          n);
                }
                if (!dpositions.empty()) {
                    float* const to = dpositions.row_data(first_position + i) + j;
                    detail::store_stretch(v + detail::load_stretch(to, n), to, n);
                }
            });
        }
    }
}

}  // namespace hat::kernels
