// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/activation.hpp>
#include <hat/core/matrix_view.hpp>
#include <hat/core/simd.hpp>
#include <hat/kernels/activation.hpp>

#include <cstddef>

/// The one inner loop of all matrix products.
///
/// A product is cut into tiles of `Rows` rows by `Panels` panels of 16 outputs. Weights are loaded,
/// activations are broadcast, and every output is one chain of fused multiply-adds over its inputs,
/// in order. So the bits of an output depend on nothing but its row, its column and the start
/// value: not on the tile, the number of rows, the vector width or the layout.
namespace hat::kernels {

/// Outputs in a panel.
inline constexpr int panel_width = simd::lanes;

/// Where the left operand (activations) lies: element (row, input) at
/// `data[row · row_stride + input · input_stride]`.
struct LeftOperand {
    const float* data;
    std::ptrdiff_t row_stride;
    std::ptrdiff_t input_stride;
};

/// Where the right operand (weights) lies: 16 consecutive outputs of (panel, input) at
/// `data[panel · panel_stride + input · input_stride]`.
struct RightOperand {
    const float* data;
    std::ptrdiff_t panel_stride;
    std::ptrdiff_t input_stride;
};

/// What happens to an output before and after its sum: y = act(start + Σ), where the start is what
/// `y` holds (`accumulate`), else the bias, else 0.
///
/// Shapes  y [rows, outputs],  bias [outputs] or null
struct Output {
    Matrix y;
    const float* bias = nullptr;
    bool accumulate = false;
    Activation activation = Activation::linear;

    [[nodiscard]] HAT_INLINE simd::Lanes start(int row, int panel) const noexcept {
        if (!accumulate && bias == nullptr) return simd::zero();
        const float* const from = accumulate ? y.row_data(row) : bias;
        return load_panel(from, panel);
    }

    HAT_INLINE void finish(int row, int panel, simd::Lanes sum) const noexcept {
        if (activation == Activation::relu)
            sum = simd::max(sum, simd::zero());
        else if (activation != Activation::linear)
            sum = activate(activation, sum);
        const int first = panel * panel_width;
        float* const to = y.row_data(row) + first;
        if (first + panel_width <= y.cols())
            simd::store(sum, to);
        else
            simd::store_first(sum, to, y.cols() - first);
    }

private:
    [[nodiscard]] HAT_INLINE simd::Lanes load_panel(const float* from, int panel) const noexcept {
        const int first = panel * panel_width;
        if (first + panel_width <= y.cols()) return simd::load(from + first);
        return simd::load_first(from + first, y.cols() - first);
    }
};

namespace detail {

/// Accumulators that fit the registers beside the operands: 32 registers of 512 bits (AVX-512) or
/// of 128 bits (NEON), 16 of 256 bits (AVX2).
///
/// Results do not depend on it, so builds with the address sanitizer, which take minutes for big
/// unrolled tiles, make do with small ones.
#if defined(__AVX512F__) && !defined(__SANITIZE_ADDRESS__)
inline constexpr int max_tile_lanes = 24;
#else
inline constexpr int max_tile_lanes = 6;
#endif

/// The most rows a tile has.
inline constexpr int max_tile_rows = max_tile_lanes >= 24 ? 8 : 6;

/// Panels abreast that a tile of `rows` rows takes: few rows need many independent chains.
constexpr int tile_panels(int rows) noexcept {
    if (max_tile_lanes < 24) return rows == 1 ? 4 : rows == 2 ? 3 : rows == 3 ? 2 : 1;
    if (rows <= 2) return 8;
    if (rows <= 5) return 4;
    return rows == 6 ? 4 : 2;
}

/// sums[row][panel] += Σ_input left(row, input) · right(panel, input).
template <int Rows, int Panels>
HAT_INLINE void
accumulate_tile(LeftOperand left, RightOperand right, int inputs,
                simd::Lanes (&sums)[std::size_t{Rows}][std::size_t{Panels}]) noexcept {
    const float* x = left.data;
    const float* w = right.data;
    for (int k = 0; k < inputs; ++k) {
        simd::Lanes weights[std::size_t{Panels}];
#pragma GCC unroll 8
        for (int p = 0; p < Panels; ++p) weights[p] = simd::load(w + p * right.panel_stride);
#pragma GCC unroll 8
        for (int r = 0; r < Rows; ++r) {
            const simd::Lanes activation = simd::broadcast(x[r * left.row_stride]);
#pragma GCC unroll 8
            for (int p = 0; p < Panels; ++p) {
                sums[r][p] = simd::fma(activation, weights[p], sums[r][p]);
            }
        }
        x += left.input_stride;
        w += right.input_stride;
    }
}

/// One tile from its start values to its results.
template <int Rows, int Panels>
HAT_INLINE void compute_tile(LeftOperand left, RightOperand right, int inputs, int row, int panel,
                             const Output& output) noexcept {
    simd::Lanes sums[std::size_t{Rows}][std::size_t{Panels}];
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 8
        for (int p = 0; p < Panels; ++p) sums[r][p] = output.start(row + r, panel + p);
    }
    accumulate_tile<Rows, Panels>(
        LeftOperand{left.data + row * left.row_stride, left.row_stride, left.input_stride},
        RightOperand{right.data + panel * right.panel_stride, right.panel_stride,
                     right.input_stride},
        inputs, sums);
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 8
        for (int p = 0; p < Panels; ++p) output.finish(row + r, panel + p, sums[r][p]);
    }
}

