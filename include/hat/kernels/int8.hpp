// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/arena.hpp>
#include <hat/core/extent.hpp>
#include <hat/core/helium.hpp>
#include <hat/core/int8.hpp>
#include <hat/core/matrix_view.hpp>
#include <hat/core/simd.hpp>
#include <hat/core/simd_dot.hpp>
#include <hat/kernels/dropout.hpp>
#include <hat/kernels/packed_gemm.hpp>
#include <hat/kernels/tile.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

/// Weights of 8 bits, each output with a scale, by activations of 8 bits, each row with a scale:
///
///     y = act(start + Σ q_w · q_x · (scale_w · scale_x)),   w ≈ q_w · scale_w,  x ≈ q_x · scale_x.
///
/// Sums are exact integers, so their order does not matter; each is rounded once, with the start
/// (bias) fused to it.
namespace hat::kernels {

/// Rows of 8 bits: x ≈ q · scale, each row with a scale of its own.
///
/// Shapes  data [rows, stride], zero from `cols` to the next multiple of 4 on;  scales, sums [rows]
class QuantisedRows {
public:
    using Input = simd::dot::Input;

    /// Rows that `quantise` wrote, which must outlive it.
    QuantisedRows(const Input* data, const float* scales, const std::int32_t* sums, int rows,
                  int cols) noexcept
        : data_(data), scales_(scales), sums_(sums), rows_(rows), cols_(cols) {}

    [[nodiscard]] static constexpr int stride(int cols) noexcept {
        return round_up(cols, simd::lanes);
    }
    [[nodiscard]] int rows() const noexcept { return rows_; }
    [[nodiscard]] int cols() const noexcept { return cols_; }
    /// The numbers of a row, and what they are multiplied by.
    [[nodiscard]] const Input* row_data(int row) const noexcept {
        return data_ + std::ptrdiff_t{row} * stride(cols_);
    }
    [[nodiscard]] float scale(int row) const noexcept { return scales_[row]; }
    /// Σ q of a row.
    [[nodiscard]] std::int32_t sum(int row) const noexcept { return sums_[row]; }

    /// From row `row` on.
    [[nodiscard]] QuantisedRows from(int row) const noexcept {
        return {row_data(row), scales_ + row, sums_ + row, rows_ - row, cols_};
    }

private:
    const Input* data_;
    const float* scales_;
    const std::int32_t* sums_;
    int rows_;
    int cols_;
};

namespace detail {

/// Quantises one row; returns its scale. `to` has room for whole lanes.
inline float quantise_row(const float* x, int n, simd::dot::Input* to, std::int32_t& sum) noexcept {
    simd::Lanes most = simd::zero();
    simd::Lanes not_finite = simd::zero();  // NaN where a number is not finite, else 0
    for_stretches(n, [&](int j, int count) HAT_INLINE_LAMBDA {
        const simd::Lanes v = load_stretch(x + j, count);
        most = simd::max(simd::abs(v), most);
        not_finite = simd::fma(v, simd::zero(), not_finite);
    });
    constexpr float least = 1e-30F;  // whose inverse is a number
    const float largest = simd::largest(most);
    const float inverse = largest < least ? 0.0F : 127.0F / largest;
    // Adding 1.5 · 2^23 rounds, and leaves the integer in the low bits.
    constexpr float magic = 12582912.0F;
    const simd::Lanes factor = simd::broadcast(inverse);
    simd::dot::Rounded total{};
    for_stretches(n, [&](int j, int count) HAT_INLINE_LAMBDA {
        const simd::Lanes v = load_stretch(x + j, count);
        simd::dot::store_rounded(simd::fma(v, factor, simd::broadcast(magic)), to + j, total);
    });
    sum = simd::dot::sum(total);
    return (largest < least ? 0.0F : largest / 127.0F) + simd::sum(not_finite);
}

/// Whether rows of a tile are multiplied two at a time.
constexpr bool in_pairs(int rows) noexcept {
    return simd::dot::has_pairs && rows > 1;
}

/// Whether the sums of a tile fit the registers beside activations, weights and products.
constexpr bool int8_tile_fits(int rows, int panels) noexcept {
#if HAT_SMALL
    constexpr int registers = 0;
#elif defined(__AVX512F__) || defined(__aarch64__)
    constexpr int registers = 32;
#else
    constexpr int registers = 16;
#endif
    if (in_pairs(rows)) {
        const int pairs = (rows + 1) / 2;
        return 2 * pairs * panels * simd::dot::parts + pairs + 4 <= registers;
    }
#if defined(__aarch64__) && !HAT_SMALL
    if (simd::dot::has_halves) return rows <= 2 && panels == 1;  // the rest is for products
#endif
    constexpr int others = simd::dot::has_halves ? 2 : 1;
    return rows * panels * simd::dot::parts + rows + others <= registers;
}

struct Int8Tiles {
    static constexpr int max_rows = [] {
        int rows = 1;
        while (rows < 8 && int8_tile_fits(rows + 1, 1)) ++rows;
        return rows;
    }();
    static constexpr int preferred_rows(int /*rows*/, int /*inputs*/) noexcept { return max_rows; }
    static constexpr int panels(int rows) noexcept {
        int panels = 8;
        while (panels > 1 && !int8_tile_fits(rows, panels)) panels /= 2;
        return panels;
    }
};

/// Panels of 16 scales and `[input / 4][16][4]` weights, stored as w + 128. Inputs that are not
/// there have zero activations, whatever a wider panel has there.
struct Int8Operand {
    const std::uint8_t* data;
    std::ptrdiff_t panel_stride;
    Ahead ahead{};

