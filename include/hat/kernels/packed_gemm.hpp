// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/aligned.hpp>
#include <hat/core/extent.hpp>
#include <hat/core/matrix_view.hpp>
#include <hat/kernels/tile.hpp>

#include <cstddef>
#include <type_traits>

namespace hat::kernels {

/// A weight matrix `[outputs, inputs]` cut into panels of 16 outputs, laid out
/// `[panel][input][16]`; the outputs of the last panel that do not exist are zero. A prefix of the
/// outputs is a prefix of the panels, a prefix of the inputs is a prefix of each panel.
template <Extent Outputs = int, Extent Inputs = int>
class PackedMatrix {
public:
    constexpr PackedMatrix() = default;
    constexpr PackedMatrix(const float* data, Outputs outputs, Inputs inputs,
                           std::ptrdiff_t panel_stride) noexcept
        : outputs_(outputs), inputs_(inputs), data_(data), panel_stride_(panel_stride) {}

    /// Of sizes that are not fixed here.
    template <Extent OtherOutputs, Extent OtherInputs>
    requires std::is_convertible_v<OtherOutputs, Outputs> &&
        std::is_convertible_v<OtherInputs, Inputs>
    constexpr PackedMatrix(  // NOLINT(google-explicit-constructor)
        const PackedMatrix<OtherOutputs, OtherInputs>& other) noexcept
        : outputs_(other.outputs()), inputs_(other.inputs()), data_(other.data()),
          panel_stride_(other.panel_stride()) {}

    [[nodiscard]] constexpr Outputs outputs() const noexcept { return outputs_; }
    [[nodiscard]] constexpr Inputs inputs() const noexcept { return inputs_; }
    [[nodiscard]] constexpr int panels() const noexcept {
        return (outputs_ + panel_width - 1) / panel_width;
    }
    [[nodiscard]] constexpr const float* data() const noexcept { return data_; }
    [[nodiscard]] constexpr std::ptrdiff_t panel_stride() const noexcept { return panel_stride_; }
    [[nodiscard]] constexpr bool empty() const noexcept { return data_ == nullptr; }

    /// The part a sub-network sees: the first outputs and inputs.
    [[nodiscard]] constexpr PackedMatrix<> top_left(int outputs, int inputs) const noexcept {
        HAT_ASSERT(outputs <= outputs_ && inputs <= inputs_);
        return {data_, outputs, inputs, panel_stride_};
    }
    /// Outputs `first` … `first + n − 1`; `first` must be a multiple of 16.
    [[nodiscard]] constexpr PackedMatrix<int, Inputs> middle_outputs(int first,
                                                                     int n) const noexcept {
        HAT_ASSERT(first % panel_width == 0 && first + n <= outputs_);
        return {data_ + first / panel_width * panel_stride_, n, inputs_, panel_stride_};
    }

private:
    // In front of the pointer, where two equal fixed ones cost no room.
    [[no_unique_address]] Outputs outputs_{};
    [[no_unique_address]] Inputs inputs_{};
    const float* data_ = nullptr;
    std::ptrdiff_t panel_stride_ = 0;
};

using PackedView = PackedMatrix<>;

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

/// Panels that are worked through together while they lie in the first-level cache.
constexpr int panels_per_group(int inputs) noexcept {
    const int bytes = inputs * panel_width * static_cast<int>(sizeof(float));
    const int group = (32 * 1024) / (bytes > 0 ? bytes : 1) / 2 * 2;
    return group < 2 ? 2 : group;
}

}  // namespace detail

/// Floats that the packed form of `[outputs, inputs]` takes.
constexpr std::ptrdiff_t packed_size(int outputs, int inputs) noexcept {
    return std::ptrdiff_t{round_up(outputs, panel_width)} * inputs;
}

/// Packs `weight` [outputs, inputs] into `to`, which has room for `packed_size` floats.
inline PackedView pack(ConstMatrix weight, float* to) noexcept {
    const std::ptrdiff_t panel_stride = std::ptrdiff_t{weight.cols()} * panel_width;
    const int panels = (weight.rows() + panel_width - 1) / panel_width;
    for (int panel = 0; panel < panels; ++panel) {
        detail::pack_panel(weight, panel, to + panel * panel_stride);
    }
    return {to, weight.rows(), weight.cols(), panel_stride};
}

/// What computes a product on packed weights, such as `packed_gemm`.
using PackedGemm = void(ConstMatrix x, PackedView weight, const Output& output) noexcept;

/// y = act(bias + x · Wᵀ) on packed weights.
///
/// Shapes  x [rows, inputs],  weight [outputs, inputs],  output.y [rows, outputs]
/// Cost    rows · outputs · inputs multiply-adds; allocates nothing
inline void packed_gemm(ConstMatrix x, PackedView weight, const Output& output) noexcept {
    HAT_ASSERT(x.cols() == weight.inputs() && output.y.cols() == weight.outputs());
    HAT_ASSERT(x.rows() == output.y.rows());
    const LeftOperand left{x.data(), x.stride(), 1};
    const RightOperand right{weight.data(), weight.panel_stride(), panel_width};
    const int panels = weight.panels();
    // One row tile streams the weights once; more row tiles share a group while it is in the
    // second-level cache: smaller groups would scatter what is written to a wide `y`.
    const int group =
        x.rows() <= detail::max_tile_rows ? panels : 16 * detail::panels_per_group(x.cols());
    for (int panel = 0; panel < panels; panel += group) {
        const int last = panel + group < panels ? panel + group : panels;
        detail::compute_panels(left, x.rows(), right, x.cols(), panel, last, output);
    }
}

}  // namespace hat::kernels
