// SPDX-License-Identifier: Apache-2.0
// Expect: a layer computes with Trainable, Packed or another kind of weights that multiplies

#include <hat/nn/linear.hpp>

using namespace hat::nn;

Variable run(hat::autograd::Eval& eval, const Linear<Packed>& layer, const Variable& x) {
    return forward(eval, layer, x);
}
Variable run(hat::autograd::Eval& eval, const Linear<Sizes>& layer, const Variable& x) {  // wrong
    return forward(eval, layer, x);                                                       // wrong
}  // wrong
