// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/autograd/tape.hpp>
#include <hat/autograd/variable.hpp>
#include <hat/core/ragged.hpp>
#include <hat/kernels/recurrent_dropout.hpp>

namespace hat::autograd {

/// y = x ∘ mask with one mask for all tokens of a sentence, see `kernels::recurrent_dropout`; x
/// itself where nothing is dropped: in evaluation, and with a probability of 0.
///
/// Shapes  x, y [sentences.tokens(), cols]
template <class Context>
Variable recurrent_dropout(Context& context, float probability, const Variable& x,
                           const Ragged& sentences) {
    const kernels::Dropout drop = context.dropout(probability);
    if (!drop.active()) return x;
    const Variable y = context.variable(x.rows(), x.cols());
    kernels::recurrent_dropout(drop, sentences, x.value, y.value, false);
    context.record([=](Tape& tape) {
        const Matrix dy = tape.gradient(y);
        bool accumulate = false;
        const Matrix dx = tape.gradient_to_write(x, accumulate);
        kernels::recurrent_dropout(drop, sentences, dy, dx, accumulate);
    });
    return y;
}

}  // namespace hat::autograd
