// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/extent.hpp>
#include <hat/core/fused.hpp>
#include <hat/core/matrix_view.hpp>

namespace hat::kernels {

/// The group-linear transform alone (DeLighT, arXiv:2008.00623, section 3.1), number by number: for
/// a few features on a processor without vectors, and for the compiler.
///
///     u_k = x_k · W_kᵀ + b_k,   k = 0 … groups − 1,   y = u, or shuffle(u) as in
///     feature_shuffle.hpp
///
/// Extents are static or dynamic, one by one; what the compiler knows of them it checks. The bits
/// are those of `group_linear`, at compile time, too.
///
/// Shapes  x [rows, in],  weight [out, in / groups], row-major,  bias [out] or empty,
///         y [rows, out]
/// Cost    rows · in · out / groups multiply-adds; allocates nothing
template <Extent Rows, Extent In, Extent Out, Extent GroupIn, Extent Groups>
constexpr void group_affine(MatrixView<const float, Rows, In> x,
                            MatrixView<const float, Out, GroupIn> weight,
                            VectorView<const float, Out> bias, Groups groups, bool shuffle,
                            MatrixView<float, Rows, Out> y) noexcept {
    static_assert(may_divide<In, Groups>, "group_affine: in is not a multiple of groups");
    static_assert(may_divide<Out, Groups>, "group_affine: out is not a multiple of groups");
    const auto group_in = divide(x.cols(), groups);
    const auto group_out = divide(y.cols(), groups);
    HAT_ASSERT(group_in * groups == x.cols() && group_out * groups == y.cols());
    HAT_ASSERT(group_in == weight.cols());
    for (int i = 0; i < x.rows(); ++i) {
        for (int k = 0; k < groups; ++k) {
            for (int j = 0; j < group_out; ++j) {
                const int from = k * group_out + j;
                float sum = bias.empty() ? 0.0F : bias[from];
                for (int p = 0; p < group_in; ++p)
                    sum = fused_multiply_add(x(i, k * group_in + p), weight(from, p), sum);
                y(i, shuffle ? j * groups + k : from) = sum;
            }
        }
    }
}

}  // namespace hat::kernels
