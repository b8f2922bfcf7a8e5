// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/activation.hpp>
#include <hat/core/matrix_view.hpp>
#include <hat/core/ragged.hpp>
#include <hat/core/random.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>
#include <vector>

/// Operands of tests, and the slow, obvious versions of kernels in double precision.
namespace hat::support {

/// The largest relative error of one rounding to float.
inline constexpr double float_rounding = 0x1p-24;

/// A matrix of floats whose rows are `padding` numbers further apart than they are wide. Before,
/// between and behind them lies NaN: a kernel that reads it spoils its result, and one that
/// writes it is caught by `padding_is_untouched`.
class Operand {
public:
    Operand(int rows, int cols, int padding = 0, float value = 0.0F)
        : rows_(rows), cols_(cols), stride_(cols + padding),
          data_(2 * guard + static_cast<std::size_t>(rows) * static_cast<std::size_t>(stride_),
                std::numeric_limits<float>::quiet_NaN()) {
        for (int i = 0; i < rows; ++i) std::fill_n(view().row_data(i), cols, value);
    }
    /// Normally distributed numbers.
    Operand(Random& random, int rows, int cols, int padding = 0, double deviation = 1.0)
        : Operand(rows, cols, padding) {
        for (int i = 0; i < rows; ++i) {
            for (float& x : view().row(i)) x = static_cast<float>(deviation * random.normal());
        }
    }

    [[nodiscard]] Matrix view() noexcept { return {data_.data() + guard, rows_, cols_, stride_}; }
    [[nodiscard]] ConstMatrix view() const noexcept {
        return {data_.data() + guard, rows_, cols_, stride_};
    }
    /// The first row.
    [[nodiscard]] Vector vector() noexcept { return view().row(0); }
    [[nodiscard]] ConstVector vector() const noexcept { return view().row(0); }

    float& operator()(int i, int j) noexcept { return view()(i, j); }
    float operator()(int i, int j) const noexcept { return view()(i, j); }

    [[nodiscard]] bool padding_is_untouched() const noexcept {
        std::ptrdiff_t numbers = 0;
        for (const float x : data_) numbers += std::isnan(x) ? 0 : 1;
        std::ptrdiff_t inside = 0;
        for (int i = 0; i < rows_; ++i) {
            for (const float x : view().row(i)) inside += std::isnan(x) ? 0 : 1;
        }
        return numbers == inside;
    }

private:
    static constexpr std::size_t guard = 16;
    int rows_;
    int cols_;
    std::ptrdiff_t stride_;
    std::vector<float> data_;
};

/// Normally distributed numbers, of which no more than `count` differ.
[[nodiscard]] inline Operand operand_of_few(Random& random, int count, int rows, int cols) {
    const Operand numbers(random, 1, count);
    Operand x(rows, cols);
    for (int i = 0; i < rows; ++i) {
        for (float& number : x.view().row(i))
            number = numbers(0, static_cast<int>(random.below(static_cast<std::uint32_t>(count))));
    }
    return x;
}

/// A row-major matrix of doubles.
struct Doubles {
    int rows = 0;
    int cols = 0;
    std::vector<double> data;

    Doubles() = default;
    Doubles(int n_rows, int n_cols, double value = 0.0)
        : rows(n_rows), cols(n_cols),
          data(static_cast<std::size_t>(n_rows) * static_cast<std::size_t>(n_cols), value) {}
    explicit Doubles(ConstMatrix x) : Doubles(x.rows(), x.cols()) {
        for (int i = 0; i < rows; ++i) {
            for (int j = 0; j < cols; ++j) (*this)(i, j) = static_cast<double>(x(i, j));
        }
    }
    explicit Doubles(const Operand& x) : Doubles(x.view()) {}
    explicit Doubles(ConstVector x) : Doubles(ConstMatrix(x.data(), 1, x.size())) {}

    double& operator()(int i, int j) noexcept {
        return data[static_cast<std::size_t>(i) * static_cast<std::size_t>(cols) +
                    static_cast<std::size_t>(j)];
    }
    double operator()(int i, int j) const noexcept { return const_cast<Doubles&>(*this)(i, j); }

