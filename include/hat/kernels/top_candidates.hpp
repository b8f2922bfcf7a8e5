// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/arena.hpp>
#include <hat/core/matrix_view.hpp>
#include <hat/core/simd.hpp>
#include <hat/core/simd_math.hpp>
#include <hat/kernels/packed_gemm.hpp>
#include <hat/kernels/softmax.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <limits>
#include <span>

/// The best few of very many outputs, found while the outputs are in cache: they come in blocks,
/// and only candidates are kept.
namespace hat::kernels {

/// An output worth keeping: its value (a logit, or its log-probability) and its number.
struct Candidate {
    float value;
    int index;

    friend constexpr bool operator==(const Candidate&, const Candidate&) = default;
};

/// Room for up to `count` candidates of each of some rows, best first.
///
/// Shapes  data [rows, count],  sizes [rows]
struct CandidateRows {
    Candidate* data = nullptr;
    int* sizes = nullptr;
    int count = 0;

    /// The candidates of row `i`, best first.
    [[nodiscard]] std::span<const Candidate> row(int i) const noexcept {
        return {data + std::ptrdiff_t{i} * count, static_cast<std::size_t>(sizes[i])};
    }
};

namespace detail {

/// Below every logit, yet finite: the difference of two such numbers is zero.
inline constexpr float no_logit = -1e30F;

}  // namespace detail

/// Outputs that a block has; the last one may have fewer. It decides in which order sums are made.
inline constexpr int candidate_block = 256;

/// Finds the `count` largest outputs of each row, and the sum of all exponentials if the row's
/// log-probabilities are wanted, from blocks of `candidate_block` outputs in ascending order.
/// Of equal outputs the first is the better one; −∞ and NaN are no candidates.
class TopCandidates {
public:
    /// The best `count` of each of `rows` rows, with memory of `scratch`; `normalize`: log-
    /// probabilities in place of logits.
    TopCandidates(int rows, int count, bool normalize, Arena& scratch)
        : best_{scratch.allocate<Candidate>(std::ptrdiff_t{rows} * count),
                scratch.allocate<int>(rows), count},
          normalize_(normalize) {
        std::fill_n(best_.sizes, rows, 0);
        thresholds_ = scratch.allocate<float>(rows);
        std::fill_n(thresholds_, rows, -std::numeric_limits<float>::infinity());
        if (!normalize) return;
        maxima_ = scratch.matrix(rows, simd::lanes);
        sums_ = scratch.matrix(rows, simd::lanes);
        std::fill_n(maxima_.data(), rows * simd::lanes, detail::no_logit);
        std::fill_n(sums_.data(), rows * simd::lanes, 0.0F);
    }

    /// Takes the outputs `first` … `first + n − 1` of a row. Once they are part of its sum,
    /// `adjust(outputs)` may lower some, or set them to −∞, in place.
    template <class Adjust>
    HAT_INLINE void add(int row, int first, float* outputs, int n, const Adjust& adjust) noexcept {
        simd::Lanes largest = simd::broadcast(detail::no_logit);
        detail::for_stretches(n, [&](int j, int count) HAT_INLINE_LAMBDA {
            largest = simd::max(load(outputs + j, count), largest);
        });
        if (normalize_) add_exponentials(row, outputs, n, largest);
        adjust(outputs);
        const simd::Lanes threshold = simd::broadcast(thresholds_[row]);
        if (simd::greater_bits(largest, threshold) != 0) keep(row, first, outputs, n);
    }

    /// The candidates of all rows; their values are log-probabilities if these were wanted.
    [[nodiscard]] CandidateRows finish(int rows) noexcept {
        if (!normalize_) return best_;
        for (int i = 0; i < rows; ++i) {
            const float largest = simd::largest(simd::load(maxima_.row_data(i)));
            const simd::Lanes shift = simd::load(maxima_.row_data(i)) - simd::broadcast(largest);
            const float log_sum =
                log(simd::sum(simd::load(sums_.row_data(i)) * simd::exp_not_positive(shift)));
            for (int k = 0; k < best_.sizes[i]; ++k) {
                Candidate& candidate = best_.data[std::ptrdiff_t{i} * best_.count + k];
                candidate.value = (candidate.value - largest) - log_sum;
            }
        }
        return best_;
    }

private:
    [[nodiscard]] HAT_INLINE static simd::Lanes load(const float* p, int n) noexcept {
        const simd::Lanes x = detail::load_stretch(p, n);
        return n == simd::lanes ? x : simd::keep_first(x, n, detail::no_logit);
    }

