// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/activation.hpp>
#include <hat/core/extent.hpp>
#include <hat/core/matrix_view.hpp>
#include <hat/core/simd.hpp>
#include <hat/kernels/activation.hpp>
#include <hat/kernels/ask_ahead.hpp>
#include <hat/kernels/packed_matrix.hpp>

#include <cstddef>

/// The one inner loop of all matrix products.
///
/// A product is cut into tiles of `Rows` rows by `Panels` panels of 16 outputs. Weights are loaded,
/// activations are broadcast, and every output is one chain of fused multiply-adds over its inputs,
/// in order. So the bits of an output depend on nothing but its row, its column and the start
/// value: not on the tile, the number of rows, the vector width or the layout.
///
/// What the numbers are is the operands' affair. A pair of them has
///
///     left.from(row), right.from(panel)    the operands from there on
///     Right::Shapes                        how large a tile is best
///     right.ahead                          the weights to ask for meanwhile
///     sum_tile<…, Lines>(left, right, inputs, start, stride, sums)    one tile, from its start
///                                                                     values
///
/// and all else is here: those of floats, and <hat/kernels/bfloat16.hpp>, <hat/kernels/int8.hpp>.
namespace hat::kernels {

static_assert(panel_width == simd::lanes);

/// Where the left operand (activations) lies: element (row, input) at
/// `data[row · row_stride + input · input_stride]`.
struct LeftOperand {
    const float* data;
    std::ptrdiff_t row_stride;
    std::ptrdiff_t input_stride;

    /// From row `row` on.
    [[nodiscard]] LeftOperand from(int row) const noexcept {
        return {data + row * row_stride, row_stride, input_stride};
    }
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

    /// What the sums of a panel of outputs begin with: 0, the bias, or what is there already.
    [[nodiscard]] HAT_INLINE simd::Lanes start(int row, int panel) const noexcept {
        if (!accumulate && bias == nullptr) return simd::zero();
        const float* const from = accumulate ? y.row_data(row) : bias;
        return load_panel(from, panel);
    }

    HAT_INLINE void finish(int row, int panel, simd::LanesArgument sum) const noexcept {
        simd::Lanes result = sum;
        if (activation == Activation::relu)
            result = simd::max(sum, simd::zero());
        else if (activation != Activation::linear)
            result = activate(activation, sum);
        const int first = panel * panel_width;
        float* const to = y.row_data(row) + first;
        if (first + panel_width <= y.cols())
            simd::store(result, to);
        else
            simd::store_first(result, to, y.cols() - first);
    }

private:
    [[nodiscard]] HAT_INLINE simd::Lanes load_panel(const float* from, int panel) const noexcept {
        const int first = panel * panel_width;
        if (first + panel_width <= y.cols()) return simd::load(from + first);
        return simd::load_first(from + first, y.cols() - first);
    }
};

namespace detail {

/// Accumulators that fit the registers beside the operands: 32 registers of 512 bits (AVX-512), 16
/// of 256 bits (AVX2), 32 of 128 bits (NEON), 32 single ones (Cortex-M). One more on NEON, and some
/// wait on the stack in every step of the loop.
#if HAT_SMALL
inline constexpr int max_tile_lanes = 1;
#elif defined(__AVX512F__)
inline constexpr int max_tile_lanes = 24;
#elif defined(__aarch64__)
inline constexpr int max_tile_lanes = 5;
#else
inline constexpr int max_tile_lanes = 6;
#endif

/// The most rows a tile has.
inline constexpr int max_tile_rows = max_tile_lanes >= 24 ? 8 : max_tile_lanes;

/// The most rows a tile of a product of `rows` rows should have. Eight rows by two panels read the
/// weights least often; six by four fill more registers, which pays where sums are short and the
/// weights of a tile stay in the first-level cache for many rows.
constexpr int preferred_tile_rows(int rows, int inputs) noexcept {
    return max_tile_rows > 6 && rows >= 48 && inputs <= 128 ? 6 : max_tile_rows;
}

/// Panels abreast that a tile of `rows` rows takes: few rows need many independent chains.
constexpr int tile_panels(int rows) noexcept {
    if (max_tile_lanes == 1) return 1;
    if (max_tile_lanes < 24) return rows == 1 ? 4 : max_tile_lanes / rows;
    if (rows <= 2) return 8;
    if (rows <= 5) return 4;
    return rows == 6 ? 4 : 2;
}

/// The shapes above, of tiles whose sums are floats.
struct FloatTiles {
    static constexpr int max_rows = max_tile_rows;
    static constexpr int preferred_rows(int rows, int inputs) noexcept {
        return preferred_tile_rows(rows, inputs);
    }
    static constexpr int panels(int rows) noexcept { return tile_panels(rows); }
};

}  // namespace detail

/// Where the right operand (weights) lies: 16 consecutive outputs of (panel, input) at
/// `data[panel · panel_stride + input · input_stride]`.
struct RightOperand {
    const float* data;
    std::ptrdiff_t panel_stride;
    std::ptrdiff_t input_stride;
    Ahead ahead{};

