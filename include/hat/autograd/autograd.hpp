// SPDX-License-Identifier: Apache-2.0
#pragma once

/// `hat/autograd`: reverse-mode differentiation, light.
///
/// `Tape` records how to go back, `Eval` only computes; a function written on a context serves
/// both. `Variable` is what functions make, `Parameter` is a weight on a slab. `functions.hpp` has
/// the functions over the kernels, `gradient_check.hpp` compares them with finite differences.
///
///     hat::autograd::Tape tape(memory, scratch, hat::RandomKey(seed));
///     const auto h = linear(tape, x, weight, bias, hat::Activation::relu);
///     const auto loss = cross_entropy(tape, h, words, targets, 0.1F);
///     tape.backward();
///
/// Limits: first derivatives only; a tape runs backwards once.

#include <hat/autograd/distillation.hpp>
#include <hat/autograd/functions.hpp>
#include <hat/autograd/gradient_check.hpp>
#include <hat/autograd/group_linear.hpp>
#include <hat/autograd/recurrent_dropout.hpp>
#include <hat/autograd/rows.hpp>
#include <hat/autograd/straight_through.hpp>
#include <hat/autograd/tape.hpp>
#include <hat/autograd/variable.hpp>