/// `Rows` rows by all of the panels `first_panel … last_panel − 1`.
template <int Rows>
void compute_row_tile(LeftOperand left, RightOperand right, int inputs, int row, int first_panel,
                      int last_panel, const Output& output) noexcept {
    constexpr int abreast = tile_panels(Rows);
    int panel = first_panel;
    for (; panel + abreast <= last_panel; panel += abreast) {
        compute_tile<Rows, abreast>(left, right, inputs, row, panel, output);
    }
    if constexpr (abreast > 2) {
        for (; panel + 2 <= last_panel; panel += 2) {
            compute_tile<Rows, 2>(left, right, inputs, row, panel, output);
        }
    }
    for (; panel < last_panel; ++panel) {
        compute_tile<Rows, 1>(left, right, inputs, row, panel, output);
    }
}

inline void compute_rows(int rows_in_tile, LeftOperand left, RightOperand right, int inputs,
                         int row, int first_panel, int last_panel, const Output& output) noexcept {
    const auto tile = [&]<int Rows>() {
        compute_row_tile<Rows>(left, right, inputs, row, first_panel, last_panel, output);
    };
    switch (rows_in_tile) {
    case 1:
        return tile.template operator()<1>();
    case 2:
        return tile.template operator()<2>();
    case 3:
        return tile.template operator()<3>();
    case 4:
        return tile.template operator()<4>();
    case 5:
        return tile.template operator()<5>();
    case 6:
        return tile.template operator()<6>();
    default:
        break;
    }
    if constexpr (max_tile_rows >= 8) {
        if (rows_in_tile == 7) return tile.template operator()<7>();
        return tile.template operator()<8>();
    }
}

/// All `rows` rows by the panels `first_panel … last_panel − 1`, the rows shared out evenly
/// among tiles (9 rows are 5 + 4, never 8 + 1).
inline void compute_panels(LeftOperand left, int rows, RightOperand right, int inputs,
                           int first_panel, int last_panel, const Output& output) noexcept {
    const int tiles = (rows + max_tile_rows - 1) / max_tile_rows;
    for (int tile = 0, row = 0; tile < tiles; ++tile) {
        const int count = (rows - row + tiles - tile - 1) / (tiles - tile);
        compute_rows(count, left, right, inputs, row, first_panel, last_panel, output);
        row += count;
    }
}

}  // namespace detail

}  // namespace hat::kernels
