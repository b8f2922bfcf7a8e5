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
/// Shapes  pages [page_count],  columns, places [rows, length]; without `columns`, position i of the
///         one row is in column i
struct PagedPrefixes {
    const int* pages = nullptr;
    int page_count = 0;
    int length = 0;
    MatrixView<const int> columns;
    MatrixView<const int> places;
};

namespace detail {

/// y = Σ_i weights[i] · values[rows[i]] over `n` rows of `Panels` panels, `cols` numbers.
template <int Panels>
HAT_INLINE void sum_rows(const float* weights, const int* rows, int n, const float* values,
                         std::ptrdiff_t stride, int cols, float* y) noexcept {
    simd::Lanes sums[std::size_t{Panels}];
    for (auto& sum : sums) sum = simd::zero();
    for (int i = 0; i < n; ++i) {
        const float* const row = values + rows[i] * stride;
        const simd::Lanes weight = simd::broadcast(weights[i]);
#pragma GCC unroll 4
        for (int p = 0; p < Panels; ++p) {
            sums[p] = simd::fma(weight, simd::load(row + p * panel_width), sums[p]);
        }
    }
#pragma GCC unroll 4
    for (int p = 0; p < Panels; ++p) {
        const int first = p * panel_width;
        store_stretch(sums[p], y + first, cols - first < panel_width ? cols - first : panel_width);
    }
}

/// The same for any number of columns.
inline void sum_rows(const float* weights, const int* rows, int n, const float* values,
                     std::ptrdiff_t stride, int cols, float* y) noexcept {
    int first = 0;
    for (; cols - first > 3 * panel_width; first += 4 * panel_width) {
        sum_rows<4>(weights, rows, n, values + first, stride, cols - first, y + first);
    }
    if (cols - first > panel_width) {
        sum_rows<2>(weights, rows, n, values + first, stride, cols - first, y + first);
        first += 2 * panel_width;
    }
    if (cols > first) {
        sum_rows<1>(weights, rows, n, values + first, stride, cols - first, y + first);
    }
}

inline float attention_scale(int head_dim) noexcept {
    return 1.0F / std::sqrt(static_cast<float>(head_dim));
}

}  // namespace detail

/// y = softmax(q · kᵀ / √head_dim) · v, head by head; all rows see all positions.
///
/// Shapes  q, y [rows, heads·head_dim],  keys [positions, heads·head_dim] packed,
///         values [positions, heads·head_dim], with 16 more numbers that may be read behind them
inline void attend_to_memory(int heads, ConstMatrix q, PackedView keys, ConstMatrix values,
                             Matrix y, Arena& scratch) {
    const int head_dim = q.cols() / heads;
    const float scale = detail::attention_scale(head_dim);
    const int positions = values.rows();
    const ArenaScope scope(scratch);
    const Matrix p = scratch.matrix(q.rows(), round_up(positions, panel_width));
    const Matrix scores = p.left_cols(positions);
    for (int head = 0; head < heads; ++head) {
        const int first = head * head_dim;
        packed_gemm(q.middle_cols(first, head_dim),
                    {keys.data() + first * panel_width, positions, head_dim, keys.panel_stride()},
                    {.y = scores});
        for (int i = 0; i < scores.rows(); ++i) {
            row_softmax(scores.row_data(i), positions, scale, scores.row_data(i));
        }
        const Matrix to = y.middle_cols(first, head_dim);
        detail::compute_panels({p.data(), p.stride(), 1}, p.rows(),
                               {values.data() + first, panel_width, values.stride()}, positions, 0,
                               (head_dim + panel_width - 1) / panel_width, {.y = to});
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
    const int head_dim = width / heads;
    const float scale = detail::attention_scale(head_dim);
    const int length = prefixes.length;
    const ArenaScope scope(scratch);
    const Matrix scores = scratch.matrix(q.rows(), prefixes.page_count * panel_width);
    float* const own = scratch.allocate<float>(round_up(length, panel_width));
    for (int head = 0; head < heads; ++head) {
        const int first = head * head_dim;
        const LeftOperand left{q.data() + first, q.stride(), 1};
        for (int page = 0; page < prefixes.page_count; ++page) {
            const float* const panel =
                keys + (std::ptrdiff_t{prefixes.pages[page]} * width + first) * panel_width;
            detail::compute_panels(left, q.rows(), {panel, 0, panel_width}, head_dim, 0, 1,
                                   {.y = scores.middle_cols(page * panel_width, panel_width)});
        }
        for (int i = 0; i < q.rows(); ++i) {
            float* p = scores.row_data(i);
            if (!prefixes.columns.empty()) {
                const int* const columns = prefixes.columns.row_data(i);
                for (int t = 0; t < length; ++t) own[t] = p[columns[t]];
                p = own;
            }
            row_softmax(p, length, scale, p);
            detail::sum_rows(p, prefixes.places.row_data(i), length, values + first, width,
                             head_dim, y.row_data(i) + first);
        }
    }
}

}  // namespace hat::kernels