    using Shapes = detail::FloatTiles;

    /// From panel `panel` on.
    [[nodiscard]] RightOperand from(int panel) const noexcept {
        return {data + panel * panel_stride, panel_stride, input_stride, ahead};
    }
};

namespace detail {

/// Whether a tile loads weights just before their use, register by register: those of a panel are
/// so many that they would push sums out of the registers.
inline constexpr bool loads_weights_late = simd::parts == 4;

/// sums[row][panel] += activations[row] · weights, 16 weights of one panel.
template <int Rows, std::size_t Panels>
HAT_INLINE void add_panel(const simd::Floats (&activations)[std::size_t{Rows}],
                          const float* weights, int panel,
                          simd::Lanes (&sums)[std::size_t{Rows}][Panels]) noexcept {
#pragma GCC unroll 4
    for (int i = 0; i < simd::parts; ++i) {
        const auto weight = simd::Floats::load_unaligned(weights + i * simd::native_lanes);
#pragma GCC unroll 8
        for (int r = 0; r < Rows; ++r) {
            simd::Floats& sum = sums[r][panel].part[i];
            sum = simd::detail::fma(weight, activations[r], sum);
        }
    }
}

#if defined(__aarch64__) && !HAT_SMALL
/// The sums of one row whose inputs lie side by side, two of them a step: with a panel a load and
/// an input a lane, nothing but loads and products is left. Says how many inputs that were.
template <int Panels, class Ask>
HAT_INLINE int add_pairs_of_inputs(const float* x, const RightOperand& right, int inputs,
                                   Ask& asking, simd::Lanes (&sums)[std::size_t{Panels}]) noexcept {
    static_assert(simd::parts == 4);
    const float* w = right.data;
    const auto add = [&](float32x2_t pair, auto lane) HAT_INLINE_LAMBDA {
        asking.step();
#pragma GCC unroll 8
        for (int p = 0; p < Panels; ++p) {
            const float32x4x4_t panel = vld1q_f32_x4(w + p * right.panel_stride);
#pragma GCC unroll 4
            for (int i = 0; i < 4; ++i) {
                simd::Floats& sum = sums[p].part[i];
                sum = vfmaq_lane_f32(sum, panel.val[i], pair, decltype(lane)::value);
            }
        }
        w += right.input_stride;
    };
    int k = 0;
    for (; k + 2 <= inputs; k += 2) {
        const float32x2_t pair = vld1_f32(x + k);
        add(pair, Fixed<0>{});
        add(pair, Fixed<1>{});
    }
    return k;
}
#endif

/// sums[row][panel] += Σ_input left(row, input) · right(panel, input).
template <int Rows, int Panels, int Lines = 0>
HAT_INLINE void
accumulate_tile(LeftOperand left, RightOperand right, int inputs,
                simd::Lanes (&sums)[std::size_t{Rows}][std::size_t{Panels}]) noexcept {
    const float* x = left.data;
    const float* w = right.data;
    Asking<Panels, Lines> asking(w, right.panel_stride, right.ahead, inputs);
    int k = 0;
#if defined(__aarch64__) && !HAT_SMALL
    if constexpr (Rows == 1) {
        if (left.input_stride == 1) {
            k = add_pairs_of_inputs<Panels>(x, right, inputs, asking, sums[0]);
            x += k;
            w += k * right.input_stride;
        }
    }
#endif
    for (; k < inputs; ++k) {
        asking.step();
        if constexpr (loads_weights_late) {
            simd::Floats activations[std::size_t{Rows}];
#pragma GCC unroll 8
            for (int r = 0; r < Rows; ++r) activations[r] = simd::Floats(x[r * left.row_stride]);
#pragma GCC unroll 8
            for (int p = 0; p < Panels; ++p)
                add_panel<Rows>(activations, w + p * right.panel_stride, p, sums);
        } else {
            simd::Lanes weights[std::size_t{Panels}];
#pragma GCC unroll 8
            for (int p = 0; p < Panels; ++p) weights[p] = simd::load(w + p * right.panel_stride);
#pragma GCC unroll 8
            for (int r = 0; r < Rows; ++r) {
                const simd::Lanes activation = simd::broadcast(x[r * left.row_stride]);
#pragma GCC unroll 8
                for (int p = 0; p < Panels; ++p)
                    sums[r][p] = simd::fma(activation, weights[p], sums[r][p]);
            }
        }
        x += left.input_stride;
        w += right.input_stride;
    }
}

/// Where the values of tiles side by side lie: row r of tile t from `data + r · stride + t · step`
/// on.
template <class T>
struct TileValues {
    T* data;
    std::ptrdiff_t stride;
    std::ptrdiff_t step;
};

/// What the sums of a tile begin with; the start of row r lies at `start + r · stride`.
template <int Rows, int Panels>
HAT_INLINE void load_start(const float* start, std::ptrdiff_t stride,
                           simd::Lanes (&sums)[std::size_t{Rows}][std::size_t{Panels}]) noexcept {
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 8
        for (int p = 0; p < Panels; ++p)
            sums[r][p] = simd::load(start + r * stride + p * panel_width);
    }
}

/// sums = start + Σ for one tile.
template <int Rows, int Panels, int Lines>
HAT_INLINE void sum_tile(const LeftOperand& left, const RightOperand& right, int inputs,
                         const float* start, std::ptrdiff_t stride,
                         simd::Lanes (&sums)[std::size_t{Rows}][std::size_t{Panels}]) noexcept {
    load_start<Rows, Panels>(start, stride, sums);
    accumulate_tile<Rows, Panels, Lines>(left, right, inputs, sums);
}

/// to = start + Σ, or max(start + Σ, 0), for `tiles` tiles of whole panels side by side. Out of
/// line and with few arguments, so that what is around the sums, which may be short, is cheap.
template <int Rows, int Panels, class Left, class Right>
[[gnu::noinline]] void sum_tiles(const Left& left, const Right& right, int inputs,
                                 const TileValues<const float>& start, const TileValues<float>& to,
                                 int tiles, bool is_relu) noexcept {
    Right weights = right;
    const float* from = start.data;
    float* y = to.data;
    for (int tile = 0; tile < tiles; ++tile) {
        simd::Lanes sums[std::size_t{Rows}][std::size_t{Panels}];
        if (HAT_SMALL || weights.ahead.panels == 0)
            sum_tile<Rows, Panels, 0>(left, weights, inputs, from, start.stride, sums);
        else if (weights.ahead.parts == 1 || lines_of_part(Panels) == Panels)
            sum_tile<Rows, Panels, Panels>(left, weights, inputs, from, start.stride, sums);
        else if constexpr (lines_of_part(Panels) != Panels)
            sum_tile<Rows, Panels, lines_of_part(Panels)>(left, weights, inputs, from, start.stride,
                                                          sums);
        if (is_relu) {
#pragma GCC unroll 8
            for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 8
                for (int p = 0; p < Panels; ++p) sums[r][p] = simd::max(sums[r][p], simd::zero());
            }
        }
#pragma GCC unroll 8
        for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 8
            for (int p = 0; p < Panels; ++p) {
                simd::store(sums[r][p], y + r * to.stride + p * panel_width);
            }
        }
        weights = weights.from(Panels);
        from += start.step;
        y += to.step;
    }
}