    friend Doubles operator+(Doubles a, const Doubles& b) {
        for (std::size_t i = 0; i < a.data.size(); ++i) a.data[i] += b.data[i];
        return a;
    }
};

[[nodiscard]] inline Operand transposed(const Operand& x, int padding = 0) {
    Operand y(x.view().cols(), x.view().rows(), padding);
    for (int i = 0; i < x.view().rows(); ++i) {
        for (int j = 0; j < x.view().cols(); ++j) y(j, i) = x(i, j);
    }
    return y;
}

/// Whether two matrices agree in shape and in every bit.
[[nodiscard]] inline bool same_bits(ConstMatrix a, ConstMatrix b) noexcept {
    if (a.rows() != b.rows() || a.cols() != b.cols()) return false;
    for (int i = 0; i < a.rows(); ++i) {
        for (int j = 0; j < a.cols(); ++j) {
            if (std::bit_cast<std::uint32_t>(a(i, j)) != std::bit_cast<std::uint32_t>(b(i, j))) {
                return false;
            }
        }
    }
    return true;
}

/// The largest |actual − expected|, divided by the largest |expected|; infinite if the shapes
/// differ or anything is not a number.
[[nodiscard]] inline double relative_error(ConstMatrix actual, const Doubles& expected) noexcept {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    if (actual.rows() != expected.rows || actual.cols() != expected.cols) return infinity;
    double error = 0;
    double size = 0;
    for (int i = 0; i < expected.rows; ++i) {
        for (int j = 0; j < expected.cols; ++j) {
            const double d = std::abs(static_cast<double>(actual(i, j)) - expected(i, j));
            if (std::isnan(d)) return infinity;
            error = std::max(error, d);
            size = std::max(size, std::abs(expected(i, j)));
        }
    }
    return size > 0 ? error / size : error;
}
[[nodiscard]] inline double relative_error(ConstVector actual, const Doubles& expected) noexcept {
    return relative_error(ConstMatrix(actual.data(), 1, actual.size()), expected);
}

/// Σ a ∘ b: with `b` the gradient of a result, a loss whose gradient is what a backward pass gives.
[[nodiscard]] inline double dot(const Doubles& a, const Doubles& b) noexcept {
    double sum = 0;
    for (std::size_t i = 0; i < a.data.size(); ++i) sum += a.data[i] * b.data[i];
    return sum;
}

/// ∂loss/∂x by central differences, `loss()` being a function of the numbers in `x`. With a step of
/// 1e-5 and functions of order 1 the error is about 1e-10, far below that of single precision.
template <class Loss>
[[nodiscard]] Doubles finite_differences(Doubles& x, const Loss& loss) {
    constexpr double step = 1e-5;
    Doubles slope(x.rows, x.cols);
    for (std::size_t i = 0; i < x.data.size(); ++i) {
        const double middle = x.data[i];
        x.data[i] = middle + step;
        const double above = loss();
        x.data[i] = middle - step;
        const double below = loss();
        x.data[i] = middle;
        slope.data[i] = (above - below) / (2 * step);
    }
    return slope;
}

/// The product as the library promises to round it: y = start + Σ x · w with every output one chain
/// of fused multiply-adds over its inputs, in order.
///
/// Shapes  x [m, k],  w [n, k],  start [m, n], or [1, n] for all rows
[[nodiscard]] inline Operand fma_chains(ConstMatrix x, ConstMatrix w, ConstMatrix start) {
    Operand y(x.rows(), w.rows());
    for (int i = 0; i < x.rows(); ++i) {
        for (int j = 0; j < w.rows(); ++j) {
            float sum = start(start.rows() == 1 ? 0 : i, j);
            for (int k = 0; k < x.cols(); ++k) sum = std::fma(x(i, k), w(j, k), sum);
            y(i, j) = sum;
        }
    }
    return y;
}

namespace reference {

/// x · wᵀ.  Shapes  x [m, k],  w [n, k]
[[nodiscard]] inline Doubles multiply_nt(const Doubles& x, const Doubles& w) {
    Doubles y(x.rows, w.rows);
    for (int i = 0; i < x.rows; ++i) {
        for (int j = 0; j < w.rows; ++j) {
            for (int k = 0; k < x.cols; ++k) y(i, j) += x(i, k) * w(j, k);
        }
    }
    return y;
}

[[nodiscard]] inline double activation(Activation f, double x) {
    switch (f) {
    case Activation::linear:
        return x;
    case Activation::relu:
        return std::max(x, 0.0);
    case Activation::tanh:
        return std::tanh(x);
    case Activation::swish:
        return x / (1 + std::exp(-x));
    case Activation::gelu:
        return 0.5 * x * (1 + std::erf(x / std::numbers::sqrt2));
    case Activation::gelu_tanh: {
        const double inner = std::sqrt(2 * std::numbers::inv_pi) * (x + 0.044715 * x * x * x);
        return 0.5 * x * (1 + std::tanh(inner));
    }
    }
    return x;
}

/// softmax of the first `n` numbers of row `i`, 0 behind them.
inline void softmax_row(Doubles& x, int i, int n) {
    double largest = x(i, 0);
    for (int j = 1; j < n; ++j) largest = std::max(largest, x(i, j));
    double total = 0;
    for (int j = 0; j < n; ++j) total += std::exp(x(i, j) - largest);
    for (int j = 0; j < x.cols; ++j) x(i, j) = j < n ? std::exp(x(i, j) - largest) / total : 0.0;
}

/// gain ∘ (x − mean) / √(variance + ε) + bias, row by row.  Shapes  x [rows, n],  gain, bias [1, n]
[[nodiscard]] inline Doubles layer_norm(const Doubles& x, const Doubles& gain, const Doubles& bias,
                                        double epsilon = 1e-5) {
    Doubles y(x.rows, x.cols);
    for (int i = 0; i < x.rows; ++i) {
        double mean = 0;
        for (int j = 0; j < x.cols; ++j) mean += x(i, j) / x.cols;
        double variance = 0;
        for (int j = 0; j < x.cols; ++j) variance += (x(i, j) - mean) * (x(i, j) - mean) / x.cols;
        for (int j = 0; j < x.cols; ++j) {
            y(i, j) = gain(0, j) * (x(i, j) - mean) / std::sqrt(variance + epsilon) + bias(0, j);
        }
    }
    return y;
}

/// Multi-head attention of one batch, each sentence of queries on its sentence of keys. Element
/// (row, key) of head h of sentence s is multiplied by `factor(s, h, row, key)` behind the softmax.
///
/// Shapes  q [query tokens, dim],  k, v [key tokens, dim],  y [query tokens, dim]
template <class Factor>
[[nodiscard]] Doubles attention(const Ragged& queries, const Ragged& keys, int heads, bool causal,
                                const Doubles& q, const Doubles& k, const Doubles& v,
                                const Factor& factor) {
    Doubles y(q.rows, q.cols);
    const int head_dim = q.cols / heads;
    for (int s = 0; s < queries.sentences(); ++s) {
        for (int h = 0; h < heads; ++h) {
            Doubles p(queries.length(s), keys.length(s));
            for (int i = 0; i < p.rows; ++i) {
                for (int j = 0; j < p.cols; ++j) {
                    for (int d = h * head_dim; d < (h + 1) * head_dim; ++d) {
                        p(i, j) += q(queries.begin(s) + i, d) * k(keys.begin(s) + j, d) /
                                   std::sqrt(head_dim);
                    }
                }
                softmax_row(p, i, causal ? i + 1 : p.cols);
                for (int j = 0; j < p.cols; ++j) {
                    for (int d = h * head_dim; d < (h + 1) * head_dim; ++d) {
                        y(queries.begin(s) + i, d) +=
                            p(i, j) * factor(s, h, i, j) * v(keys.begin(s) + j, d);
                    }
                }
            }
        }
    }
    return y;
}

/// Label-smoothed cross entropy of the logits x · weightᵀ, summed over the rows of `x`.
[[nodiscard]] inline double cross_entropy(const Doubles& x, const Doubles& weight,
                                          const std::vector<int>& targets, double smoothing) {
    Doubles p = multiply_nt(x, weight);
    double loss = 0;
    for (int i = 0; i < p.rows; ++i) {
        softmax_row(p, i, p.cols);
        loss -= (1 - smoothing) * std::log(p(i, targets[static_cast<std::size_t>(i)]));
        for (int j = 0; j < p.cols; ++j) loss -= smoothing / p.cols * std::log(p(i, j));
    }
    return loss;
}

}  // namespace reference

}  // namespace hat::support
