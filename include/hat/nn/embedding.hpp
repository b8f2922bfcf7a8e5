// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/extent.hpp>
#include <hat/core/position.hpp>
#include <hat/core/ragged.hpp>
#include <hat/core/token_ids.hpp>
#include <hat/nn/check.hpp>
#include <hat/nn/weights.hpp>

#include <cstddef>
#include <span>

namespace hat::nn {

/// A row of a table for every token, scaled, and the row of its position added to it:
///
///     y[t] = dropout(scale · weight[tokens[t]] + positions[t − begin of its sentence]).
///
/// Shapes  weight [vocab_size, dim]
template <class Weights, Extent Vocab = int, Extent Dim = int>
struct Embedding {
    static_assert(
        KindOfWeights<Weights>,
        "Embedding: its first argument is a kind of weights, such as Trainable or Packed");

    typename Weights::template Words<Vocab, Dim> weight{};

    static constexpr void members(const auto& f, auto&... self) { f("weight", self.weight...); }
};

namespace detail {

inline void check_embedding(std::size_t tokens, const Ragged& sentences, int dim,
                            ConstMatrix positions) {
    check_sentences("Embedding", sentences);
    if (tokens != static_cast<std::size_t>(sentences.tokens()))
        fail("Embedding: ", tokens, " tokens, but the sentences have ", sentences.tokens());
    if (positions.empty()) return;
    if (positions.cols() != dim)
        fail("Embedding: the positions are ", positions.cols(), " wide, expected ", dim);
    const int longest = positions.rows() - first_position;
    if (sentences.max_length() > longest)
        fail("Embedding: a sentence of ", sentences.max_length(), " tokens, but positions for ",
             longest);
}

}  // namespace detail

/// The vectors of `tokens`, which must live until the backward pass is done; `positions` may be
/// empty.
///
/// Shapes  tokens [sentences.tokens()],  positions [≥ longest + 2, dim],
///         result [sentences.tokens(), dim]
/// Throws  `Error` if the sizes do not fit, there are no weights, or a token has no row
template <class Context, class Weights, class Vocab, class Dim>
Variable forward(Context& context, const Embedding<Weights, Vocab, Dim>& layer,
                 std::span<const int> tokens, const Ragged& sentences, float scale,
                 const autograd::Parameter& positions = {}, float dropout = 0.0F) {
    detail::check_context<Context, Weights>();
    if (layer.weight.empty()) fail("Embedding: it has no weights");
    detail::check_embedding(tokens.size(), sentences, detail::width_of(layer.weight),
                            positions.value);
    check_token_ids(tokens, detail::height_of(layer.weight), "Embedding: a sentence");
    return Weights::look_up(context, tokens, sentences, layer.weight, scale, positions, dropout);
}

}  // namespace hat::nn
