// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace hat::latency {

/// y = Σ coefficient · term, and how well the data has fixed it.
template <std::size_t Terms>
struct LinearFit {
    using Row = std::array<double, Terms>;

    Row coefficients{};
    /// (Σ weight · x xᵀ)⁻¹ over the terms whose coefficient is above 0; zero elsewhere.
    std::array<Row, Terms> inverse{};

    /// The fit at x.
    [[nodiscard]] double predict(const Row& x) const noexcept {
        double y = 0;
        for (std::size_t i = 0; i < Terms; ++i) y += coefficients[i] * x[i];
        return y;
    }
    /// xᵀ · inverse · x: the variance of `predict(x)`, the variance of a row of weight 1 being 1.
    [[nodiscard]] double leverage(const Row& x) const noexcept {
        double sum = 0;
        for (std::size_t i = 0; i < Terms; ++i)
            for (std::size_t j = 0; j < Terms; ++j) sum += x[i] * inverse[i][j] * x[j];
        return sum;
    }

    friend constexpr bool operator==(const LinearFit&, const LinearFit&) = default;
};

/// Weighted least squares with few terms: rows are added one by one, then
///
///     minimise  Σ weight · (y − Σ coefficient · term)²  over coefficients ≥ 0
///
/// Costs cannot be negative, and saying so is what lets a handful of rows tell many terms apart:
/// those that they cannot fix become 0 instead of large and of opposite signs.
///
/// See  Lawson and Hanson, Solving Least Squares Problems (1974), chapter 23
template <std::size_t Terms>
class NonNegativeLeastSquares {
public:
    using Row = std::array<double, Terms>;

    void add(const Row& x, double y, double weight) noexcept {
        for (std::size_t i = 0; i < Terms; ++i) {
            for (std::size_t j = 0; j < Terms; ++j) products_[i][j] += weight * x[i] * x[j];
            targets_[i] += weight * x[i] * y;
        }
        squares_ += weight * y * y;
    }

    /// Terms that are zero or depend on others get 0. Cost: O(terms⁴) at most.
    [[nodiscard]] LinearFit<Terms> solve() const noexcept {
        State state;
        for (std::size_t i = 0; i < Terms; ++i) state.scale[i] = std::sqrt(products_[i][i]);
        const double target_scale = std::sqrt(squares_);
        const auto tries = static_cast<int>(10 * Terms);  // one or two a term, if rounding allows
        for (int i = 0; i < tries; ++i) {
            const std::size_t next = steepest(state, 1e-10 * target_scale);
            if (next == Terms) break;
            state.active[next] = true;
            if (!move(state, next)) state.blocked[next] = true;
        }
        return unscaled(state);
    }

private:
    using Flags = std::array<bool, Terms>;
    using Matrix = std::array<Row, Terms>;

    /// In units in which every term has the same norm.
    struct State {
        Row scale{};
        Row coefficients{};
        Flags active{};
        Flags blocked{};  ///< could not be made active since the others last changed
    };

    /// The term along which the error falls most, or `Terms`.
    [[nodiscard]] std::size_t steepest(const State& state, double least) const noexcept {
        std::size_t best = Terms;
        for (std::size_t i = 0; i < Terms; ++i) {
            if (state.active[i] || state.blocked[i] || state.scale[i] == 0) continue;
            double slope = targets_[i] / state.scale[i];
            for (std::size_t j = 0; j < Terms; ++j)
                if (state.active[j]) slope -= scaled(state, i, j) * state.coefficients[j];
            if (slope > least) {
                least = slope;
                best = i;
            }
        }
        return best;
    }

    /// Goes to the least error over the active terms, giving up those that reach 0 on the way.
    /// False if the term `entered` is the first of them or depends on the others.
    [[nodiscard]] bool move(State& state, std::size_t entered) const noexcept {
        for (;;) {
            Matrix lower{};
            if (!factor(state, lower)) {
                state.active[entered] = false;
                return false;
            }
            const Row goal = substitute(state, lower);
            double fraction = 1;
            for (std::size_t i = 0; i < Terms; ++i)
                if (state.active[i] && goal[i] <= 0)
                    fraction = std::min(fraction,
                                        state.coefficients[i] / (state.coefficients[i] - goal[i]));
            if (goal[entered] <= 0 && state.coefficients[entered] == 0) {
                state.active[entered] = false;
                return false;
            }
            bool arrived = true;
            for (std::size_t i = 0; i < Terms; ++i) {
                if (!state.active[i]) continue;
                double& c = state.coefficients[i];
                const bool left = goal[i] <= 0 && c / (c - goal[i]) <= fraction;
                c = left ? 0 : c + fraction * (goal[i] - c);
                if (left) state.active[i] = arrived = false;
            }
            if (arrived) {
                state.blocked = {};
                return true;
            }
        }
    }

    [[nodiscard]] double scaled(const State& state, std::size_t i, std::size_t j) const noexcept {
        return products_[i][j] / (state.scale[i] * state.scale[j]);
    }

    /// The Cholesky factor of the active terms' products; false where they depend on one another.
    [[nodiscard]] bool factor(const State& state, Matrix& lower) const noexcept {
        constexpr double independent = 1e-10;  // squared sine of the angle to the terms before
        for (std::size_t i = 0; i < Terms; ++i) {
            if (!state.active[i]) continue;
            for (std::size_t j = 0; j <= i; ++j) {
                if (!state.active[j]) continue;
                double sum = scaled(state, i, j);
                for (std::size_t k = 0; k < j; ++k) sum -= lower[i][k] * lower[j][k];
                if (i == j && sum < independent) return false;
                lower[i][j] = i == j ? std::sqrt(sum) : sum / lower[j][j];
            }
        }
        return true;
    }

    /// The solution of lower · lowerᵀ · c = targets over the active terms.
    [[nodiscard]] Row substitute(const State& state, const Matrix& lower) const noexcept {
        Row targets{};
        for (std::size_t i = 0; i < Terms; ++i)
            if (state.active[i]) targets[i] = targets_[i] / state.scale[i];
        return substitute(state, lower, targets);
    }
    [[nodiscard]] static Row substitute(const State& state, const Matrix& lower, Row c) noexcept {
        for (std::size_t i = 0; i < Terms; ++i) {
            if (!state.active[i]) continue;
            for (std::size_t k = 0; k < i; ++k) c[i] -= lower[i][k] * c[k];
            c[i] /= lower[i][i];
        }
        for (std::size_t i = Terms; i-- > 0;) {
            if (!state.active[i]) continue;
            for (std::size_t k = i + 1; k < Terms; ++k) c[i] -= lower[k][i] * c[k];
            c[i] /= lower[i][i];
        }
        return c;
    }

    [[nodiscard]] LinearFit<Terms> unscaled(const State& state) const noexcept {
        LinearFit<Terms> fit;
        Matrix lower{};
        static_cast<void>(factor(state, lower));  // the active terms are independent
        for (std::size_t i = 0; i < Terms; ++i) {
            if (!state.active[i]) continue;
            fit.coefficients[i] = state.coefficients[i] / state.scale[i];
            Row unit{};
            unit[i] = 1;
            const Row column = substitute(state, lower, unit);
            for (std::size_t j = 0; j < Terms; ++j)
                if (state.active[j])
                    fit.inverse[j][i] = column[j] / (state.scale[j] * state.scale[i]);
        }
        return fit;
    }

    Matrix products_{};
    Row targets_{};
    double squares_ = 0;
};

}  // namespace hat::latency