    using Shapes = Int8Tiles;

    [[nodiscard]] Int8Operand from(int panel) const noexcept {
        return {data + panel * panel_stride, panel_stride, ahead};
    }
};

/// Bytes of the scales of a panel.
inline constexpr std::ptrdiff_t scale_bytes = panel_width * sizeof(float);

[[nodiscard]] HAT_INLINE simd::Lanes load_scales(const std::uint8_t* panel) noexcept {
    float scales[panel_width];
    std::memcpy(scales, panel, sizeof scales);
    return simd::load(scales);
}

#if defined(__aarch64__) && !HAT_SMALL

/// The same pointer, which a compiler cannot take for a distance from another one: so it moves on
/// with the load, and needs no addition.
template <class T>
[[nodiscard]] HAT_INLINE T* on_its_own(T* pointer) noexcept {
    asm("" : "+r"(pointer));
    return pointer;
}

#if defined(__ARM_FEATURE_DOTPROD) || defined(__ARM_FEATURE_MATMUL_INT8)

/// sums += weights · x for one row, a panel by one load; says how many inputs that were.
template <int Rows, int Panels, class Ask>
HAT_INLINE int
add_whole_panels(const simd::dot::Input* x, std::ptrdiff_t /*x_stride*/, const std::uint8_t* w,
                 std::ptrdiff_t panel_stride, int inputs, Ask& asking,
                 simd::dot::Sums (&sums)[std::size_t{Rows}][std::size_t{Panels}]) noexcept {
    namespace dot = simd::dot;
    if constexpr (Rows > 1) return 0;  // loads share the time of more products
    const std::uint8_t* panels[std::size_t{Panels}];
#pragma GCC unroll 8
    for (int p = 0; p < Panels; ++p) panels[p] = on_its_own(w + p * panel_stride);
    for (int k = 0; k < inputs; k += 4) {
        asking.step();
        const auto activations = dot::broadcast(x);
#pragma GCC unroll 8
        for (int p = 0; p < Panels; ++p) {
            const auto weights = dot::load_panel(panels[p]);
            panels[p] = on_its_own(panels[p] + 4 * panel_width);
#pragma GCC unroll 4
            for (int i = 0; i < dot::parts; ++i) {
                auto& sum = sums[0][p].part[i];
                sum = dot::add(sum, weights.val[i], activations);
            }
        }
        x += 4;
    }
    return inputs;
}

#else

/// sums += weights · x, eight inputs at a time, for as many inputs as it says.
template <int Rows, int Panels, class Ask>
HAT_INLINE int
add_whole_panels(const simd::dot::Input* x, std::ptrdiff_t x_stride, const std::uint8_t* w,
                 std::ptrdiff_t /*panel_stride*/, int inputs, Ask& asking,
                 simd::dot::Sums (&sums)[std::size_t{Rows}][std::size_t{Panels}]) noexcept {
    namespace dot = simd::dot;
    static_assert(Panels == 1);
    constexpr int four_inputs = 4 * panel_width;
    int k = 0;
    if constexpr (Rows == 1) {
        for (; k + 16 <= inputs; k += 16) {
#pragma GCC unroll 2
            for (int half = 0; half < 2; ++half) {
                asking.step();
                asking.step();
                const auto first_x = dot::broadcast_four(x);
                x = on_its_own(x + 4);
                const auto second_x = dot::broadcast_four(x);
                x = on_its_own(x + 4);
                const auto first = dot::load_panel(w);
                w = on_its_own(w + four_inputs);
                const auto second = dot::load_panel(w);
                w = on_its_own(w + four_inputs);
#pragma GCC unroll 4
                for (int i = 0; i < 4; ++i) {
                    auto* const part = sums[0][0].part + 2 * i;
                    dot::add_eight(part[0], part[1], first.val[i], first_x, second.val[i],
                                   second_x);
                }
            }
        }
        return k;
    }
    for (; k + 8 <= inputs; k += 8) {
        asking.step();
        asking.step();
        int8x16_t first_x[std::size_t{Rows}];
        int8x16_t second_x[std::size_t{Rows}];
#pragma GCC unroll 8
        for (int r = 0; r < Rows; ++r) {
            first_x[r] = dot::broadcast_four(x + r * x_stride);
            second_x[r] = dot::broadcast_four(x + r * x_stride + 4);
        }
#pragma GCC unroll 4
        for (int i = 0; i < 4; ++i) {
            const auto first = dot::load_four(w + 16 * i);
            const auto second = dot::load_four(w + four_inputs + 16 * i);
#pragma GCC unroll 8
            for (int r = 0; r < Rows; ++r) {
                auto* const part = sums[r][0].part + 2 * i;
                dot::add_eight(part[0], part[1], first, first_x[r], second, second_x[r]);
                // What follows waits for these: all products at once would not fit the registers.
                asm("" : "+w"(part[0]), "+w"(part[1]), "+w"(first_x[0]));
            }
        }
        x += 8;
        w += 2 * four_inputs;
    }
    return k;
}

#endif

#endif

#if HAT_VECTORS
/// The exact sums of one tile.
template <int Rows, int Panels, int Lines>
HAT_INLINE void
multiply_tile(const QuantisedRows& left, const Int8Operand& right, int inputs,
              simd::dot::Sums (&products)[std::size_t{Rows}][std::size_t{Panels}]) noexcept {
    namespace dot = simd::dot;
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r) {
        const auto first = dot::start(left.sum(r));
#pragma GCC unroll 8
        for (int p = 0; p < Panels; ++p) {
#pragma GCC unroll 8
            for (auto& part : products[r][p].part) part = first;
        }
    }
    const dot::Input* x = left.row_data(0);
    const std::ptrdiff_t x_stride = QuantisedRows::stride(left.cols());
    const std::uint8_t* w = right.data + scale_bytes;
    Asking<Panels, Lines> asking(w, right.panel_stride, right.ahead, (inputs + 3) / 4);
    int k = 0;
#if defined(__aarch64__) && !HAT_SMALL
    k = add_whole_panels<Rows, Panels>(x, x_stride, w, right.panel_stride, inputs, asking,
                                       products);
    x += k;
    w += std::ptrdiff_t{k} * panel_width;
#endif
    for (; k < inputs; k += 4) {
        asking.step();
        decltype(dot::broadcast(x)) activations[std::size_t{Rows}];
#pragma GCC unroll 8
        for (int r = 0; r < Rows; ++r) activations[r] = dot::broadcast(x + r * x_stride);
#pragma GCC unroll 8
        for (int p = 0; p < Panels; ++p) {
#pragma GCC unroll 8
            for (int i = 0; i < dot::parts; ++i) {
                const auto weights = dot::load(w + p * right.panel_stride, i);
#pragma GCC unroll 8
                for (int r = 0; r < Rows; ++r) {
                    auto& sum = products[r][p].part[i];
                    sum = dot::add(sum, weights, activations[r]);
                }
            }
        }
        x += 4;
        w += 4 * panel_width;
    }
}
#else
/// The exact sums of one tile, one part of them after the other.
template <int Rows, int Panels, int Lines>
HAT_INLINE void
multiply_tile(const QuantisedRows& left, const Int8Operand& right, int inputs,
              simd::dot::Sums (&products)[std::size_t{Rows}][std::size_t{Panels}]) noexcept {
    namespace dot = simd::dot;
    for (int r = 0; r < Rows; ++r) {
        for (int p = 0; p < Panels; ++p) {
            const std::uint8_t* const panel = right.data + p * right.panel_stride + scale_bytes;
#pragma GCC unroll 1
            for (int i = 0; i < dot::parts; ++i) {
                const dot::Input* x = left.row_data(r);
#if HAT_HELIUM
                simd::helium::dot(x, dot::load(panel, i), inputs, products[r][p].part[i].of);
#else
                const std::uint8_t* w = panel;
                auto sum = dot::start(left.sum(r));
                for (int k = 0; k < inputs; k += 4) {
                    sum = dot::add(sum, dot::load(w, i), dot::broadcast(x));
                    x += 4;
                    w += 4 * panel_width;
                }
                products[r][p].part[i] = sum;
#endif
            }
        }
    }
}
#endif

#if defined(__ARM_FEATURE_MATMUL_INT8)
/// The same for two rows at a time; the last of an odd number is its own partner.
template <int Rows, int Panels, int Lines>
HAT_INLINE void
multiply_pairs(const QuantisedRows& left, const Int8Operand& right, int inputs,
               simd::dot::Sums (&products)[std::size_t{Rows}][std::size_t{Panels}]) noexcept {
    namespace dot = simd::dot;
    constexpr int pairs = (Rows + 1) / 2;
    constexpr auto partner = [](int pair) { return 2 * pair + 1 < Rows ? 2 * pair + 1 : 2 * pair; };
    dot::PairedSums sums[std::size_t{pairs}][std::size_t{Panels}];
#pragma GCC unroll 4
    for (int r = 0; r < pairs; ++r) {
        const auto start =
            dot::pair_starts(dot::start(left.sum(2 * r)), dot::start(left.sum(partner(r))));
#pragma GCC unroll 8
        for (int p = 0; p < Panels; ++p) sums[r][p] = start;
    }
    const dot::Input* x = left.row_data(0);
    const std::ptrdiff_t x_stride = QuantisedRows::stride(left.cols());
    const std::uint8_t* w = right.data + scale_bytes;
    constexpr int four_inputs = 4 * panel_width;
    // `load_second(weights, i)` are those of the last four of eight inputs.
    const auto add_eight = [&](const auto& load_second) HAT_INLINE_LAMBDA {
        decltype(dot::pair_rows(x, x)) activations[std::size_t{pairs}];
#pragma GCC unroll 4
        for (int r = 0; r < pairs; ++r)
            activations[r] = dot::pair_rows(x + 2 * r * x_stride, x + partner(r) * x_stride);
#pragma GCC unroll 8
        for (int p = 0; p < Panels; ++p) {
            const std::uint8_t* const panel = w + p * right.panel_stride;
#pragma GCC unroll 4
            for (int i = 0; i < dot::parts; ++i) {
                const auto weights = dot::pair_weights(dot::load(panel, i), load_second(panel, i));
#pragma GCC unroll 4
                for (int r = 0; r < pairs; ++r) dot::add(sums[r][p], i, weights, activations[r]);
            }
        }
    };
    Asking<Panels, Lines> asking(w, right.panel_stride, right.ahead, (inputs + 3) / 4);
    int k = 0;
    for (; k + 4 < inputs; k += 8) {
        asking.step();
        asking.step();
        add_eight([](const std::uint8_t* panel, int i)
                      HAT_INLINE_LAMBDA { return dot::load(panel + four_inputs, i); });
        x += 8;
        w += 2 * four_inputs;
    }
    if (k < inputs)  // a panel ends with four inputs more
        add_eight([](const std::uint8_t* /*panel*/, int /*i*/)
                      HAT_INLINE_LAMBDA { return dot::no_weights(); });
#pragma GCC unroll 4
    for (int r = 0; r < pairs; ++r) {
#pragma GCC unroll 8
        for (int p = 0; p < Panels; ++p)
            dot::take_apart(sums[r][p], products[2 * r][p], products[partner(r)][p]);
    }
}
#endif

/// sums = start + Σ for one tile.
template <int Rows, int Panels, int Lines>
HAT_INLINE void sum_tile(const QuantisedRows& left, const Int8Operand& right, int inputs,
                         const float* start, std::ptrdiff_t stride,
                         simd::Lanes (&sums)[std::size_t{Rows}][std::size_t{Panels}]) noexcept {
    namespace dot = simd::dot;
    dot::Sums products[std::size_t{Rows}][std::size_t{Panels}];
#if defined(__ARM_FEATURE_MATMUL_INT8)
    if constexpr (in_pairs(Rows))
        multiply_pairs<Rows, Panels, Lines>(left, right, inputs, products);
    else
#endif
        multiply_tile<Rows, Panels, Lines>(left, right, inputs, products);
#pragma GCC unroll 8
    for (int p = 0; p < Panels; ++p) {
        const simd::Lanes scales = load_scales(right.data + p * right.panel_stride);
#pragma GCC unroll 8
        for (int r = 0; r < Rows; ++r) {
            const simd::Lanes scale = scales * simd::broadcast(left.scale(r));
            sums[r][p] = simd::fma(dot::finish(products[r][p]), scale,
                                   simd::load(start + r * stride + p * panel_width));
        }
    }
}

}  // namespace detail

