// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/arena.hpp>
#include <hat/core/matrix_view.hpp>
#include <hat/kernels/packed_gemm.hpp>
#include <hat/kernels/tile.hpp>

#include <cstddef>

namespace hat::kernels {

namespace detail {

/// Packs the right operand a few panels at a time and multiplies while they are in cache.
/// `pack_one(panel, to)` writes one panel `[input][16]`.
template <class PackOne>
void gemm_in_groups(LeftOperand left, int rows, int inputs, const Output& output, Arena& scratch,
                    const PackOne& pack_one) {
    const ArenaScope scope(scratch);
    const int panels = (output.y.cols() + panel_width - 1) / panel_width;
    const std::ptrdiff_t panel_stride = Float32::panel_stride(inputs);
    const int wanted = panels_per_group(panel_stride * std::ptrdiff_t{sizeof(float)});
    const int group = wanted < panels ? wanted : panels;
    float* const packed = scratch.allocate<float>(panel_stride * group);
    for (int first = 0; first < panels; first += group) {
        const int last = first + group < panels ? first + group : panels;
        for (int panel = first; panel < last; ++panel) {
            pack_one(panel, packed + (panel - first) * panel_stride);
        }
        const RightOperand right{packed - first * panel_stride, panel_stride, panel_width};
        compute_panels(left, rows, right, inputs, first, last, output);
    }
}

}  // namespace detail

/// y = act(bias + x · wᵀ): the forward pass of a linear layer.
///
/// Shapes  x [m, k],  w [n, k],  output.y [m, n]
inline void gemm_nt(ConstMatrix x, ConstMatrix w, const Output& output, Arena& scratch) {
    HAT_ASSERT(x.cols() == w.cols() && x.rows() == output.y.rows() && w.rows() == output.y.cols());
    detail::gemm_in_groups({x.data(), x.stride(), 1}, x.rows(), x.cols(), output, scratch,
                           [&](int panel, float* to) { detail::pack_panel(w, panel, to); });
}

/// y = x · w: the gradient of a linear layer's input from that of its output.
///
/// Shapes  x [m, k],  w [k, n],  output.y [m, n]
inline void gemm_nn(ConstMatrix x, ConstMatrix w, const Output& output, Arena& scratch) {
    HAT_ASSERT(x.cols() == w.rows() && x.rows() == output.y.rows() && w.cols() == output.y.cols());
    detail::gemm_in_groups({x.data(), x.stride(), 1}, x.rows(), x.cols(), output, scratch,
                           [&](int panel, float* to) { detail::pack_column_panel(w, panel, to); });
}

/// y = xᵀ · w: the gradient of a linear layer's weight.
///
/// Shapes  x [k, m],  w [k, n],  output.y [m, n]
inline void gemm_tn(ConstMatrix x, ConstMatrix w, const Output& output, Arena& scratch) {
    HAT_ASSERT(x.rows() == w.rows() && x.cols() == output.y.rows() && w.cols() == output.y.cols());
    const ArenaScope scope(scratch);
    const int inputs = x.rows();
    const int panels = (w.cols() + panel_width - 1) / panel_width;
    const std::ptrdiff_t panel_stride = Float32::panel_stride(inputs);
    const std::ptrdiff_t panel_bytes = panel_stride * std::ptrdiff_t{sizeof(float)};
    const int wanted = 8 * detail::panels_per_group(panel_bytes);  // in the second-level cache
    const int group = wanted < panels ? wanted : panels;
    float* const packed = scratch.allocate<float>(panel_stride * group);
    float* const columns = scratch.allocate<float>(panel_stride);
    for (int first = 0; first < panels; first += group) {
        const int last = first + group < panels ? first + group : panels;
        for (int panel = first; panel < last; ++panel) {
            detail::pack_column_panel(w, panel, packed + (panel - first) * panel_stride);
        }
        const RightOperand right{packed - first * panel_stride, panel_stride, panel_width};
        // 16 columns of x at a time, made contiguous: its columns are far apart in memory.
        for (int row = 0; row < x.cols(); row += panel_width) {
            const int rows = x.cols() - row < panel_width ? x.cols() - row : panel_width;
            detail::pack_column_panel(x, row / panel_width, columns);
            Output part = output;
            part.y = output.y.middle_rows(row, rows);
            detail::compute_panels({columns, 1, panel_width}, rows, right, inputs, first, last,
                                   part);
        }
    }
}

}  // namespace hat::kernels
