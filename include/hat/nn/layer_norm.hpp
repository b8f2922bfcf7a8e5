// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/autograd/functions.hpp>
#include <hat/nn/weights.hpp>

namespace hat::nn {

using autograd::Variable;

/// y = gain ∘ (x − mean) / √(variance + ε) + bias.  Shapes  gain, bias [dim]
template <class Weights>
struct LayerNorm {
    typename Weights::Vector gain;
    typename Weights::Vector bias;
};

template <class Context>
Variable forward(Context& context, const LayerNorm<Trainable>& norm, const Variable& x) {
    return autograd::layer_norm(context, x, norm.gain, norm.bias);
}

inline Variable forward(autograd::Eval& context, const LayerNorm<Packed>& norm, const Variable& x) {
    const Variable y = context.variable(x.rows(), x.cols());
    kernels::layer_norm(x.value, norm.gain, norm.bias, y.value);
    return y;
}

/// norm(x + dropout(branch)): what stands behind a sublayer in a post-norm network.
template <class Context>
Variable add_and_norm(Context& context, const LayerNorm<Trainable>& norm, float dropout,
                      const Variable& x, const Variable& branch) {
    return autograd::residual_layer_norm(context, dropout, x, branch, norm.gain, norm.bias);
}

inline Variable add_and_norm(autograd::Eval& context, const LayerNorm<Packed>& norm,
                             float /*dropout*/, const Variable& x, const Variable& branch) {
    const Variable y = context.variable(x.rows(), x.cols());
    kernels::residual({}, x.value, branch.value, y.value);
    kernels::layer_norm(y.value, norm.gain, norm.bias, y.value);
    return y;
}

}  // namespace hat::nn
