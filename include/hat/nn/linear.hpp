// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/extent.hpp>
#include <hat/nn/weights.hpp>

namespace hat::nn {

/// y = act(x · Wᵀ + b); the bias may be empty.
///
/// Shapes  weight [out, in],  bias [out]
template <class Weights, Extent Out = int, Extent In = int>
struct Linear {
    typename Weights::template Matrix<Out, In> weight{};
    typename Weights::template Vector<Out> bias{};

    static constexpr void members(const auto& f, auto&... self) {
        f("weight", self.weight...);
        f("bias", self.bias...);
    }
};

/// Applies a linear layer to x [tokens, in]; the result is [tokens, out].
template <class Context, class Weights, class Out, class In>
Variable forward(Context& context, const Linear<Weights, Out, In>& layer, const Variable& x,
                 Activation activation = Activation::linear) {
    return Weights::multiply(context, x, layer.weight, layer.bias, activation);
}

}  // namespace hat::nn
