// SPDX-License-Identifier: Apache-2.0
// Expect: a layer of packed weights has no gradients: it runs in Eval, and on a Tape runs one of
// Trainable

#include <hat/nn/attention.hpp>

using namespace hat::nn;

Variable run(hat::autograd::Tape& tape, const SelfAttention<Trainable>& layer, const Variable& x) {
    return forward(tape, layer, x, WholeSequences{});
}
Variable run(hat::autograd::Tape& tape, const SelfAttention<Packed>& layer,  // wrong
             const Variable& x) {                                            // wrong
    return forward(tape, layer, x, WholeSequences{});                        // wrong
}  // wrong
