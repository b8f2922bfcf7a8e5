// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/extent.hpp>
#include <hat/kernels/packed_gemm.hpp>
#include <hat/kernels/tile.hpp>

#include <cstddef>

namespace hat::kernels {

/// Widest weight whose sizes, known to the compiler, make the product of one row faster: what a
/// call costs is most of it below. (Eight rows are served better by the tiles of `packed_gemm`.)
inline constexpr int widest_packed_row = 64;

template <Extent Outputs, Extent Inputs>
inline constexpr bool is_packed_row = false;
template <int Outputs, int Inputs>
inline constexpr bool is_packed_row<Fixed<Outputs>, Fixed<Inputs>> =
    Outputs <= widest_packed_row&& Inputs <= widest_packed_row;

/// y = act(bias + W · x) for one row and sizes that the compiler knows: the bits of `packed_gemm`.
///
/// Shapes  x [inputs],  bias [outputs] or null,  y [outputs]
template <int Outputs, int Inputs>
[[gnu::noinline]] void packed_row(const float* x,
                                  PackedMatrix<Fixed<Outputs>, Fixed<Inputs>> weight,
                                  const float* bias, Activation activation, float* y) noexcept {
    constexpr int panels = (Outputs + panel_width - 1) / panel_width;
    const Output output{.y = {y, 1, Outputs}, .bias = bias, .activation = activation};
    simd::Lanes sums[1][std::size_t{panels}];
    for (int p = 0; p < panels; ++p) sums[0][p] = output.start(0, p);
    detail::accumulate_tile<1, panels>(
        {x, Inputs, 1}, {weight.data(), weight.panel_stride(), panel_width}, Inputs, sums);
    for (int p = 0; p < panels; ++p) output.finish(0, p, sums[0][p]);
}

}  // namespace hat::kernels