/// Panels of a quarter of the bytes, and their scales.
struct Int8 {
    using Element = std::uint8_t;
    using Word = std::int8_t;
    using Rows = QuantisedRows;

    /// With more, a sum might not fit 32 bits.
    static constexpr int most_inputs = 65536;
    static constexpr std::ptrdiff_t panel_stride(int inputs) noexcept {
        return detail::scale_bytes + std::ptrdiff_t{round_up(inputs, 4)} * panel_width;
    }
    static void pack_panel(ConstMatrix weight, int panel, Element* to) noexcept {
        const int first = panel * panel_width;
        const int count = std::min(panel_width, weight.rows() - first);
        float scales[panel_width] = {};
        std::fill_n(to, panel_stride(weight.cols()), std::uint8_t{128});
        for (int i = 0; i < count; ++i) {
            const float* const from = weight.row_data(first + i);
            scales[i] = int8_scale(largest_magnitude(from, weight.cols()));
            for (int k = 0; k < weight.cols(); ++k)
                to[detail::scale_bytes + (k / 4 * panel_width + i) * 4 + k % 4] =
                    static_cast<std::uint8_t>(to_int8(from[k], scales[i]) + 128);
        }
        std::memcpy(to, scales, sizeof scales);
    }
    /// Quantises rows, each with the scale of its largest number.
    static Rows prepare(ConstMatrix x, Arena& scratch) {
        const int stride = QuantisedRows::stride(x.cols());
        auto* const data =
            scratch.allocate<QuantisedRows::Input>(std::ptrdiff_t{x.rows()} * stride);
        auto* const scales = scratch.allocate<float>(x.rows());
        auto* const sums = scratch.allocate<std::int32_t>(x.rows());
        for (int i = 0; i < x.rows(); ++i)
            scales[i] = detail::quantise_row(x.row_data(i), x.cols(),
                                             data + std::ptrdiff_t{i} * stride, sums[i]);
        return {data, scales, sums, x.rows(), x.cols()};
    }
    static constexpr std::size_t bytes_of_rows(int rows, int inputs) noexcept {
        return Arena::bytes_of<QuantisedRows::Input>(std::ptrdiff_t{rows} *
                                                     QuantisedRows::stride(inputs)) +
               Arena::bytes_of<float>(rows) + Arena::bytes_of<std::int32_t>(rows);
    }
    /// The same where it is most: on processors that multiply by 16 bits.
    static constexpr std::size_t most_bytes_of_rows(int rows, int inputs) noexcept {
        static_assert(sizeof(QuantisedRows::Input) <= sizeof(std::int16_t));
        const std::ptrdiff_t numbers = std::ptrdiff_t{rows} * QuantisedRows::stride(inputs);
        return bytes_of_rows(rows, inputs) - Arena::bytes_of<QuantisedRows::Input>(numbers) +
               Arena::bytes_of<std::int16_t>(numbers);
    }
    static const Rows& left(const Rows& x) noexcept { return x; }
    static detail::Int8Operand right(const Element* data, std::ptrdiff_t panel_stride) noexcept {
        return {data, panel_stride};
    }
};

/// y = what a product of 8 bits takes x for: `Int8::prepare(x)` as floats.
///
/// Shapes  x, y [rows, cols]
inline void round_rows_to_int8(ConstMatrix x, Matrix y, Arena& scratch) {
    const ArenaScope scope(scratch);
    const QuantisedRows rows = Int8::prepare(x, scratch);
    for (int i = 0; i < x.rows(); ++i) {
        const QuantisedRows::Input* const row = rows.row_data(i);
        for (int j = 0; j < x.cols(); ++j) y(i, j) = static_cast<float>(row[j]) * rows.scale(i);
    }
}

#ifdef HAT_SHARED_INSTANCES  // it is in <hat/decode/instances.hpp>
namespace detail {
extern template void compute_panels(const QuantisedRows&, int, const Int8Operand&, int, int, int,
                                    const Output&) noexcept;
}  // namespace detail
#endif

}  // namespace hat::kernels