/// Start values of outputs without any.
alignas(64) inline constexpr float zeros[8 * panel_width] = {};

/// `tiles` tiles side by side from their start values to their results.
template <int Rows, int Panels, class Left, class Right>
void compute_tiles(const Left& all_left, const Right& all_right, int inputs, int row, int panel,
                   int tiles, const Output& output) noexcept {
    constexpr std::ptrdiff_t width = Panels * panel_width;
    const Left left = all_left.from(row);
    Right right = all_right.from(panel);
    if (right.ahead.panels == Ahead::next_tile) right.ahead.panels = Panels;
    const bool is_relu = output.activation == Activation::relu;
    int plain = 0;  // tiles of whole panels, which are only loaded and stored
    if (is_relu || output.activation == Activation::linear) {
        const int whole = (output.y.cols() / panel_width - panel) / Panels;
        plain = whole < tiles ? whole : tiles;
    }
    if (plain > 0) {
        const int first = panel * panel_width;
        const TileValues<float> to{output.y.row_data(row) + first, output.y.stride(), width};
        TileValues<const float> start{zeros, 0, 0};
        if (output.accumulate)
            start = {to.data, to.stride, to.step};
        else if (output.bias != nullptr)
            start = {output.bias + first, 0, width};
        sum_tiles<Rows, Panels>(left, right, inputs, start, to, plain, is_relu);
    }
    // A panel that is cut short, or an activation that is a call: by way of a buffer.
    for (int tile = plain; tile < tiles; ++tile) {
        alignas(64) float buffer[std::size_t{Rows} * std::size_t{width}];
        const auto place = [&](int r, int p) { return buffer + r * width + p * panel_width; };
        const int first_panel = panel + tile * Panels;
        for (int r = 0; r < Rows; ++r) {
            for (int p = 0; p < Panels; ++p) {
                simd::store(output.start(row + r, first_panel + p), place(r, p));
            }
        }
        const Right own = right.from(tile * Panels);
        sum_tiles<Rows, Panels>(left, own, inputs, {buffer, width, 0}, {buffer, width, 0}, 1,
                                false);
        for (int r = 0; r < Rows; ++r) {
            for (int p = 0; p < Panels; ++p) {
                output.finish(row + r, first_panel + p, simd::load(place(r, p)));
            }
        }
    }
}

