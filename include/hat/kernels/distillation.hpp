// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/arena.hpp>
#include <hat/core/matrix_view.hpp>
#include <hat/core/simd_math.hpp>
#include <hat/kernels/cross_entropy.hpp>
#include <hat/kernels/gemm.hpp>
#include <hat/kernels/packed_gemm.hpp>
#include <hat/kernels/softmax.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

namespace hat::kernels {

/// What a teacher says of the same tokens, and how much that counts.
///
/// Shapes  states [tokens, teacher dim],  weight [vocab_size, teacher dim]
struct SoftTargets {
    ConstMatrix states{};
    ConstMatrix weight{};
    float share = 0.5F;        ///< α in [0, 1]: 0 does not listen, 1 sees no target
    float temperature = 1.0F;  ///< T > 0, which both distributions are softened by
};

namespace detail {

/// Σ exp(s·l − s·maximum) over a row of logits, gathered block by block.
struct SoftSum {
    float maximum = -std::numeric_limits<float>::infinity();
    float exponentials = 0;

    /// By what sums over earlier blocks shrink because a block has a larger maximum.
    float raise(float maximum_of_block, float s) noexcept {
        const float top = std::max(maximum, maximum_of_block);
        const float factor = std::exp(s * (maximum - top));
        maximum = top;
        exponentials *= factor;
        return factor;
    }
    [[nodiscard]] double log_sum(float s) const noexcept {
        return static_cast<double>(s * maximum) + std::log(static_cast<double>(exponentials));
    }
};

/// What the Kullback–Leibler divergence of a row needs, with s = 1/T, teacher t and student l.
struct DivergenceStatistics {
    SoftSum teacher;
    SoftSum student;
    float difference = 0;  ///< Σ exp(s·t − s·maximum) · s·(t − l)

    HAT_INLINE_LONG void add(const float* t, const float* l, int n, float s) noexcept {
        difference *= teacher.raise(row_max(t, n), s);
        student.raise(row_max(l, n), s);
        const simd::Lanes scale = simd::broadcast(s);
        const simd::Lanes t_shift = simd::broadcast(-s * teacher.maximum);
        const simd::Lanes l_shift = simd::broadcast(-s * student.maximum);
        simd::Lanes t_total = simd::zero();
        simd::Lanes l_total = simd::zero();
        simd::Lanes weighted = simd::zero();
        for_stretches(n, [&](int j, int count) HAT_INLINE_LAMBDA {
            const simd::Lanes t_logit = load_stretch(t + j, count);
            const simd::Lanes l_logit = load_stretch(l + j, count);
            simd::Lanes p = simd::exp(simd::fma(t_logit, scale, t_shift));
            simd::Lanes q = simd::exp(simd::fma(l_logit, scale, l_shift));
            if (count < simd::lanes) {
                p = simd::keep_first(p, count, 0.0F);
                q = simd::keep_first(q, count, 0.0F);
            }
            t_total = t_total + p;
            l_total = l_total + q;
            weighted = simd::fma(p, (t_logit - l_logit) * scale, weighted);
        });
        teacher.exponentials += simd::sum(t_total);
        student.exponentials += simd::sum(l_total);
        difference += simd::sum(weighted);
    }

