// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/arena.hpp>
#include <hat/core/extent.hpp>
#include <hat/core/matrix_view.hpp>
#include <hat/kernels/gemm.hpp>
#include <hat/kernels/group_epilogue.hpp>
#include <hat/kernels/packed_gemm.hpp>

#include <algorithm>
#include <cstddef>

/// The group-linear transform of DeLighT (arXiv:2008.00623, section 3.1): features are cut into
/// `groups` chunks, and chunk k of the input makes chunk k of the sums,
///
///     u_k = h_k · W_kᵀ + y_k · V_kᵀ + b_k,    result = drop(act(norm(shuffle(u)))).
///
/// The second source is what DExTra's mixer would have laid beside the first, chunk by chunk; here
/// both stay where they are. Weights are row-major [outputs, inputs / groups], and row o belongs to
/// group o / (outputs / groups): a narrower layer is a view of the first rows and columns. One
/// group is a dense layer. (The reference stores [groups, inputs / groups, outputs / groups].)
///
/// Every sum is one chain of fused multiply-adds from the bias over h, then over y.
namespace hat::kernels {

/// Elements that the packed form of a weight [outputs, inputs / groups] takes.
template <class Format = Float32>
constexpr std::ptrdiff_t packed_groups_size(int outputs, int group_inputs, int groups) noexcept {
    return groups * packed_size<Format>(outputs / groups, group_inputs);
}

/// Packs `weight` [outputs, inputs / groups] into `to`: the panels of the groups one after the
/// other, each group filled up to whole panels. With one group it is what `pack` gives.
template <class Format = Float32>
PackedOf<Format> pack_groups(ConstMatrix weight, int groups,
                             typename Format::Element* to) noexcept {
    HAT_ASSERT(weight.rows() % groups == 0);
    const int size = weight.rows() / groups;
    if (groups == 1) return pack<Format>(weight, to);
    const std::ptrdiff_t step = packed_size<Format>(size, weight.cols());
    for (int k = 0; k < groups; ++k)
        pack<Format>(weight.middle_rows(k * size, size), to + k * step);
    return {to, groups * round_up(size, panel_width), weight.cols(),
            Format::panel_stride(weight.cols())};
}

/// An input of a group-linear layer and its packed weight; without a second input, both are empty.
/// `gemm` multiplies a group: one for its sizes, if the compiler knows them.
///
/// Shapes  x [rows, inputs],  weight: `pack_groups` of [outputs, inputs / groups]
template <class Format = Float32>
struct GroupSource {
    ConstMatrix x{};
    PackedOf<Format> weight{};
    PackedGemmOf<Format>* gemm = multiply_panels<Format>;
};

namespace detail {

/// Rows whose sums stay in the second-level cache between product and epilogue: whole tiles of six
/// and of eight rows.
constexpr int group_block_rows(int outputs) noexcept {
    return outputs <= 1024 ? 48 : 24;
}

/// Chunk `k` of `groups`.
template <class T>
constexpr MatrixView<T> chunk(MatrixView<T> x, int k, int groups) noexcept {
    const int size = x.cols() / groups;
    return x.middle_cols(k * size, size);
}

}  // namespace detail

/// Rows that `group_linear` works on at once.
constexpr int rows_of_group_linear(int rows, int outputs) noexcept {
    return std::min(detail::group_block_rows(outputs), rows);
}
/// Bytes of scratch that it takes where features are shuffled, but for those of its products.
constexpr std::size_t bytes_of_group_linear(int rows, int outputs) noexcept {
    return Arena::bytes_of<float>(std::ptrdiff_t{rows_of_group_linear(rows, outputs)} * outputs);
}

/// The forward pass on packed weights. Product, bias, shuffle, norm, activation and dropout of a
/// block of rows are done while it is in cache.
///
/// Shapes  h, y, result: [rows, …] as above,  bias [outputs] or empty,  kept: see there, or empty
/// Cost    rows · inputs · outputs / groups multiply-adds
template <class Format = Float32>
void group_linear(const GroupSource<Format>& h, const GroupSource<Format>& y, ConstVector bias,
                  const GroupEpilogue& epilogue, const GroupEpilogueKept& kept, Matrix result,
                  Arena& scratch) {
    const int outputs = result.cols();
    const int groups = epilogue.groups;
    const int size = outputs / groups;
    const int stored = round_up(size, panel_width);  // outputs of a packed group
    HAT_ASSERT(h.x.rows() == result.rows() && h.weight.inputs() * groups == h.x.cols());
    HAT_ASSERT(y.x.empty() ||
               (y.x.rows() == result.rows() && y.weight.inputs() * groups == y.x.cols()));
    const ArenaScope scope(scratch);
    const int block_rows = rows_of_group_linear(result.rows(), outputs);
    const Matrix block = epilogue.moves() ? scratch.matrix(block_rows, outputs) : Matrix{};
    for (int first = 0; first < result.rows(); first += block_rows) {
        const int rows = first + block_rows < result.rows() ? block_rows : result.rows() - first;
        const Matrix to = result.middle_rows(first, rows);
        const Matrix u = epilogue.moves() ? block.top_rows(rows) : to;
        for (int k = 0; k < groups; ++k) {
            Output output{.y = detail::chunk(u, k, groups),
                          .bias = bias.empty() ? nullptr : bias.data() + k * size};
            const auto multiply = [&](const GroupSource<Format>& source) {
                const ArenaScope rows_scope(scratch);
                const ConstMatrix x = detail::chunk(source.x.middle_rows(first, rows), k, groups);
                const PackedOf<Format> weight =
                    groups == 1 ? source.weight : source.weight.middle_outputs(k * stored, size);
                source.gemm(Format::prepare(x, scratch), weight, output);
            };
            multiply(h);
            if (y.x.empty()) continue;
            output.accumulate = true;
            multiply(y);
        }
        apply_group_epilogue(epilogue, u, first, kept, to);
    }
}

/// dx_k (+)= du_k · W_k: the gradient of an input from that of the sums.
///
/// Shapes  du [rows, outputs],  weight [outputs, inputs / groups],  dx [rows, inputs]
inline void group_gemm_nn(ConstMatrix du, ConstMatrix weight, int groups, Matrix dx,
                          bool accumulate, Arena& scratch) {
    const int size = weight.rows() / groups;
    for (int k = 0; k < groups; ++k) {
        gemm_nn(detail::chunk(du, k, groups), weight.middle_rows(k * size, size),
                {.y = detail::chunk(dx, k, groups), .accumulate = accumulate}, scratch);
    }
}

/// dW_k += du_kᵀ · x_k: the gradient of a weight from that of the sums.
///
/// Shapes  du [rows, outputs],  x [rows, inputs],  dweight [outputs, inputs / groups]
inline void group_gemm_tn(ConstMatrix du, ConstMatrix x, int groups, Matrix dweight,
                          Arena& scratch) {
    const int size = dweight.rows() / groups;
    for (int k = 0; k < groups; ++k) {
        gemm_tn(detail::chunk(du, k, groups), detail::chunk(x, k, groups),
                {.y = dweight.middle_rows(k * size, size), .accumulate = true}, scratch);
    }
}

}  // namespace hat::kernels