    /// Lane by lane: m' = max(m, x), Σ' = Σ·e^(m − m') + e^(x − m'), with `largest` the max of all
    /// x.
    HAT_INLINE void add_exponentials(int row, const float* outputs, int n,
                                     simd::Lanes largest) noexcept {
        const simd::Lanes before = simd::load(maxima_.row_data(row));
        largest = simd::max(largest, before);
        simd::Lanes sum =
            simd::load(sums_.row_data(row)) * simd::exp_not_positive(before - largest);
        detail::for_stretches(n, [&](int j, int count) HAT_INLINE_LAMBDA {
            simd::Lanes e = simd::exp_not_positive(load(outputs + j, count) - largest);
            if (count < simd::lanes) e = simd::keep_first(e, count, 0.0F);
            sum = sum + e;
        });
        simd::store(largest, maxima_.row_data(row));
        simd::store(sum, sums_.row_data(row));
    }

    /// Puts what is above the row's threshold in its place among the best.
    [[gnu::noinline]] void keep(int row, int first, const float* outputs, int n) noexcept {
        Candidate* const best = best_.data + std::ptrdiff_t{row} * best_.count;
        int size = best_.sizes[row];
        float threshold = thresholds_[row];
        for (int j = 0; j < n; j += simd::lanes) {
            const int count = std::min(simd::lanes, n - j);
            unsigned bits = simd::greater_bits(detail::load_stretch(outputs + j, count),
                                               simd::broadcast(threshold));
            bits &= (1U << static_cast<unsigned>(count)) - 1U;
            for (; bits != 0; bits &= bits - 1U) {
                const int k = j + std::countr_zero(bits);
                const float value = outputs[k];
                if (!(value > threshold)) continue;
                int place = size < best_.count ? size++ : size - 1;
                for (; place > 0 && best[place - 1].value < value; --place) {
                    best[place] = best[place - 1];
                }
                best[place] = {value, first + k};
                if (size == best_.count) threshold = best[size - 1].value;
            }
        }
        best_.sizes[row] = size;
        thresholds_[row] = threshold;
    }

    CandidateRows best_;
    float* thresholds_ = nullptr;
    Matrix maxima_;
    Matrix sums_;
    bool normalize_;
};

/// Bytes of scratch that `top_candidates` takes at most.
constexpr std::size_t bytes_of_top_candidates(int rows, int count) noexcept {
    const std::ptrdiff_t n = rows;
    return Arena::bytes_of<Candidate>(n * count) + Arena::bytes_of<int>(n) +
           Arena::bytes_of<float>(n) + 2 * Arena::bytes_of<float>(n * simd::lanes) +
           Arena::bytes_of<float>(n * candidate_block);
}

/// The `count` best of scale · outputs for each of `rows` rows, with their log-probabilities
/// (`normalize`) or as they are. `compute(first, y)` sets y to the outputs from `first` on, as many
/// as it has columns; `adjust(row, first, outputs)` sees every block before it is chosen from, as
/// in `TopCandidates::add`. The result lives in `scratch`.
///
/// Cost    that of `compute`, of whose outputs `candidate_block` a row are ever stored
template <class Compute, class Adjust>
CandidateRows top_candidates(int rows, int outputs, const Compute& compute, int count,
                             bool normalize, float scale, const Adjust& adjust, Arena& scratch) {
    TopCandidates candidates(rows, count, normalize, scratch);
    const Matrix block = scratch.matrix(rows, candidate_block);
    for (int first = 0; first < outputs; first += candidate_block) {
        const int n = std::min(candidate_block, outputs - first);
        compute(first, block.left_cols(n));
        for (int i = 0; i < rows; ++i) {
            float* const row = block.row_data(i);
            if (scale != 1.0F) {
                for (int j = 0; j < n; ++j) row[j] *= scale;
            }
            candidates.add(i, first, row, n, [&](float* of_block) {
                adjust(i, first, std::span(of_block, static_cast<std::size_t>(n)));
            });
        }
    }
    return candidates.finish(rows);
}

}  // namespace hat::kernels
