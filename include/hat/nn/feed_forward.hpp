// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/nn/linear.hpp>

namespace hat::nn {

/// W₂ · dropout(act(W₁ x + b₁)) + b₂.
///
/// Shapes  first [ffn_dim, dim],  second [dim, ffn_dim]
template <class Weights>
struct FeedForward {
    Linear<Weights> first;
    Linear<Weights> second;
    Activation activation = Activation::relu;
};

/// x [tokens, dim] → [tokens, dim]
template <class Context, class Weights>
Variable forward(Context& context, const FeedForward<Weights>& layer, const Variable& x,
                 float activation_dropout) {
    const Variable hidden = forward(context, layer.first, x, layer.activation);
    return forward(context, layer.second, autograd::dropout(context, activation_dropout, hidden));
}

}  // namespace hat::nn
