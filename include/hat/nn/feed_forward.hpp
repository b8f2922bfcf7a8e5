// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/nn/linear.hpp>

namespace hat::nn {

/// W₂ · dropout(act(W₁ x + b₁)) + b₂.
///
/// Shapes  first [ffn_dim, dim],  second [dim, ffn_dim]
template <class Weights, Extent Dim = int, Extent Ffn = int>
struct FeedForward {
    Linear<Weights, Ffn, Dim> first{};
    Linear<Weights, Dim, Ffn> second{};
    Activation activation = Activation::relu;

    static constexpr void members(const auto& f, auto&... self) {
        f("fc1", self.first...);
        f("fc2", self.second...);
        f("activation", self.activation...);
    }
};

/// x [tokens, dim] → [tokens, dim]
template <class Context, class Weights, class Dim, class Ffn>
Variable forward(Context& context, const FeedForward<Weights, Dim, Ffn>& layer, const Variable& x,
                 float activation_dropout) {
    const Variable hidden = forward(context, layer.first, x, layer.activation);
    return forward(context, layer.second, autograd::dropout(context, activation_dropout, hidden));
}

}  // namespace hat::nn