/// `Rows` rows by all of the panels `first_panel … last_panel − 1`.
template <int Rows, class Left, class Right>
void compute_row_tile(const Left& left, const Right& right, int inputs, int row, int first_panel,
                      int last_panel, const Output& output) noexcept {
    constexpr int abreast = Right::Shapes::panels(Rows);
    int panel = first_panel;
    const auto tiles_of = [&]<int Panels>() {
        const int tiles = (last_panel - panel) / Panels;
        if (tiles == 0) return;
        compute_tiles<Rows, Panels>(left, right, inputs, row, panel, tiles, output);
        panel += tiles * Panels;
    };
    tiles_of.template operator()<abreast>();
    if constexpr (abreast > 2) tiles_of.template operator()<2>();
    if constexpr (abreast > 1) tiles_of.template operator()<1>();
}

template <class Left = LeftOperand, class Right>
void compute_rows(int rows_in_tile, const Left& left, const Right& right, int inputs, int row,
                  int first_panel, int last_panel, const Output& output) noexcept {
    const auto tile = [&]<int Rows>() {
        if constexpr (Rows <= Right::Shapes::max_rows)
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
    case 7:
        return tile.template operator()<7>();
    default:
        return tile.template operator()<8>();
    }
}

/// All `rows` rows by the panels `first_panel … last_panel − 1`, the rows shared out evenly
/// among tiles (9 rows are 5 + 4, never 8 + 1). `right.ahead.panels` says where the next
/// group of panels lies, as for `ask_ahead`, or that nothing should be asked for.
template <class Left = LeftOperand, class Right>
void compute_panels(const Left& left, int rows, const Right& right, int inputs, int first_panel,
                    int last_panel, const Output& output) noexcept {
    const int tile_rows = Right::Shapes::preferred_rows(rows, inputs);
    const int tiles = (rows + tile_rows - 1) / tile_rows;
    for (int tile = 0, row = 0; tile < tiles; ++tile) {
        const int count = (rows - row + tiles - tile - 1) / (tiles - tile);
        Right weights = right;
        if (right.ahead.panels != 0)
            weights.ahead = ask_ahead(tile, tiles, right.ahead.panels, first_panel == 0);
        compute_rows(count, left, weights, inputs, row, first_panel, last_panel, output);
        row += count;
    }
}

}  // namespace detail

#ifdef HAT_SHARED_INSTANCES  // it is in <hat/decode/instances.hpp>
namespace detail {
extern template void compute_panels(const LeftOperand&, int, const RightOperand&, int, int, int,
                                    const Output&) noexcept;
}  // namespace detail
#endif

}  // namespace hat::kernels
