// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/tree.hpp>
#include <hat/nn/check.hpp>
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

    /// Throws  `Error` if the second layer does not take what the first one makes.
    constexpr void check_sizes(const Path& path = {}) const requires ComputingWeights<Weights> {
        if (int{first.weight.outputs()} != int{second.weight.inputs()})
            fail(detail::place_text(path), "FeedForward: the first layer is ",
                 detail::shape_text(first.weight), ", the second ",
                 detail::shape_text(second.weight), ", expected [.., ", int{first.weight.outputs()},
                 "]");
    }
};

/// x [tokens, dim] → [tokens, dim]
///
/// Throws  `Error` if the sizes do not fit
template <class Context, class Weights, class Dim, class Ffn>
Variable forward(Context& context, const FeedForward<Weights, Dim, Ffn>& layer, const Variable& x,
                 float activation_dropout) {
    layer.check_sizes();
    const Variable hidden = forward(context, layer.first, x, layer.activation);
    return forward(context, layer.second, autograd::dropout(context, activation_dropout, hidden));
}

template <class Dim, class Ffn>
constexpr void count_memory(MemoryCount& count,
                            const FeedForward<Sizes, Dim, Ffn>& layer) noexcept {
    count_memory(count, layer.first);
    count_memory(count, layer.second);
}

}  // namespace hat::nn
