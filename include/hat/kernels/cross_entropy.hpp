// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/arena.hpp>
#include <hat/core/matrix_view.hpp>
#include <hat/core/simd_math.hpp>
#include <hat/kernels/gemm.hpp>
#include <hat/kernels/packed_gemm.hpp>
#include <hat/kernels/softmax.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

namespace hat::kernels {

/// Sums over tokens, in natural logarithms.
struct CrossEntropy {
    double loss = 0;  ///< label-smoothed
    double nll = 0;   ///< without smoothing

    CrossEntropy& operator+=(const CrossEntropy& other) noexcept {
        loss += other.loss;
        nll += other.nll;
        return *this;
    }
};

/// What the gradient of the summed loss is added to; empty if it is not wanted.
struct CrossEntropyGradients {
    Matrix dx{};                ///< [tokens, dim]
    Matrix dweight{};           ///< as the weight, always added to
    bool accumulate_x = false;  ///< whether to add to `dx` too
    Matrix dmore{};             ///< as the rows that are stored elsewhere, always added to
};

/// The weight of a softmax: a row a word. The last rows may be stored elsewhere.
struct WordRows {
    ConstMatrix weight;
    ConstMatrix more{};

    [[nodiscard]] int rows() const noexcept { return weight.rows() + more.rows(); }
};

namespace detail {

/// Words whose logits are worked on together: their weights stay in the second-level cache.
inline constexpr int words_per_block = 256;

/// Logits kept between the two passes, at most (20 MB).
inline constexpr int max_kept_logits = 5 * 1024 * 1024;

/// A block of words: its weights, their gradients (if wanted), and the number of its first word.
struct WordBlock {
    ConstMatrix rows;
    Matrix drows;
    int first;
};

/// All blocks of a weight in order; a block lies in one of its parts.
class WordBlocks {
public:
    WordBlocks(const WordRows& words, const CrossEntropyGradients& gradients) noexcept
        : words_(words), gradients_(gradients), of_weight_(blocks(words.weight.rows())),
          size_(of_weight_ + blocks(words.more.rows())) {}

    [[nodiscard]] int size() const noexcept { return size_; }
    [[nodiscard]] WordBlock operator[](int b) const noexcept {
        if (b < of_weight_) return block(words_.weight, gradients_.dweight, b, 0);
        return block(words_.more, gradients_.dmore, b - of_weight_, words_.weight.rows());
    }

private:
    static int blocks(int rows) noexcept { return (rows + words_per_block - 1) / words_per_block; }
    static WordBlock block(ConstMatrix part, Matrix dpart, int b, int first) noexcept {
        const int begin = b * words_per_block;
        const int n = std::min(words_per_block, part.rows() - begin);
        return {part.middle_rows(begin, n), dpart.empty() ? dpart : dpart.middle_rows(begin, n),
                first + begin};
    }

    WordRows words_;
    CrossEntropyGradients gradients_;
    int of_weight_;
    int size_;
};

/// Maximum, Σ exp(l − maximum) and Σ l of a row of logits, gathered block by block.
struct LogitStatistics {
    float maximum = -std::numeric_limits<float>::infinity();
    float exponentials = 0;
    double sum = 0;

