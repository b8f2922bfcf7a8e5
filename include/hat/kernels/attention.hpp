// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/arena.hpp>
#include <hat/core/matrix_view.hpp>
#include <hat/core/ragged.hpp>
#include <hat/kernels/dropout.hpp>
#include <hat/kernels/packed_gemm.hpp>
#include <hat/kernels/softmax.hpp>

#include <cmath>
#include <cstddef>

/// Multi-head attention on ragged batches (Vaswani et al., arXiv:1706.03762, §3.2; spec/hat.md,
/// section 4). Head h owns the features h·head_dim … (h+1)·head_dim − 1 of queries, keys and
/// values. Query sentence i sees the keys of key sentence i, all of them or (causal) those up to
/// itself.
namespace hat::kernels {

struct AttentionShape {
    Ragged queries;
    Ragged keys;  ///< as many sentences as `queries`
    int heads;
    bool causal;
};

namespace detail {

/// Rows of probabilities are this far apart: a whole number of panels.
constexpr int probability_stride(int keys) noexcept {
    return round_up(keys, panel_width);
}

/// `right` [inputs, n] as an operand, in place if its columns are whole panels, else repacked.
inline RightOperand column_operand(ConstMatrix right, Arena& scratch) {
    if (right.cols() % panel_width == 0) return {right.data(), panel_width, right.stride()};
    const std::ptrdiff_t panel_stride = std::ptrdiff_t{right.rows()} * panel_width;
    const int panels = (right.cols() + panel_width - 1) / panel_width;
    float* const packed = scratch.allocate<float>(panel_stride * panels);
    for (int p = 0; p < panels; ++p) pack_column_panel(right, p, packed + p * panel_stride);
    return {packed, panel_stride, panel_width};
}

/// y (+)= left · right for small operands.
inline void small_gemm(LeftOperand left, int rows, ConstMatrix right, const Output& output,
                       Arena& scratch) {
    const int panels = (right.cols() + panel_width - 1) / panel_width;
    compute_panels(left, rows, column_operand(right, scratch), right.rows(), 0, panels, output);
}

inline LeftOperand rows_of(ConstMatrix x) noexcept {
    return {x.data(), x.stride(), 1};
}
inline LeftOperand columns_of(ConstMatrix x) noexcept {
    return {x.data(), 1, x.stride()};
}

/// y = x · wᵀ for small operands, packing `w`.
inline void small_gemm_nt(ConstMatrix x, ConstMatrix w, Matrix y, Arena& scratch) {
    float* const packed = scratch.allocate<float>(packed_size(w.rows(), w.cols()));
    packed_gemm(x, pack(w, packed), {.y = y});
}

/// y = p ∘ mask, the elements of row i numbered from first + i · stride on.
inline void drop_probabilities(const Dropout& drop, std::uint32_t first, ConstMatrix p,
                               Matrix y) noexcept {
    for (int i = 0; i < p.rows(); ++i) {
        const std::uint32_t row = first + static_cast<std::uint32_t>(i * p.stride());
        for_stretches(p.cols(), [&](int j, int n) HAT_INLINE_LAMBDA {
            store_stretch(load_stretch(p.row_data(i) + j, n) *
                              drop.factors(row + static_cast<std::uint32_t>(j)),
                          y.row_data(i) + j, n);
        });
    }
}

}  // namespace detail

/// Floats that the probabilities of all heads and sentences take.
inline std::ptrdiff_t attention_probabilities_size(const AttentionShape& shape) noexcept {
    std::ptrdiff_t size = 0;
    for (int s = 0; s < shape.queries.sentences(); ++s) {
        size += std::ptrdiff_t{shape.queries.length(s)} *
                detail::probability_stride(shape.keys.length(s));
    }
    return size * shape.heads;
}

/// y = dropout(softmax(q · kᵀ / √head_dim)) · v, head by head. The probabilities before dropout are
/// kept for the backward pass.
///
/// Shapes  q, y [query tokens, heads·head_dim],  k, v [key tokens, heads·head_dim],
///         probabilities [attention_probabilities_size]
inline void attention(const AttentionShape& shape, const Dropout& drop, ConstMatrix q,
                      ConstMatrix k, ConstMatrix v, float* probabilities, Matrix y,
                      Arena& scratch) {
    const int head_dim = q.cols() / shape.heads;
    const float scale = 1.0F / std::sqrt(static_cast<float>(head_dim));
    std::ptrdiff_t offset = 0;
    for (int s = 0; s < shape.queries.sentences(); ++s) {
        const int rows = shape.queries.length(s);
        const int keys = shape.keys.length(s);
        const int stride = detail::probability_stride(keys);
        const auto part = [&](auto m, const Ragged& ragged, int head) {
            return m.middle_rows(ragged.begin(s), ragged.length(s))
                .middle_cols(head * head_dim, head_dim);
        };
        for (int head = 0; head < shape.heads; ++head) {
            const ArenaScope scope(scratch);
            const Matrix p(probabilities + offset, rows, keys, stride);
            detail::small_gemm_nt(part(q, shape.queries, head), part(k, shape.keys, head), p,
                                  scratch);
            for (int i = 0; i < rows; ++i) {
                float* const row = p.row_data(i);
                const int visible = shape.causal ? i + 1 : keys;
                row_softmax(row, visible, scale, row);
                for (int j = visible; j < keys; ++j) row[j] = 0.0F;
            }
            Matrix dropped = p;
            if (drop.active()) {
                dropped = Matrix(scratch.allocate<float>(std::ptrdiff_t{rows} * stride), rows, keys,
                                 stride);
                detail::drop_probabilities(drop, static_cast<std::uint32_t>(offset), p, dropped);
            }
            detail::small_gemm(detail::rows_of(dropped), rows, part(v, shape.keys, head),
                               {.y = part(y, shape.queries, head)}, scratch);
            offset += std::ptrdiff_t{rows} * stride;
        }
    }
}

/// Where the gradients of `attention` go, and whether to add to what is there.
struct AttentionGradients {
    Matrix dq;
    Matrix dk;
    Matrix dv;
    bool accumulate_q = false;
    bool accumulate_k = false;
    bool accumulate_v = false;
};

/// Gradients of `attention`, with P the probabilities and M the dropout factors:
///
///     dV = (P ∘ M)ᵀ · dy,   dP = (dy · Vᵀ) ∘ M,   dS = P ∘ (dP − rowsum(P ∘ dP)),
///     dQ = dS · K / √head_dim,   dK = dSᵀ · Q / √head_dim
///
/// Shapes  as in the forward pass
inline void attention_backward(const AttentionShape& shape, const Dropout& drop, ConstMatrix q,
                               ConstMatrix k, ConstMatrix v, const float* probabilities,
                               ConstMatrix dy, const AttentionGradients& gradients,
                               Arena& scratch) {
    const int head_dim = q.cols() / shape.heads;
    const float scale = 1.0F / std::sqrt(static_cast<float>(head_dim));
    std::ptrdiff_t offset = 0;
    for (int s = 0; s < shape.queries.sentences(); ++s) {
        const int rows = shape.queries.length(s);
        const int keys = shape.keys.length(s);
        const int stride = detail::probability_stride(keys);
        const auto part = [&](auto m, const Ragged& ragged, int head) {
            return m.middle_rows(ragged.begin(s), ragged.length(s))
                .middle_cols(head * head_dim, head_dim);
        };
        for (int head = 0; head < shape.heads; ++head) {
            const ArenaScope scope(scratch);
            const ConstMatrix p(probabilities + offset, rows, keys, stride);
            const ConstMatrix up = part(dy, shape.queries, head);
            const std::ptrdiff_t size = std::ptrdiff_t{rows} * stride;
            const Matrix ds(scratch.allocate<float>(size), rows, keys, stride);
            detail::small_gemm_nt(up, part(v, shape.keys, head), ds, scratch);
            ConstMatrix dropped = p;
            if (drop.active()) {
                const auto first = static_cast<std::uint32_t>(offset);
                const Matrix masked(scratch.allocate<float>(size), rows, keys, stride);
                detail::drop_probabilities(drop, first, p, masked);
                dropped = masked;
                detail::drop_probabilities(drop, first, ds, ds);
            }
            detail::small_gemm(
                detail::columns_of(dropped), keys, up,
                {.y = part(gradients.dv, shape.keys, head), .accumulate = gradients.accumulate_v},
                scratch);
            for (int i = 0; i < rows; ++i) {
                simd::Lanes sum = simd::zero();
                detail::for_stretches(keys, [&](int j, int n) HAT_INLINE_LAMBDA {
                    sum = simd::fma(detail::load_stretch(p.row_data(i) + j, n),
                                    detail::load_stretch(ds.row_data(i) + j, n), sum);
                });
                const simd::Lanes mean = simd::broadcast(simd::sum(sum));
                const simd::Lanes factor = simd::broadcast(scale);
                detail::for_stretches(keys, [&](int j, int n) HAT_INLINE_LAMBDA {
                    const simd::Lanes d = detail::load_stretch(ds.row_data(i) + j, n) - mean;
                    detail::store_stretch(detail::load_stretch(p.row_data(i) + j, n) * d * factor,
                                          ds.row_data(i) + j, n);
                });
            }
            detail::small_gemm(detail::rows_of(ds), rows, part(k, shape.keys, head),
                               {.y = part(gradients.dq, shape.queries, head),
                                .accumulate = gradients.accumulate_q},
                               scratch);
            detail::small_gemm(
                detail::columns_of(ds), keys, part(q, shape.queries, head),
                {.y = part(gradients.dk, shape.keys, head), .accumulate = gradients.accumulate_k},
                scratch);
            offset += size;
        }
    }
}

}  // namespace hat::kernels
