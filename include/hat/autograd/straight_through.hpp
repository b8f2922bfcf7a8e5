// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/autograd/variable.hpp>
#include <hat/kernels/int8.hpp>

/// Rounding that gradients pass as if it was not there (the straight-through estimator, Bengio et
/// al., arXiv:1308.3432).
namespace hat::autograd {

/// x as a product of 8 bits takes it: each of `groups` chunks of a row rounded with a scale of its
/// own. The result has the gradient of x: what flows back into one has flowed into the other.
///
/// Shapes  x, result [tokens, n], n a multiple of `groups`
template <class Context>
Variable round_to_int8(Context& context, const Variable& x, int groups = 1) {
    const Matrix y = context.memory().matrix(x.rows(), x.cols());
    const int size = x.cols() / groups;
    for (int k = 0; k < groups; ++k)
        kernels::round_rows_to_int8(x.value.middle_cols(k * size, size),
                                    y.middle_cols(k * size, size), context.scratch());
    return {y, x.gradient};
}

}  // namespace hat::autograd
