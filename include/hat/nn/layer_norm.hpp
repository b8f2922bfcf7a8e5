// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/extent.hpp>
#include <hat/nn/weights.hpp>

namespace hat::nn {

/// y = gain ∘ (x − mean) / √(variance + ε) + bias.  Shapes  gain, bias [dim]
template <class Weights, Extent Dim = int>
struct LayerNorm {
    typename Weights::template Vector<Dim> gain{};
    typename Weights::template Vector<Dim> bias{};

    static constexpr void members(const auto& f, auto&... self) {
        f("weight", self.gain...);
        f("bias", self.bias...);
    }
};

template <class Context, class Weights, class Dim>
Variable forward(Context& context, const LayerNorm<Weights, Dim>& norm, const Variable& x) {
    return autograd::layer_norm(context, x, Weights::vector(norm.gain), Weights::vector(norm.bias));
}

/// norm(x + dropout(branch)): what stands behind a sublayer in a post-norm network.
template <class Context, class Weights, class Dim>
Variable add_and_norm(Context& context, const LayerNorm<Weights, Dim>& norm, float dropout,
                      const Variable& x, const Variable& branch) {
    return autograd::residual_layer_norm(context, dropout, x, branch, Weights::vector(norm.gain),
                                         Weights::vector(norm.bias));
}

}  // namespace hat::nn
