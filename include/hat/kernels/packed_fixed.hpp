// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/extent.hpp>
#include <hat/kernels/packed_gemm.hpp>
#include <hat/kernels/tile.hpp>

#include <cstddef>

namespace hat::kernels {

/// Whether sizes are known to the compiler and so small that a product of few rows gains by it:
/// what a call costs is much of it below.
template <class Format, Extent Outputs, Extent Inputs>
inline constexpr bool has_fixed_gemm = false;
template <int Outputs, int Inputs>
inline constexpr bool
    has_fixed_gemm<Float32, Fixed<Outputs>, Fixed<Inputs>> = (Inputs > 0) && (Outputs > 0) &&
                                                             (Inputs <= 128) && (Outputs <= 192) &&
                                                             (Outputs * Inputs <= 192 * 64);

namespace detail {

/// Rows that a tile of known sizes has if it has not one.
inline constexpr int fixed_tile_rows = max_tile_rows >= 8 ? 8 : max_tile_rows >= 4 ? 4 : 1;

/// `Rows` rows of y = act(bias + x · Wᵀ), by as many panels abreast as a tile has. (Views would be
/// passed in memory, which takes as long as a small product.)
template <int Rows, int Outputs, int Inputs>
[[gnu::noinline]] void fixed_tiles(const float* x, std::ptrdiff_t x_stride, const float* weights,
                                   std::ptrdiff_t panel_stride, const float* bias,
                                   Activation activation, float* y, std::ptrdiff_t y_stride,
                                   bool accumulate) noexcept {
    constexpr int panels = (Outputs + panel_width - 1) / panel_width;
    constexpr int most = tile_panels(Rows);
    constexpr int abreast = panels < most ? panels : most;
    const Output output{.y = {y, Rows, Outputs, y_stride},
                        .bias = bias,
                        .accumulate = accumulate,
                        .activation = activation};
    const auto tile = [&]<int Panels>(int first) HAT_INLINE_LAMBDA {
        simd::Lanes sums[std::size_t{Rows}][std::size_t{Panels}];
#pragma GCC unroll 8
        for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 8
            for (int p = 0; p < Panels; ++p) sums[r][p] = output.start(r, first + p);
        }
        accumulate_tile<Rows, Panels>({x, x_stride, 1},
                                      {weights + first * panel_stride, panel_stride, panel_width},
                                      Inputs, sums);
#pragma GCC unroll 8
        for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 8
            for (int p = 0; p < Panels; ++p) output.finish(r, first + p, sums[r][p]);
        }
    };
    int panel = 0;
    for (; panel + abreast <= panels; panel += abreast) tile.template operator()<abreast>(panel);
    if constexpr (panels % abreast > 0) tile.template operator()<panels % abreast>(panel);
}

}  // namespace detail

/// y = act(bias + x · Wᵀ) for sizes that the compiler knows: the bits of `packed_gemm`.
///
/// Shapes  x [rows, inputs],  output.y [rows, outputs]
template <int Outputs, int Inputs>
HAT_INLINE void packed_gemm(const ConstMatrix& x,
                            const PackedMatrix<Fixed<Outputs>, Fixed<Inputs>>& weight,
                            const Output& output) noexcept {
    HAT_ASSERT(x.cols() == Inputs && output.y.rows() == x.rows() && output.y.cols() == Outputs);
    const auto tiles = [&]<int Rows>(int row) HAT_INLINE_LAMBDA {
        detail::fixed_tiles<Rows, Outputs, Inputs>(
            x.row_data(row), x.stride(), weight.data(), weight.panel_stride(), output.bias,
            output.activation, output.y.row_data(row), output.y.stride(), output.accumulate);
    };
    constexpr int rows = detail::fixed_tile_rows;
    if (x.rows() == 1) {
        tiles.template operator()<1>(0);
    } else if (x.rows() == 8) {
        for (int row = 0; row < 8; row += rows) tiles.template operator()<rows>(row);
    } else {
        packed_gemm(x, PackedView(weight), output);
    }
}

/// The product for some sizes, as a function of views whose sizes are those of run time.
template <class Format, Extent Outputs, Extent Inputs>
[[nodiscard]] constexpr PackedGemmOf<Format>* packed_gemm_of() noexcept {
    if constexpr (has_fixed_gemm<Format, Outputs, Inputs>) {
        return [](ConstMatrix x, PackedView weight, const Output& output) noexcept {
            packed_gemm(x,
                        PackedMatrix<Outputs, Inputs>(weight.data(), {}, {}, weight.panel_stride()),
                        output);
        };
    } else {
        return multiply_panels<Format>;
    }
}

}  // namespace hat::kernels
