// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/autograd/variable.hpp>
#include <hat/kernels/distillation.hpp>

#include <span>

namespace hat::autograd {

/// The summed loss of a batch that a teacher looks at, too; see `kernels::distilled_cross_entropy`.
/// Like `cross_entropy` it is the end of a tape. The teacher gets no gradient.
///
/// Shapes  x [tokens, dim],  weight [vocab_size, dim],  targets [tokens]
template <class Context>
kernels::CrossEntropy distilled_cross_entropy(Context& context, const Variable& x,
                                              const Parameter& weight, std::span<const int> targets,
                                              float smoothing,
                                              const kernels::SoftTargets& soft_targets) {
    kernels::CrossEntropyGradients gradients;
    if constexpr (Context::records) {
        gradients.dx = context.gradient_to_write(x, gradients.accumulate_x);
        gradients.dweight = weight.gradient();
        weight.mark();
    }
    return kernels::distilled_cross_entropy(x.value, weight.value, targets, smoothing, soft_targets,
                                            gradients, context.scratch());
}

}  // namespace hat::autograd
