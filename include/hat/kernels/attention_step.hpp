// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/arena.hpp>
#include <hat/core/matrix_view.hpp>
#include <hat/core/simd.hpp>
#include <hat/kernels/packed_gemm.hpp>
#include <hat/kernels/softmax.hpp>
#include <hat/kernels/tile.hpp>

#include <cmath>
#include <cstddef>

/// Multi-head attention of single positions, as decoding needs it: the queries of a sentence's
/// hypotheses on keys and values made earlier. Keys lie in panels of 16 positions,
/// `[panel][feature][16]`, so that scores are one packed product; values lie row by row.
///
/// Sums run in the order of `kernels::attention`: over the features of a head, then over positions.
/// So a query gives the same bits there and here, alone or beside others, wherever its keys lie.
namespace hat::kernels {

/// Where the prefixes of a sentence's hypotheses lie in a cache of pages of 16 positions. Prefixes
/// share what they have in common; each knows the *columns* of its positions, counted over
/// the sentence's pages, and their *places*, counted over all pages.
///
/// Shapes  pages [page_count],  columns, places [rows, length]; without `columns`, position i of
///         one row is in column i
struct PagedPrefixes {
    const int* pages = nullptr;
    int page_count = 0;
    int length = 0;
    MatrixView<const int> columns;
    MatrixView<const int> places;
};

namespace detail {

inline float attention_scale(int head_dim) noexcept {
    return 1.0F / std::sqrt(static_cast<float>(head_dim));
}

/// Calls `work<Rows>(first)` for tiles of at most 5 rows, shared out evenly.
template <class Work>
HAT_INLINE void for_row_tiles(int rows, const Work& work) noexcept {
    constexpr int most = max_tile_lanes < 5 ? max_tile_lanes : 5;
    const int tiles = (rows + most - 1) / most;
    for (int tile = 0, row = 0; tile < tiles; ++tile) {
        const int count = (rows - row + tiles - tile - 1) / (tiles - tile);
        const auto tile_of = [&]<int Rows>() HAT_INLINE_LAMBDA {
            if constexpr (Rows <= most) work.template operator()<Rows>(row);
        };
        switch (count) {
        case 1:
            tile_of.template operator()<1>();
            break;
        case 2:
            tile_of.template operator()<2>();
            break;
        case 3:
            tile_of.template operator()<3>();
            break;
        case 4:
            tile_of.template operator()<4>();
            break;
        default:
            tile_of.template operator()<5>();
            break;
        }
        row += count;
    }
}

/// scores[row][16 · panel …] = q[row] · keys for `Rows` rows and `Panels` panels of keys.
template <int Rows, int Panels>
HAT_INLINE_LONG void score_tile(LeftOperand q, RightOperand keys, int head_dim, float* scores,
                                std::ptrdiff_t stride) noexcept {
    simd::Lanes sums[std::size_t{Rows}][std::size_t{Panels}];
    for (auto& row : sums) {
        for (auto& sum : row) sum = simd::zero();
    }
    accumulate_tile<Rows, Panels>(q, keys, head_dim, sums);
#pragma GCC unroll 5
    for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 2
        for (int p = 0; p < Panels; ++p) {
            simd::store(sums[r][p], scores + r * stride + p * panel_width);
        }
    }
}

/// The scores of all heads, panel by panel, so that the keys are read in the order they lie in.
/// `panel(i)` is where panel i of the keys begins.
///
/// Shapes  q [rows, heads·head_dim],  scores [heads·rows, 16 · panels]
template <class Panel>
void score_panels(int heads, ConstMatrix q, int panels, const Panel& panel,
                  Matrix scores) noexcept {
    constexpr int abreast = max_tile_lanes >= 24 ? 2 : 1;
    const int head_dim = q.cols() / heads;
    const int rows = q.rows();
    for (int p = 0; p < panels; p += abreast) {
        const float* const keys = panel(p);
        const bool is_pair = abreast == 2 && p + 1 < panels;
        const std::ptrdiff_t to_next = is_pair ? panel(p + 1) - keys : 0;
        for (int head = 0; head < heads; ++head) {
            const int first = head * head_dim;
            const RightOperand right{keys + first * panel_width, to_next, panel_width};
            for_row_tiles(rows, [&]<int Rows>(int row) HAT_INLINE_LAMBDA {
                const LeftOperand left{q.row_data(row) + first, q.stride(), 1};
                float* const to = scores.row_data(head * rows + row) + p * panel_width;
                if (is_pair)
                    score_tile<Rows, 2>(left, right, head_dim, to, scores.stride());
                else
                    score_tile<Rows, 1>(left, right, head_dim, to, scores.stride());
            });
        }
    }
}

/// What `Rows` rows mix the values with: the probability of position i for row r and head h at
/// `data[h · head_stride + r · row_stride + i]`.
struct MixOperand {
    const float* data;
    std::ptrdiff_t head_stride;
    std::ptrdiff_t row_stride;
};

/// y[r] = Σ_i p[r][i] · value(i) for `Heads` heads of `Panels` panels each, of which the last one
/// has `last` numbers.
template <int Rows, int Heads, int Panels, class Value>
HAT_INLINE_LONG void mix_tile(MixOperand p, int positions, const Value& value, float* y,
                              std::ptrdiff_t stride, int last) noexcept {
    constexpr int all = Heads * Panels;
    simd::Lanes sums[std::size_t{Rows}][std::size_t{all}];
    for (auto& row : sums) {
        for (auto& sum : row) sum = simd::zero();
    }
    for (int i = 0; i < positions; ++i) {
        const float* const v = value(i);
        const auto probability = [&](int r, int h) HAT_INLINE_LAMBDA {
            return p.data[h * p.head_stride + r * p.row_stride + i];
        };
        if constexpr (loads_weights_late) {
#pragma GCC unroll 8
            for (int h = 0; h < Heads; ++h) {
                simd::Floats weights[std::size_t{Rows}];
#pragma GCC unroll 5
                for (int r = 0; r < Rows; ++r) weights[r] = simd::Floats(probability(r, h));
#pragma GCC unroll 8
                for (int k = h * Panels; k < (h + 1) * Panels; ++k)
                    add_panel<Rows>(weights, v + k * panel_width, k, sums);
            }
            continue;
        }
        simd::Lanes values[std::size_t{all}];
#pragma GCC unroll 8
        for (int k = 0; k < all; ++k) values[k] = simd::load(v + k * panel_width);
#pragma GCC unroll 5
        for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 8
            for (int h = 0; h < Heads; ++h) {
                const simd::Lanes weight = simd::broadcast(probability(r, h));
#pragma GCC unroll 8
                for (int k = h * Panels; k < (h + 1) * Panels; ++k) {
                    sums[r][k] = simd::fma(weight, values[k], sums[r][k]);
                }
            }
        }
    }
#pragma GCC unroll 5
    for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 8
        for (int k = 0; k < all; ++k) {
            store_stretch(sums[r][k], y + r * stride + k * panel_width,
                          k + 1 < all ? panel_width : last);
        }
    }
}

