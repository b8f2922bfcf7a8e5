// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/arena.hpp>
#include <hat/core/bfloat16.hpp>
#include <hat/core/matrix_view.hpp>
#include <hat/core/simd.hpp>
#include <hat/kernels/packed_gemm.hpp>
#include <hat/kernels/tile.hpp>

#include <cstddef>
#include <cstdint>

/// Weights of 16 bits: the upper half of a float. They are widened exactly, and multiplied and
/// summed as floats in the order of those, so a product has the bits that it has with floats of the
/// same values.
namespace hat::kernels {

namespace detail {

/// Panels `[input / 2][16][2]`: a word of 32 bits has two inputs of an output, the even one in its
/// lower half, so that one shift and one mask widen both. An odd last input has a zero beside it.
struct Bfloat16Operand {
    const std::uint32_t* data;
    std::ptrdiff_t panel_stride;
    Ahead ahead{};

    using Shapes = FloatTiles;

    [[nodiscard]] Bfloat16Operand from(int panel) const noexcept {
        return {data + panel * panel_stride, panel_stride, ahead};
    }
};

/// The first or the second weight of every word.
template <bool Second>
[[nodiscard]] HAT_INLINE simd::Floats widened(simd::Words pair) noexcept {
    if constexpr (Second)
        return simd::detail::as_floats(pair & simd::Words(0xffff0000U));
    else
        return simd::detail::as_floats(pair << 16);
}

/// sums += the products of inputs 2k and 2k + 1, or of the former alone.
template <int Rows, int Panels, bool Both>
HAT_INLINE void add_pair(const float* x, std::ptrdiff_t row_stride, const std::uint32_t* w,
                         std::ptrdiff_t panel_stride,
                         simd::Lanes (&sums)[std::size_t{Rows}][std::size_t{Panels}]) noexcept {
    simd::Floats first[std::size_t{Rows}];
    simd::Floats second[std::size_t{Rows}];
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r) {
        first[r] = simd::Floats(x[r * row_stride]);
        if constexpr (Both) second[r] = simd::Floats(x[r * row_stride + 1]);
    }
#pragma GCC unroll 8
    for (int p = 0; p < Panels; ++p) {
#pragma GCC unroll 4
        for (int i = 0; i < simd::parts; ++i) {
            const auto pair =
                simd::Words::load_unaligned(w + p * panel_stride + i * simd::native_lanes);
            const simd::Floats even = widened<false>(pair);
#pragma GCC unroll 8
            for (int r = 0; r < Rows; ++r) {
                simd::Floats& sum = sums[r][p].part[i];
                sum = simd::detail::fma(even, first[r], sum);
            }
            if constexpr (Both) {
                const simd::Floats odd = widened<true>(pair);
#pragma GCC unroll 8
                for (int r = 0; r < Rows; ++r) {
                    simd::Floats& sum = sums[r][p].part[i];
                    sum = simd::detail::fma(odd, second[r], sum);
                }
            }
        }
    }
}

/// sums = start + Σ for one tile, as for floats. The rows of `left` have no gaps.
template <int Rows, int Panels, int Lines>
HAT_INLINE void sum_tile(const LeftOperand& left, const Bfloat16Operand& right, int inputs,
                         const float* start, std::ptrdiff_t stride,
                         simd::Lanes (&sums)[std::size_t{Rows}][std::size_t{Panels}]) noexcept {
    load_start<Rows, Panels>(start, stride, sums);
    const float* x = left.data;
    const std::uint32_t* w = right.data;
    Asking<Panels, Lines> asking(w, right.panel_stride, right.ahead, (inputs + 1) / 2);
    for (int k = 0; k + 2 <= inputs; k += 2) {
        asking.step();
        add_pair<Rows, Panels, true>(x, left.row_stride, w, right.panel_stride, sums);
        x += 2;
        w += panel_width;
    }
    if (inputs % 2 != 0)
        add_pair<Rows, Panels, false>(x, left.row_stride, w, right.panel_stride, sums);
}

}  // namespace detail

/// Panels of half as many words.
struct Bfloat16 {
    using Element = std::uint32_t;
    using Word = std::uint16_t;
    using Rows = ConstMatrix;

    static constexpr int most_inputs = Float32::most_inputs;
    static constexpr std::ptrdiff_t panel_stride(int inputs) noexcept {
        return (std::ptrdiff_t{inputs} + 1) / 2 * panel_width;
    }
    static void pack_panel(ConstMatrix weight, int panel, Element* to) noexcept {
        const int first = panel * panel_width;
        const auto number = [&](int output, int input) -> std::uint32_t {
            if (output >= weight.rows() || input >= weight.cols()) return 0;
            return float_to_bfloat16(weight(output, input));
        };
        for (int k = 0; k < weight.cols(); k += 2) {
            for (int i = 0; i < panel_width; ++i)
                to[k / 2 * panel_width + i] = number(first + i, k) | number(first + i, k + 1)
                                                                         << 16U;
        }
    }
    static Rows prepare(ConstMatrix x, Arena& /*scratch*/) noexcept { return x; }
    static constexpr std::size_t bytes_of_rows(int /*rows*/, int /*inputs*/) noexcept { return 0; }
    static LeftOperand left(const Rows& x) noexcept { return {x.data(), x.stride(), 1}; }
    static detail::Bfloat16Operand right(const Element* data,
                                         std::ptrdiff_t panel_stride) noexcept {
        return {data, panel_stride};
    }
};

#ifdef HAT_SHARED_INSTANCES  // it is in <hat/decode/instances.hpp>
namespace detail {
extern template void compute_panels(const LeftOperand&, int, const Bfloat16Operand&, int, int, int,
                                    const Output&) noexcept;
}  // namespace detail
#endif

}  // namespace hat::kernels