    /// Σ p · (log p − log q)
    [[nodiscard]] double divergence(float s) const noexcept {
        return static_cast<double>(difference) / static_cast<double>(teacher.exponentials) -
               teacher.log_sum(s) + student.log_sum(s);
    }
};

}  // namespace detail

/// Cross entropy with a teacher (word-level distillation, arXiv:1503.02531 and arXiv:1606.07947),
/// summed over tokens, and its gradients: with student logits l = x · weightᵀ and teacher logits t,
///
///     loss = (1 − α) · label-smoothed cross entropy(l) + α · T² · KL(softmax(t/T) ‖ softmax(l/T)).
///
/// T² keeps the size of the gradient. The teacher gets none. As in `cross_entropy`, the logits of
/// both exist for a few hundred tokens at a time. Of the result, `loss` is the above, `nll` the
/// student's alone.
///
/// Shapes  x [tokens, dim],  weight [vocab_size, dim],  targets [tokens]
/// Cost    tokens · vocab_size · (3 · dim + teacher dim) multiply-adds with gradients
inline CrossEntropy distilled_cross_entropy(ConstMatrix x, ConstMatrix weight,
                                            std::span<const int> targets, float smoothing,
                                            const SoftTargets& teacher,
                                            const CrossEntropyGradients& gradients,
                                            Arena& scratch) {
    HAT_ASSERT(teacher.states.rows() == x.rows() && teacher.weight.rows() == weight.rows());
    HAT_ASSERT(teacher.temperature > 0);
    constexpr int block = detail::words_per_block;
    const ArenaScope scope(scratch);
    const int vocab_size = weight.rows();
    const int widest = std::max(x.cols(), teacher.states.cols());
    const bool wants_gradients = !gradients.dx.empty();
    const int blocks = (vocab_size + block - 1) / block;
    const int most_rows = std::max(8, detail::max_kept_logits / (2 * blocks * block));
    const int chunks = (x.rows() + most_rows - 1) / most_rows;
    const int chunk_rows = chunks == 0 ? 0 : (x.rows() + chunks - 1) / chunks;
    const std::ptrdiff_t kept = std::ptrdiff_t{chunk_rows} * block * (wants_gradients ? blocks : 1);
    float* const packed = scratch.allocate<float>(packed_size(block, widest));
    float* const student_logits = scratch.allocate<float>(kept);
    float* const teacher_logits = scratch.allocate<float>(kept);
    auto* const statistics = scratch.allocate<detail::LogitStatistics>(chunk_rows);
    auto* const divergences = scratch.allocate<detail::DivergenceStatistics>(chunk_rows);
    float* const target_logits = scratch.allocate<float>(chunk_rows);
    const float s = 1.0F / teacher.temperature;
    const double hard = 1.0 - static_cast<double>(teacher.share);
    const double soft = static_cast<double>(teacher.share) *
                        static_cast<double>(teacher.temperature) *
                        static_cast<double>(teacher.temperature);
    CrossEntropy result;

    for (int first = 0; first < x.rows(); first += chunk_rows) {
        const int rows = std::min(chunk_rows, x.rows() - first);
        const ConstMatrix part = x.middle_rows(first, rows);
        const ConstMatrix teacher_part = teacher.states.middle_rows(first, rows);
        const int* const wanted = targets.data() + first;
        const auto block_of = [&](float* logits, int b) {
            const std::ptrdiff_t offset = wants_gradients ? std::ptrdiff_t{b} * rows * block : 0;
            return Matrix(logits + offset, rows, std::min(block, vocab_size - b * block), block);
        };

        std::fill_n(statistics, rows, detail::LogitStatistics{});
        std::fill_n(divergences, rows, detail::DivergenceStatistics{});
        for (int b = 0; b < blocks; ++b) {
            const Matrix l = block_of(student_logits, b);
            const Matrix t = block_of(teacher_logits, b);
            packed_gemm(part, pack(weight.middle_rows(b * block, l.cols()), packed), {.y = l});
            packed_gemm(teacher_part, pack(teacher.weight.middle_rows(b * block, t.cols()), packed),
                        {.y = t});
            for (int i = 0; i < rows; ++i) {
                statistics[i].add(l.row_data(i), l.cols());
                divergences[i].add(t.row_data(i), l.row_data(i), l.cols(), s);
                const int word = wanted[i] - b * block;
                if (0 <= word && word < l.cols()) target_logits[i] = l(i, word);
            }
        }
        for (int i = 0; i < rows; ++i) {
            const auto& row = statistics[i];
            const double log_sum =
                static_cast<double>(row.maximum) + std::log(static_cast<double>(row.exponentials));
            const double nll = log_sum - static_cast<double>(target_logits[i]);
            const auto epsilon = static_cast<double>(smoothing);
            result.nll += nll;
            result.loss +=
                hard * ((1.0 - epsilon) * nll + epsilon * (log_sum - row.sum / vocab_size)) +
                soft * divergences[i].divergence(s);
            statistics[i].maximum = static_cast<float>(log_sum);  // all that the second pass needs
            divergences[i].teacher.maximum = static_cast<float>(divergences[i].teacher.log_sum(s));
            divergences[i].student.maximum = static_cast<float>(divergences[i].student.log_sum(s));
        }
        if (!wants_gradients) continue;

        const Matrix dx = gradients.dx.middle_rows(first, rows);
        const auto hard_share = static_cast<float>(hard);
        const simd::Lanes hards = simd::broadcast(hard_share);
        const simd::Lanes softs = simd::broadcast(teacher.share * teacher.temperature);
        const simd::Lanes scale = simd::broadcast(s);
        const simd::Lanes uniform =
            simd::broadcast(hard_share * smoothing / static_cast<float>(vocab_size));
        for (int b = blocks - 1; b >= 0; --b) {
            const Matrix l = block_of(student_logits, b);
            const Matrix t = block_of(teacher_logits, b);
            for (int i = 0; i < rows; ++i) {
                const simd::Lanes l_sum = simd::broadcast(statistics[i].maximum);
                const simd::Lanes p_sum = simd::broadcast(-divergences[i].teacher.maximum);
                const simd::Lanes q_sum = simd::broadcast(-divergences[i].student.maximum);
                detail::for_stretches(l.cols(), [&](int j, int n) HAT_INLINE_LAMBDA {
                    float* const at = l.row_data(i) + j;
                    const simd::Lanes l_logit = detail::load_stretch(at, n);
                    const simd::Lanes t_logit = detail::load_stretch(t.row_data(i) + j, n);
                    const simd::Lanes p = simd::exp(simd::fma(t_logit, scale, p_sum));
                    const simd::Lanes q = simd::exp(simd::fma(l_logit, scale, q_sum));
                    const simd::Lanes d =
                        simd::fma(hards, simd::exp(l_logit - l_sum), softs * (q - p)) - uniform;
                    detail::store_stretch(d, at, n);
                });
                const int word = wanted[i] - b * block;
                if (0 <= word && word < l.cols()) l(i, word) -= hard_share * (1.0F - smoothing);
            }
            gemm_nn(l, weight.middle_rows(b * block, l.cols()),
                    {.y = dx, .accumulate = gradients.accumulate_x || b + 1 < blocks}, scratch);
            if (gradients.dweight.empty()) continue;
            gemm_tn(l, part,
                    {.y = gradients.dweight.middle_rows(b * block, l.cols()), .accumulate = true},
                    scratch);
        }
    }
    return result;
}

}  // namespace hat::kernels
