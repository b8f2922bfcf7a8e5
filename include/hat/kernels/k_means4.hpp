// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/arena.hpp>
#include <hat/core/codebook.hpp>
#include <hat/core/matrix_view.hpp>
#include <hat/core/simd.hpp>
#include <hat/core/simd_choice.hpp>
#include <hat/kernels/packed_gemm.hpp>
#include <hat/kernels/tile.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

/// Weights of 4 bits that are numbers of a codebook, as k-means makes them (HAT's study of
/// compression, arXiv:2005.14187, appendix). They are looked up, and multiplied and summed as
/// floats in the order of those, so a product has the bits that it has with floats of the same
/// values.
namespace hat::kernels {

namespace detail {

/// Panels of a codebook, 16 floats, and `[input / 8][16]` words: one has eight inputs of an output,
/// the first in its lowest four bits.
struct KMeans4Operand {
    const std::uint32_t* data;
    std::ptrdiff_t panel_stride;
    Ahead ahead{};

    /// Of half as many panels as floats: codebooks and codes take registers, too.
    struct Shapes {
        static constexpr int max_rows = max_tile_rows;
        static constexpr int preferred_rows(int /*rows*/, int /*inputs*/) noexcept {
            return max_rows;
        }
        static constexpr int panels(int rows) noexcept {
            return std::max(1, FloatTiles::panels(rows) / 2);
        }
    };

    [[nodiscard]] KMeans4Operand from(int panel) const noexcept {
        return {data + panel * panel_stride, panel_stride, ahead};
    }
};

inline constexpr int codes_in_word = 8;

/// sums += the products of as many inputs as `codes` has, at most 8, 16 of each.
template <int Rows>
HAT_INLINE void add_codes(const LeftOperand& left, const std::uint32_t* codes, int count,
                          const simd::Choice& choose, int panel, auto& sums) noexcept {
#pragma GCC unroll simd::unrolled_parts
    for (int i = 0; i < simd::parts; ++i) {
        auto words = simd::Words::load_unaligned(codes + i * simd::native_lanes);
        const float* x = left.data;
        const auto add = [&]() HAT_INLINE_LAMBDA {
            const simd::Floats weight = choose(words);
#pragma GCC unroll 8
            for (int r = 0; r < Rows; ++r) {
                simd::Floats& sum = sums[r][panel].part[i];
                sum = simd::detail::fma(weight, simd::Floats(x[r * left.row_stride]), sum);
            }
            words = words >> 4;
            ++x;
        };
        if (!HAT_SMALL && count == codes_in_word) {
#pragma GCC unroll 8
            for (int k = 0; k < codes_in_word; ++k) add();
        } else {
            for (int k = 0; k < count; ++k) add();
        }
    }
}

/// sums = start + Σ for one tile, as for floats. The rows of `left` have no gaps.
template <int Rows, int Panels, int Lines>
HAT_INLINE void sum_tile(const LeftOperand& left, const KMeans4Operand& right, int inputs,
                         const float* start, std::ptrdiff_t stride,
                         simd::Lanes (&sums)[std::size_t{Rows}][std::size_t{Panels}]) noexcept {
    load_start<Rows, Panels>(start, stride, sums);
    Asking<Panels, Lines> asking(right.data, right.panel_stride, right.ahead,
                                 inputs / codes_in_word + 1);
    LeftOperand x = left;
    for (int k = 0; k < inputs; k += codes_in_word) {
        asking.step();
        const int count = std::min(codes_in_word, inputs - k);
#pragma GCC unroll 8
        for (int p = 0; p < Panels; ++p) {
            const std::uint32_t* const panel = right.data + p * right.panel_stride;
            const simd::Choice choose(panel);
            add_codes<Rows>(x, panel + panel_width + k / codes_in_word * panel_width, count, choose,
                            p, sums);
        }
        x.data += codes_in_word;
    }
}

}  // namespace detail

/// Panels of a sixth to an eighth as many bytes as those of floats.
///
/// Precondition of packing: the 16 outputs of a panel have at most 16 different numbers.
struct KMeans4 {
    using Element = std::uint32_t;
    using Word = std::uint8_t;
    using Rows = ConstMatrix;
    using Codebook = hat::Codebook;  ///< that every panel has in front

    static constexpr int most_inputs = Float32::most_inputs;
    static constexpr std::ptrdiff_t panel_stride(int inputs) noexcept {
        constexpr int words = detail::codes_in_word;
        return (1 + (std::ptrdiff_t{inputs} + words - 1) / words) * panel_width;
    }
    static void pack_panel(ConstMatrix weight, int panel, Element* to) noexcept {
        const int first = panel * panel_width;
        const ConstMatrix rows =
            weight.middle_rows(first, std::min(panel_width, weight.rows() - first));
        const Codebook codebook(rows);
        codebook.store(to);
        std::fill_n(to + panel_width, panel_stride(weight.cols()) - panel_width, Element{0});
        for (int i = 0; i < rows.rows(); ++i) {
            for (int k = 0; k < rows.cols(); ++k) {
                Element& word = to[(1 + k / detail::codes_in_word) * panel_width + i];
                word |= static_cast<Element>(codebook.code(rows(i, k)))
                        << (k % detail::codes_in_word * 4);
            }
        }
    }
    static Rows prepare(ConstMatrix x, Arena& /*scratch*/) noexcept { return x; }
    static constexpr std::size_t bytes_of_rows(int /*rows*/, int /*inputs*/) noexcept { return 0; }
    static LeftOperand left(const Rows& x) noexcept { return {x.data(), x.stride(), 1}; }
    static detail::KMeans4Operand right(const Element* data, std::ptrdiff_t panel_stride) noexcept {
        return {data, panel_stride};
    }
};

}  // namespace hat::kernels