/// y = p · values, head by head for `Rows` rows; several narrow heads at a time, so that values are
/// read in the order they lie in. `value(i, feature)` is where the numbers of position i begin.
template <int Rows, class Value>
HAT_INLINE_LONG void mix_values(int heads, int head_dim, MixOperand p, int positions,
                                const Value& value, float* y, std::ptrdiff_t stride) noexcept {
    constexpr int abreast = tile_panels(Rows);
    int head = 0;
    const auto tiles = [&]<int Heads, int Panels>() HAT_INLINE_LAMBDA {
        for (; head + Heads <= heads; head += Heads) {
            const int first = head * head_dim;
            mix_tile<Rows, Heads, Panels>(
                {p.data + head * p.head_stride, p.head_stride, p.row_stride}, positions,
                [&](int i) HAT_INLINE_LAMBDA { return value(i, first); }, y + first, stride,
                panel_width);
        }
    };
    if constexpr (abreast >= 4) {
        if (head_dim == panel_width) tiles.template operator()<abreast, 1>();
        if (head_dim == 2 * panel_width) tiles.template operator()<abreast / 2, 2>();
    }
    if constexpr (abreast >= 8) {
        if (head_dim == 4 * panel_width) tiles.template operator()<abreast / 4, 4>();
    }
    for (; head < heads; ++head) {
        const MixOperand own{p.data + head * p.head_stride, 0, p.row_stride};
        const int end = (head + 1) * head_dim;
        int first = head * head_dim;
        const auto panels = [&]<int Panels>() HAT_INLINE_LAMBDA {
            while (end - first > (Panels - 1) * panel_width) {
                const int left = end - first - (Panels - 1) * panel_width;
                mix_tile<Rows, 1, Panels>(
                    own, positions, [&](int i) HAT_INLINE_LAMBDA { return value(i, first); },
                    y + first, stride, left < panel_width ? left : panel_width);
                first += Panels * panel_width;
            }
        };
        if constexpr (abreast >= 4) panels.template operator()<4>();
        panels.template operator()<1>();
    }
}

}  // namespace detail

/// Bytes of scratch that scores of `rows` rows take, head by head.
constexpr std::size_t bytes_of_scores(int heads, int rows, int positions) noexcept {
    return Arena::bytes_of<float>(std::ptrdiff_t{heads} * rows * round_up(positions, panel_width));
}

