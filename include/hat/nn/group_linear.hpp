// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/autograd/group_linear.hpp>
#include <hat/nn/weights.hpp>

namespace hat::nn {

using autograd::Variable;

/// Group-linear transform with what stands behind it (DeLighT, arXiv:2008.00623, section 3.1):
///
///     y = dropout(act(norm(shuffle(x ∘ W + b)))),
///
/// where chunk k of x meets the rows of group k of W. A layer may have a second input, which has a
/// weight of its own. With one group it is a dense layer with its norm, and shuffles nothing.
///
/// Shapes  weight [out_dim, in / groups],  second_weight [out_dim, second in / groups] or empty,
///         bias [out_dim] or empty,  gain, shift [out_dim / groups] (one set for all groups) or
///         empty. Packed weights are what `kernels::pack_groups` makes of these.
template <class Weights>
struct GroupLinear {
    typename Weights::Matrix weight;
    typename Weights::Matrix second_weight;
    typename Weights::Vector bias;
    typename Weights::Vector gain;
    typename Weights::Vector shift;
    int out_dim = 0;
    int groups = 1;
    bool shuffle = false;
    Activation activation = Activation::swish;
};

/// Applies a layer to h [tokens, in] and y [tokens, second in]; the result is [tokens, out_dim].
template <class Context>
Variable forward(Context& context, const GroupLinear<Trainable>& layer, const Variable& h,
                 const Variable& y, float dropout) {
    const kernels::GroupFinish finish{
        .groups = layer.groups, .shuffle = layer.shuffle, .activation = layer.activation};
    return autograd::group_linear(context, finish, dropout, {h, layer.weight},
                                  {y, layer.second_weight}, layer.bias, layer.gain, layer.shift);
}

inline Variable forward(autograd::Eval& context, const GroupLinear<Packed>& layer,
                        const Variable& h, const Variable& y, float /*dropout*/) {
    const Variable result = context.variable(h.rows(), layer.out_dim);
    kernels::group_linear({h.value, layer.weight}, {y.value, layer.second_weight}, layer.bias,
                          {.groups = layer.groups,
                           .shuffle = layer.shuffle,
                           .activation = layer.activation,
                           .gain = layer.gain,
                           .shift = layer.shift},
                          {}, result.value, context.scratch());
    return result;
}

/// The same without a second input.
template <class Context, class Weights>
Variable forward(Context& context, const GroupLinear<Weights>& layer, const Variable& x,
                 float dropout) {
    return forward(context, layer, x, Variable{}, dropout);
}

}  // namespace hat::nn
