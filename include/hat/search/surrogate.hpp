// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

namespace hat::search {

/// Guesses the score of a genome from those already scored, as a sum over its traits:
///
///     score ≈ mean + Σ effect[trait],
///
/// the effects by least squares with a small penalty on their squares (ridge regression). A trait
/// that no scored genome has counts as nothing. Of more than `most_traits` different ones nothing
/// is learnt, and every guess is the mean: integers of wide ranges are hardly ever met twice, and
/// the equations would take longer than most scores.
///
/// Such sums tell good candidates from bad ones well where genes act mostly on their own; the
/// search scores what they propose, so that a poor guess costs time and no more.
class AdditiveSurrogate {
public:
    static constexpr std::size_t most_traits = 2000;

    /// Adds a scored genome.
    void add(std::span<const std::uint64_t> traits, double score) {
        std::vector<int> row;
        for (const std::uint64_t trait : traits)
            row.push_back(
                columns_.try_emplace(trait, static_cast<int>(columns_.size())).first->second);
        rows_.push_back(std::move(row));
        scores_.push_back(score);
    }

    /// Makes guesses follow all that was added; false if there are too many different traits.
    ///
    /// Cost    rows · traits² + columns³ / 6 multiply-adds
    bool fit() {
        const auto n = columns_.size();
        mean_ = 0;
        for (const double score : scores_) mean_ += score / static_cast<double>(scores_.size());
        effects_.clear();
        if (n > most_traits) return false;
        // Normal equations: (XᵀX + λ) effect = Xᵀ (score − mean).
        std::vector<double> matrix(n * n);
        std::vector<double> right(n);
        for (std::size_t r = 0; r < rows_.size(); ++r) {
            for (const int i : rows_[r]) {
                const auto row = static_cast<std::size_t>(i);
                right[row] += scores_[r] - mean_;
                for (const int j : rows_[r]) matrix[row * n + static_cast<std::size_t>(j)] += 1;
            }
        }
        constexpr double ridge = 1e-3;
        for (std::size_t i = 0; i < n; ++i) matrix[i * n + i] += ridge;
        solve(matrix, right);
        effects_ = std::move(right);
        return true;
    }

    [[nodiscard]] double operator()(std::span<const std::uint64_t> traits) const {
        double sum = mean_;
        for (const std::uint64_t trait : traits)
            if (const auto found = columns_.find(trait);
                found != columns_.end() &&
                static_cast<std::size_t>(found->second) < effects_.size())
                sum += effects_[static_cast<std::size_t>(found->second)];
        return sum;
    }

    [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }

private:
    /// Solves a symmetric positive definite system in place (Cholesky).
    static void solve(std::vector<double>& a, std::vector<double>& x) {
        const std::size_t n = x.size();
        for (std::size_t j = 0; j < n; ++j) {
            for (std::size_t i = j; i < n; ++i) {
                double sum = a[i * n + j];
                for (std::size_t k = 0; k < j; ++k) sum -= a[i * n + k] * a[j * n + k];
                a[i * n + j] = i == j ? std::sqrt(sum) : sum / a[j * n + j];
            }
        }
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t k = 0; k < i; ++k) x[i] -= a[i * n + k] * x[k];
            x[i] /= a[i * n + i];
        }
        for (std::size_t i = n; i-- > 0;) {
            for (std::size_t k = i + 1; k < n; ++k) x[i] -= a[k * n + i] * x[k];
            x[i] /= a[i * n + i];
        }
    }

    std::unordered_map<std::uint64_t, int> columns_;
    std::vector<std::vector<int>> rows_;
    std::vector<double> scores_;
    std::vector<double> effects_;
    double mean_ = 0;
};

}  // namespace hat::search
