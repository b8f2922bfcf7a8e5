// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/arena.hpp>
#include <hat/core/extent.hpp>
#include <hat/core/matrix_view.hpp>
#include <hat/kernels/packed_matrix.hpp>
#include <hat/kernels/tile.hpp>

#include <cstddef>
#include <limits>

namespace hat::kernels {

namespace detail {

/// Turns `count` ≤ 16 rows of 16 numbers around: to[k · 16 + i] = from[i · stride + k], 0 for rows
/// that are not there.
HAT_INLINE_LONG void transpose_block(const float* from, std::ptrdiff_t stride, int count,
                                     float* to) noexcept {
#if defined(__AVX512F__)
    __m512 a[16];
    __m512 b[16];
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i)
        a[i] = i < count ? _mm512_loadu_ps(from + i * stride) : _mm512_setzero_ps();
#pragma GCC unroll 8
    for (int i = 0; i < 16; i += 2) {
        b[i] = _mm512_unpacklo_ps(a[i], a[i + 1]);
        b[i + 1] = _mm512_unpackhi_ps(a[i], a[i + 1]);
    }
    const auto low = [](__m512 x, __m512 y) {
        return _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(x), _mm512_castps_pd(y)));
    };
    const auto high = [](__m512 x, __m512 y) {
        return _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(x), _mm512_castps_pd(y)));
    };
    // a[i + j]: column j of every 4 × 4 block of rows i … i + 3
#pragma GCC unroll 4
    for (int i = 0; i < 16; i += 4) {
        a[i] = low(b[i], b[i + 2]);
        a[i + 1] = high(b[i], b[i + 2]);
        a[i + 2] = low(b[i + 1], b[i + 3]);
        a[i + 3] = high(b[i + 1], b[i + 3]);
    }
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) {
        const __m512 even_top = _mm512_shuffle_f32x4(a[j], a[4 + j], 0x88);
        const __m512 odd_top = _mm512_shuffle_f32x4(a[j], a[4 + j], 0xdd);
        const __m512 even_bottom = _mm512_shuffle_f32x4(a[8 + j], a[12 + j], 0x88);
        const __m512 odd_bottom = _mm512_shuffle_f32x4(a[8 + j], a[12 + j], 0xdd);
        _mm512_storeu_ps(to + j * 16, _mm512_shuffle_f32x4(even_top, even_bottom, 0x88));
        _mm512_storeu_ps(to + (4 + j) * 16, _mm512_shuffle_f32x4(odd_top, odd_bottom, 0x88));
        _mm512_storeu_ps(to + (8 + j) * 16, _mm512_shuffle_f32x4(even_top, even_bottom, 0xdd));
        _mm512_storeu_ps(to + (12 + j) * 16, _mm512_shuffle_f32x4(odd_top, odd_bottom, 0xdd));
    }
#else
    for (int k = 0; k < 16; ++k) {
        for (int i = 0; i < count; ++i) to[k * 16 + i] = from[i * stride + k];
        for (int i = count; i < 16; ++i) to[k * 16 + i] = 0.0F;
    }
#endif
}

/// Packs the outputs `16 · panel …` of `weight` [outputs, inputs] as `[input][16]`.
inline void pack_panel(ConstMatrix weight, int panel, float* to) noexcept {
    const int first = panel * panel_width;
    const int count = weight.rows() - first < panel_width ? weight.rows() - first : panel_width;
    const float* const from = weight.row_data(first);
    int k = 0;
    const auto blocks = [&](int rows) HAT_INLINE_LAMBDA {
        for (; k + 16 <= weight.cols(); k += 16)
            transpose_block(from + k, weight.stride(), rows, to + k * panel_width);
    };
    if (count == panel_width)
        blocks(panel_width);
    else
        blocks(count);
    for (; k < weight.cols(); ++k) {
        for (int i = 0; i < panel_width; ++i) {
            to[k * panel_width + i] = i < count ? from[i * weight.stride() + k] : 0.0F;
        }
    }
}

/// Packs the columns `16 · panel …` of `right` [inputs, outputs] as `[input][16]`.
inline void pack_column_panel(ConstMatrix right, int panel, float* to) noexcept {
    const int first = panel * panel_width;
    const int count = right.cols() - first < panel_width ? right.cols() - first : panel_width;
    for (int k = 0; k < right.rows(); ++k) {
        simd::store(simd::load_first(right.row_data(k) + first, count), to + k * panel_width);
    }
}