namespace detail {

/// softmax(q · kᵀ / √head_dim), head by head, in `scratch`.
///
/// Shapes  result [heads · rows, positions rounded up to whole panels]
inline Matrix attention_to_memory(int heads, ConstMatrix q, PackedView keys, int positions,
                                  Arena& scratch) {
    const float scale = attention_scale(q.cols() / heads);
    const Matrix p = scratch.matrix(heads * q.rows(), round_up(positions, panel_width));
    score_panels(
        heads, q, keys.panels(), [&](int i) { return keys.data() + i * keys.panel_stride(); }, p);
    for (int i = 0; i < p.rows(); ++i) {
        row_softmax(p.row_data(i), positions, scale, p.row_data(i));
    }
    return p;
}

}  // namespace detail

/// y = softmax(q · kᵀ / √head_dim) · v, head by head; all rows see all positions.
///
/// Shapes  q, y [rows, heads·head_dim],  keys [positions, heads·head_dim] packed,
///         values [positions, heads·head_dim], with 16 more numbers that may be read behind them
inline void attend_to_memory(int heads, ConstMatrix q, PackedView keys, ConstMatrix values,
                             Matrix y, Arena& scratch) {
    HAT_ASSERT(q.cols() % heads == 0 && keys.inputs() == q.cols() && values.cols() == q.cols());
    const int rows = q.rows();
    const int positions = values.rows();
    const ArenaScope scope(scratch);
    const Matrix p = detail::attention_to_memory(heads, q, keys, positions, scratch);
    detail::for_row_tiles(rows, [&]<int Rows>(int row) HAT_INLINE_LAMBDA {
        detail::mix_values<Rows>(
            heads, q.cols() / heads, {p.row_data(row), rows * p.stride(), p.stride()}, positions,
            [&](int i, int feature) HAT_INLINE_LAMBDA { return values.row_data(i) + feature; },
            y.row_data(row), y.stride());
    });
}

/// How much each row attends to each position in `attend_to_memory`: the mean over the heads.
///
/// Shapes  q [rows, heads·head_dim],  keys [positions, heads·head_dim] packed,
///         attention [rows, positions]
inline void mean_attention_to_memory(int heads, ConstMatrix q, PackedView keys, Matrix attention,
                                     Arena& scratch) {
    HAT_ASSERT(q.cols() % heads == 0 && keys.inputs() == q.cols() && attention.rows() == q.rows());
    const ArenaScope scope(scratch);
    const Matrix p = detail::attention_to_memory(heads, q, keys, attention.cols(), scratch);
    for (int row = 0; row < q.rows(); ++row) {
        for (int i = 0; i < attention.cols(); ++i) {
            float sum = 0;
            for (int head = 0; head < heads; ++head) sum += p(head * q.rows() + row, i);
            attention(row, i) = sum / static_cast<float>(heads);
        }
    }
}

/// The same on a cache of pages, every row on its own prefix. Scores are made for all positions
/// that any row has; a row picks its own.
///
/// Shapes  q, y [rows, heads·head_dim],  keys [page][heads·head_dim][16],
///         values [place][heads·head_dim], with 16 more numbers that may be read behind them
inline void attend_to_prefixes(int heads, ConstMatrix q, const PagedPrefixes& prefixes,
                               const float* keys, const float* values, Matrix y, Arena& scratch) {
    const int width = q.cols();
    HAT_ASSERT(width % heads == 0);
    const int head_dim = width / heads;
    const int rows = q.rows();
    const int length = prefixes.length;
    const float scale = detail::attention_scale(head_dim);
    const ArenaScope scope(scratch);
    const Matrix scores = scratch.matrix(heads * rows, prefixes.page_count * panel_width);
    detail::score_panels(
        heads, q, prefixes.page_count,
        [&](int i) { return keys + std::ptrdiff_t{prefixes.pages[i]} * width * panel_width; },
        scores);
    Matrix p = scores;
    if (!prefixes.columns.empty()) {
        p = scratch.matrix(heads * rows, round_up(length, panel_width));
        for (int i = 0; i < p.rows(); ++i) {
            const int* const columns = prefixes.columns.row_data(i % rows);
            for (int t = 0; t < length; ++t) p(i, t) = scores(i, columns[t]);
        }
    }
    for (int i = 0; i < p.rows(); ++i) row_softmax(p.row_data(i), length, scale, p.row_data(i));
    for (int row = 0; row < rows; ++row) {
        const int* const places = prefixes.places.row_data(row);
        detail::mix_values<1>(
            heads, head_dim, {p.row_data(row), rows * p.stride(), 0}, length,
            [&](int i, int feature)
                HAT_INLINE_LAMBDA { return values + std::ptrdiff_t{places[i]} * width + feature; },
            y.row_data(row), y.stride());
    }
}

}  // namespace hat::kernels
