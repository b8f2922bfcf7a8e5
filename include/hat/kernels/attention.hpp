// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/arena.hpp>
#include <hat/core/matrix_view.hpp>
#include <hat/core/ragged.hpp>
#include <hat/kernels/dropout.hpp>
#include <hat/kernels/packed_gemm.hpp>
#include <hat/kernels/softmax.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>

/// Multi-head attention on ragged batches (Vaswani et al., arXiv:1706.03762, §3.2). Head h owns the
/// features h·head_dim … (h+1)·head_dim − 1 of queries, keys and values. Query sentence i sees the
/// keys of key sentence i, all of them or (causal) those up to itself.
namespace hat::kernels {

/// Who attends to whom: queries of a sentence to keys of the same one, all or those up to their own
/// position.
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

/// One head of one sentence: its queries, its keys, and where its probabilities begin.
struct HeadBlock {
    int first_query;
    int queries;
    int first_key;
    int keys;
    int first_feature;
    int head_dim;
    std::ptrdiff_t offset;
    int stride;  ///< of a row of probabilities

    /// What belongs to it of a matrix with a row per query token.
    template <class View>
    [[nodiscard]] View of_queries(View m) const noexcept {
        return m.middle_rows(first_query, queries).middle_cols(first_feature, head_dim);
    }
    /// The same with a row per key token.
    template <class View>
    [[nodiscard]] View of_keys(View m) const noexcept {
        return m.middle_rows(first_key, keys).middle_cols(first_feature, head_dim);
    }
    /// A matrix [queries, keys] at `data`.
    template <class T>
    [[nodiscard]] MatrixView<T> scores(T* data) const noexcept {
        return {data, queries, keys, stride};
    }
    /// Floats between its probabilities and those of the next block.
    [[nodiscard]] constexpr std::ptrdiff_t size() const noexcept {
        return std::ptrdiff_t{queries} * stride;
    }
};

/// Calls `body(block)` for every sentence and head, in the order in which probabilities are kept.
template <class Body>
constexpr void for_each_head(const AttentionShape& shape, int head_dim, const Body& body) {
    std::ptrdiff_t offset = 0;
    for (int s = 0; s < shape.queries.sentences(); ++s) {
        const int keys = shape.keys.length(s);
        for (int head = 0; head < shape.heads; ++head) {
            const HeadBlock block{shape.queries.begin(s),
                                  shape.queries.length(s),
                                  shape.keys.begin(s),
                                  keys,
                                  head * head_dim,
                                  head_dim,
                                  offset,
                                  probability_stride(keys)};
            body(block);
            offset += block.size();
        }
    }
}

/// dp = scale · p ∘ (dp − Σ p ∘ dp): from the gradient of probabilities to that of scaled scores.
HAT_INLINE_LONG void softmax_row_backward(const float* p, int n, float scale, float* dp) noexcept {
    simd::Lanes sum = simd::zero();
    for_stretches(n, [&](int j, int count) HAT_INLINE_LAMBDA {
        sum = simd::fma(load_stretch(p + j, count), load_stretch(dp + j, count), sum);
    });
    const simd::Lanes mean = simd::broadcast(simd::sum(sum));
    const simd::Lanes factor = simd::broadcast(scale);
    for_stretches(n, [&](int j, int count) HAT_INLINE_LAMBDA {
        const simd::Lanes d = load_stretch(dp + j, count) - mean;
        store_stretch(load_stretch(p + j, count) * d * factor, dp + j, count);
    });
}

}  // namespace detail

/// Floats that the probabilities of all heads and sentences take.
constexpr std::ptrdiff_t attention_probabilities_size(const AttentionShape& shape) noexcept {
    std::ptrdiff_t size = 0;
    detail::for_each_head(shape, 0, [&](const detail::HeadBlock& block) { size += block.size(); });
    return size;
}

/// Bytes of scratch that `attention` takes in evaluation.
constexpr std::size_t bytes_of_attention(const AttentionShape& shape, int width) noexcept {
    const int head_dim = width / shape.heads;
    const int longest = shape.keys.max_length();
    const std::size_t keys = Arena::bytes_of<float>(packed_size(longest, head_dim));
    if (head_dim % panel_width == 0) return keys;
    return keys + Arena::bytes_of<float>(packed_size(head_dim, longest));
}

/// y = dropout(softmax(q · kᵀ / √head_dim)) · v, head by head. The probabilities before dropout are
/// kept for the backward pass.
///
/// Shapes  q, y [query tokens, heads·head_dim],  k, v [key tokens, heads·head_dim],
///         probabilities [attention_probabilities_size]
inline void attention(const AttentionShape& shape, const Dropout& drop, ConstMatrix q,
                      ConstMatrix k, ConstMatrix v, float* probabilities, Matrix y,
                      Arena& scratch) {
    HAT_ASSERT(q.cols() % shape.heads == 0 && k.cols() == q.cols() && v.cols() == q.cols());
    const int head_dim = q.cols() / shape.heads;
    const float scale = 1.0F / std::sqrt(static_cast<float>(head_dim));
    detail::for_each_head(shape, head_dim, [&](const detail::HeadBlock& block) {
        const ArenaScope scope(scratch);
        const Matrix p = block.scores(probabilities + block.offset);
        detail::small_gemm_nt(block.of_queries(q), block.of_keys(k), p, scratch);
        for (int i = 0; i < block.queries; ++i) {
            float* const row = p.row_data(i);
            const int visible = shape.causal ? i + 1 : block.keys;
            row_softmax(row, visible, scale, row);
            for (int j = visible; j < block.keys; ++j) row[j] = 0.0F;
        }
        Matrix dropped = p;
        if (drop.active()) {
            dropped = block.scores(scratch.allocate<float>(block.size()));
            detail::drop_probabilities(drop, static_cast<std::uint32_t>(block.offset), p, dropped);
        }
        detail::small_gemm(detail::rows_of(dropped), block.queries, block.of_keys(v),
                           {.y = block.of_queries(y)}, scratch);
    });
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
    detail::for_each_head(shape, head_dim, [&](const detail::HeadBlock& block) {
        const ArenaScope scope(scratch);
        const ConstMatrix p = block.scores(probabilities + block.offset);
        const ConstMatrix up = block.of_queries(dy);
        const Matrix ds = block.scores(scratch.allocate<float>(block.size()));
        detail::small_gemm_nt(up, block.of_keys(v), ds, scratch);
        ConstMatrix dropped = p;
        if (drop.active()) {
            const auto first = static_cast<std::uint32_t>(block.offset);
            const Matrix masked = block.scores(scratch.allocate<float>(block.size()));
            detail::drop_probabilities(drop, first, p, masked);
            dropped = masked;
            detail::drop_probabilities(drop, first, ds, ds);
        }
        detail::small_gemm(detail::columns_of(dropped), block.keys, up,
                           {.y = block.of_keys(gradients.dv), .accumulate = gradients.accumulate_v},
                           scratch);
        for (int i = 0; i < block.queries; ++i) {
            detail::softmax_row_backward(p.row_data(i), block.keys, scale, ds.row_data(i));
        }
        detail::small_gemm(
            detail::rows_of(ds), block.queries, block.of_keys(k),
            {.y = block.of_queries(gradients.dq), .accumulate = gradients.accumulate_q}, scratch);
        detail::small_gemm(detail::columns_of(ds), block.keys, block.of_queries(q),
                           {.y = block.of_keys(gradients.dk), .accumulate = gradients.accumulate_k},
                           scratch);
    });
}

}  // namespace hat::kernels