/// What panels that are worked through together may take: of the first-level cache, and of the
/// second-level one, where those that are asked for meanwhile have their place, too.
inline constexpr std::ptrdiff_t first_level_bytes = std::ptrdiff_t{32} * 1024;
inline constexpr std::ptrdiff_t second_level_bytes = std::ptrdiff_t{256} * 1024;

/// Panels of `bytes` bytes each that are worked through together: an even number, 2 at least.
constexpr int panels_per_group(std::ptrdiff_t bytes,
                               std::ptrdiff_t level = first_level_bytes) noexcept {
    const auto group = static_cast<int>(level / (bytes > 0 ? bytes : 1) / 2 * 2);
    return group < 2 ? 2 : group;
}

/// Panels of a group, so that all groups of `panels` panels are about as large, and none is larger
/// than its place in the second-level cache.
constexpr int even_group(int panels, std::ptrdiff_t bytes) noexcept {
    const int most = panels_per_group(bytes, second_level_bytes);
    const int groups = panels > most ? (panels + most - 1) / most : 1;
    return round_up((panels + groups - 1) / groups, 2);
}

}  // namespace detail

/// Panels of floats, `[input][16]`.
struct Float32 {
    using Element = float;
    using Word = float;
    using Rows = ConstMatrix;

    static constexpr int most_inputs = std::numeric_limits<int>::max();
    static constexpr std::ptrdiff_t panel_stride(int inputs) noexcept {
        return std::ptrdiff_t{inputs} * panel_width;
    }
    static void pack_panel(ConstMatrix weight, int panel, float* to) noexcept {
        detail::pack_panel(weight, panel, to);
    }
    static Rows prepare(ConstMatrix x, Arena& /*scratch*/) noexcept { return x; }
    /// What `prepare` takes of its scratch memory.
    static constexpr std::size_t bytes_of_rows(int /*rows*/, int /*inputs*/) noexcept { return 0; }
    /// What was prepared, as a product goes through it.
    static LeftOperand left(const Rows& x) noexcept { return {x.data(), x.stride(), 1}; }
    /// Panels, as a product goes through them.
    static RightOperand right(const float* data, std::ptrdiff_t panel_stride) noexcept {
        return {data, panel_stride, panel_width};
    }
};

/// What computes a product on packed weights, such as `packed_gemm`.
template <class Format>
using PackedGemmOf = void(typename Format::Rows x, PackedOf<Format> weight,
                          const Output& output) noexcept;
using PackedGemm = PackedGemmOf<Float32>;

/// y = act(bias + x · Wᵀ) on packed weights; x is what `Format::prepare` makes of floats.
///
/// Shapes  x [rows, inputs],  weight [outputs, inputs],  output.y [rows, outputs]
/// Cost    rows · outputs · inputs multiply-adds; allocates nothing
template <class Format>
void multiply_panels(typename Format::Rows x, PackedOf<Format> weight,
                     const Output& output) noexcept {
    HAT_ASSERT(x.cols() == weight.inputs() && output.y.cols() == weight.outputs());
    HAT_ASSERT(x.rows() == output.y.rows());
    const auto left = Format::left(x);
    auto right = Format::right(weight.data(), weight.panel_stride());
    using Shapes = typename decltype(right)::Shapes;
    const int panels = weight.panels();
    // One row tile streams the weights once; more row tiles share a group.
    const std::ptrdiff_t bytes =
        Format::panel_stride(x.cols()) * std::ptrdiff_t{sizeof(typename Format::Element)};
    const int group = x.rows() <= Shapes::max_rows ? panels : detail::even_group(panels, bytes);
    const bool asks = detail::pays_to_ask_ahead(x.cols());
    for (int panel = 0; panel < panels; panel += group) {
        const int last = panel + group < panels ? panel + group : panels;
        if (asks) right.ahead.panels = last < panels ? group : Ahead::next_tile;
        detail::compute_panels(left, x.rows(), right, x.cols(), panel, last, output);
    }
}
inline void packed_gemm(ConstMatrix x, PackedView weight, const Output& output) noexcept {
    multiply_panels<Float32>(x, weight, output);
}

}  // namespace hat::kernels
