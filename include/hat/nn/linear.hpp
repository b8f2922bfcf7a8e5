// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/autograd/functions.hpp>
#include <hat/nn/weights.hpp>

namespace hat::nn {

using autograd::Variable;

/// y = act(x · Wᵀ + b).
///
/// Shapes  weight [out, in],  bias [out]
template <class Weights>
struct Linear {
    typename Weights::Matrix weight;
    typename Weights::Vector bias;
};

/// Applies a linear layer to x [tokens, in]; the result is [tokens, out].
template <class Context>
Variable forward(Context& context, const Linear<Trainable>& layer, const Variable& x,
                 Activation activation = Activation::linear) {
    const bool from_output = activation == Activation::linear || activation == Activation::relu ||
                             activation == Activation::tanh;
    if (from_output) return autograd::linear(context, x, layer.weight, layer.bias, activation);
    return autograd::activation(context, activation,
                                autograd::linear(context, x, layer.weight, layer.bias));
}

inline Variable forward(autograd::Eval& context, const Linear<Packed>& layer, const Variable& x,
                        Activation activation = Activation::linear) {
    const Variable y = context.variable(x.rows(), layer.weight.outputs());
    kernels::packed_gemm(x.value, layer.weight,
                         {.y = y.value, .bias = layer.bias.data(), .activation = activation});
    return y;
}

}  // namespace hat::nn
