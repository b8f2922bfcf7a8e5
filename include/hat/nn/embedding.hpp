// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/extent.hpp>
#include <hat/core/ragged.hpp>
#include <hat/nn/weights.hpp>

#include <span>

namespace hat::nn {

/// A row of a table for every token, scaled, and the row of its position added to it:
///
///     y[t] = dropout(scale · weight[tokens[t]] + positions[t − begin of its sentence]).
///
/// Shapes  weight [vocab_size, dim]
template <class Weights, Extent Vocab = int, Extent Dim = int>
struct Embedding {
    typename Weights::template Table<Vocab, Dim> weight{};

    static constexpr void members(const auto& f, auto&... self) { f("weight", self.weight...); }
};

/// The vectors of `tokens`, which must live until the backward pass is done; `positions` may be
/// empty.
///
/// Shapes  tokens [sentences.tokens()],  positions [≥ longest + 2, dim],
///         result [sentences.tokens(), dim]
template <class Context, class Weights, class Vocab, class Dim>
Variable forward(Context& context, const Embedding<Weights, Vocab, Dim>& layer,
                 std::span<const int> tokens, const Ragged& sentences, float scale,
                 const autograd::Parameter& positions = {}, float dropout = 0.0F) {
    return Weights::look_up(context, tokens, sentences, layer.weight, scale, positions, dropout);
}

}  // namespace hat::nn