    HAT_INLINE_LONG void add(const float* logits, int n) noexcept {
        const float top = std::max(maximum, row_max(logits, n));
        simd::Lanes total = simd::zero();
        simd::Lanes exponential = simd::zero();
        const simd::Lanes shift = simd::broadcast(top);
        for_stretches(n, [&](int j, int count) HAT_INLINE_LAMBDA {
            const simd::Lanes l = load_stretch(logits + j, count);
            total = total + l;
            simd::Lanes e = simd::exp(l - shift);
            if (count < simd::lanes) e = simd::keep_first(e, count, 0.0F);
            exponential = exponential + e;
        });
        exponentials = exponentials * std::exp(maximum - top) + simd::sum(exponential);
        maximum = top;
        sum += static_cast<double>(simd::sum(total));
    }
    [[nodiscard]] double log_sum() const noexcept {
        return static_cast<double>(maximum) + std::log(static_cast<double>(exponentials));
    }
};

[[nodiscard]] inline CrossEntropy loss_of_row(const LogitStatistics& row, float target_logit,
                                              float smoothing, int vocab_size) noexcept {
    const double log_sum = row.log_sum();
    const double nll = log_sum - static_cast<double>(target_logit);
    return {(1.0 - static_cast<double>(smoothing)) * nll +
                static_cast<double>(smoothing) * (log_sum - row.sum / vocab_size),
            nll};
}

}  // namespace detail

/// Label-smoothed cross entropy of the logits x · weightᵀ, summed over tokens, and its gradients:
/// with log-probabilities l,
///
///     loss = (1 − ε) · (−l[target]) + ε / vocab_size · Σ_v (−l[v]).
///
/// The logits exist for a few hundred tokens at a time: a first pass makes them block by block and
/// gathers what the softmax needs, a second turns each block into its gradient and multiplies it
/// while it is in cache.
///
/// Shapes  x [tokens, dim],  weight [vocab_size, dim],  targets [tokens]
/// Cost    3 · tokens · dim · vocab_size multiply-adds with gradients, a third without
inline CrossEntropy cross_entropy(ConstMatrix x, const WordRows& weight,
                                  std::span<const int> targets, float smoothing,
                                  const CrossEntropyGradients& gradients, Arena& scratch) {
    constexpr int block = detail::words_per_block;
    const ArenaScope scope(scratch);
    const int vocab_size = weight.rows();
    const int dim = x.cols();
    const bool wants_gradients = !gradients.dx.empty();
    const detail::WordBlocks words(weight, gradients);
    const int blocks = words.size();
    const int most_rows = std::max(8, detail::max_kept_logits / (blocks * block));
    const int chunks = (x.rows() + most_rows - 1) / most_rows;
    const int chunk_rows = chunks == 0 ? 0 : (x.rows() + chunks - 1) / chunks;
    float* const packed = scratch.allocate<float>(packed_size(block, dim));
    float* const logits = scratch.allocate<float>(std::ptrdiff_t{chunk_rows} * block *
                                                  (wants_gradients ? blocks : 1));
    auto* const statistics = scratch.allocate<detail::LogitStatistics>(chunk_rows);
    float* const target_logits = scratch.allocate<float>(chunk_rows);
    CrossEntropy result;

    for (int first = 0; first < x.rows(); first += chunk_rows) {
        const int rows = std::min(chunk_rows, x.rows() - first);
        const ConstMatrix part = x.middle_rows(first, rows);
        const int* const wanted = targets.data() + first;
        const auto block_logits = [&](int b) {
            const std::ptrdiff_t offset = wants_gradients ? std::ptrdiff_t{b} * rows * block : 0;
            return Matrix(logits + offset, rows, words[b].rows.rows(), block);
        };

        std::fill_n(statistics, rows, detail::LogitStatistics{});
        for (int b = 0; b < blocks; ++b) {
            const Matrix l = block_logits(b);
            packed_gemm(part, pack(words[b].rows, packed), {.y = l});
            for (int i = 0; i < rows; ++i) {
                statistics[i].add(l.row_data(i), l.cols());
                const int word = wanted[i] - words[b].first;
                if (0 <= word && word < l.cols()) target_logits[i] = l(i, word);
            }
        }
        for (int i = 0; i < rows; ++i) {
            result += detail::loss_of_row(statistics[i], target_logits[i], smoothing, vocab_size);
            // All that the second pass needs:
            statistics[i].maximum = static_cast<float>(statistics[i].log_sum());
        }
        if (!wants_gradients) continue;

        const Matrix dx = gradients.dx.middle_rows(first, rows);
        const simd::Lanes uniform = simd::broadcast(smoothing / static_cast<float>(vocab_size));
        for (int b = blocks - 1; b >= 0; --b) {
            const Matrix l = block_logits(b);
            const detail::WordBlock own = words[b];
            for (int i = 0; i < rows; ++i) {
                const simd::Lanes shift = simd::broadcast(statistics[i].maximum);
                detail::for_stretches(l.cols(), [&](int j, int n) HAT_INLINE_LAMBDA {
                    float* const at = l.row_data(i) + j;
                    const simd::Lanes d = simd::exp(detail::load_stretch(at, n) - shift) - uniform;
                    detail::store_stretch(d, at, n);
                });
                const int word = wanted[i] - own.first;
                if (0 <= word && word < l.cols()) l(i, word) -= 1.0F - smoothing;
            }
            gemm_nn(l, own.rows, {.y = dx, .accumulate = gradients.accumulate_x || b + 1 < blocks},
                    scratch);
            if (own.drows.empty()) continue;
            gemm_tn(l, part, {.y = own.drows, .accumulate = true}, scratch);
        }
    }
    return result;
}

/// The same for a weight in one piece.  Shapes  weight [vocab_size, dim]
inline CrossEntropy cross_entropy(ConstMatrix x, ConstMatrix weight, std::span<const int> targets,
                                  float smoothing, const CrossEntropyGradients& gradients,
                                  Arena& scratch) {
    return cross_entropy(x, WordRows{weight}, targets, smoothing, gradients, scratch);
}

/// The loss alone, of packed words: the same sums in the same order.
///
/// Shapes  weight and more [vocab_size, dim] together
template <class Format>
CrossEntropy cross_entropy(ConstMatrix x, PackedOf<Format> weight, PackedOf<Format> more,
                           std::span<const int> targets, float smoothing, Arena& scratch) {
    constexpr int block = detail::words_per_block;
    const ArenaScope scope(scratch);
    const Matrix logits = scratch.matrix(1, block);
    CrossEntropy result;
    const int vocab_size = weight.outputs() + more.outputs();
    for (int i = 0; i < x.rows(); ++i) {
        detail::LogitStatistics row;
        float target_logit = 0;
        int word = targets[static_cast<std::size_t>(i)];  // counted from the block's first
        const ArenaScope row_scope(scratch);
        const auto prepared = Format::prepare(x.middle_rows(i, 1), scratch);
        for (const auto& part : {weight, more}) {
            for (int first = 0; first < part.outputs(); first += block) {
                const int n = std::min(block, part.outputs() - first);
                multiply_panels<Format>(prepared, part.middle_outputs(first, n),
                                        {.y = logits.left_cols(n)});
                row.add(logits.data(), n);
                if (0 <= word && word < n) target_logit = logits(0, word);
                word -= n;
            }
        }
        result += detail::loss_of_row(row, target_logit, smoothing, vocab_size);
    }
    return result;
}

}  // namespace hat::kernels
