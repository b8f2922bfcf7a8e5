// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/autograd/variable.hpp>
#include <hat/core/matrix_view.hpp>
#include <hat/kernels/packed_gemm.hpp>

/// What the weights of a layer are: every layer is a template over one of these.
namespace hat::nn {

/// Views on a parameter slab (and on its gradients): training, and any slice of a super network.
struct Trainable {
    using Matrix = autograd::Parameter;
    using Vector = autograd::Parameter;
    using Table = autograd::Parameter;
};

/// Panels packed once, without gradients: serving.
struct Packed {
    using Matrix = kernels::PackedView;
    using Vector = ConstVector;
    using Table = ConstMatrix;
};

}  // namespace hat::nn
