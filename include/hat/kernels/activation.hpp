// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/activation.hpp>
#include <hat/core/matrix_view.hpp>
#include <hat/core/simd.hpp>
#include <hat/core/simd_math.hpp>

namespace hat::kernels {

/// x · σ(x) and its slope, inlined where they are all a loop does.
HAT_INLINE_LONG simd::Lanes swish(simd::LanesArgument x) noexcept {
    return x / simd::one_plus_exp_of_minus(x);
}
HAT_INLINE_LONG simd::Lanes swish_slope(simd::LanesArgument x) noexcept {
    const simd::Lanes one = simd::broadcast(1.0F);
    const simd::Lanes s = simd::sigmoid(x);
    return s * simd::fma(x, one - s, one);
}

/// f(x) lane by lane. Out of line: its callers are tight loops in which it is rare.
[[gnu::noinline]] inline simd::Lanes activate(Activation activation,
                                              simd::LanesArgument x) noexcept {
    using namespace simd;
    switch (activation) {
    case Activation::linear:
        return x;
    case Activation::relu:
        return max(x, zero());
    case Activation::tanh:
        return simd::tanh(x);
    case Activation::swish:
        return swish(x);
    case Activation::gelu: {
        const Lanes half = x * broadcast(0.5F);
        return fma(half, simd::erf(x * broadcast(0.70710678F)), half);
    }
    case Activation::gelu_tanh: {
        const Lanes cubic = fma(x * x * x, broadcast(0.044715F), x);
        const Lanes half = x * broadcast(0.5F);
        return fma(half, simd::tanh(cubic * broadcast(0.79788456F)), half);
    }
    }
    return x;
}

/// f'(x) lane by lane, from x.
[[gnu::noinline]] inline simd::Lanes activation_slope(Activation activation,
                                                      simd::LanesArgument x) noexcept {
    using namespace simd;
    const Lanes one = broadcast(1.0F);
    switch (activation) {
    case Activation::linear:
        return one;
    case Activation::relu:
        return select_less(zero(), x, one, zero());
    case Activation::tanh: {
        const Lanes y = simd::tanh(x);
        return one - y * y;
    }
    case Activation::swish:
        return swish_slope(x);
    case Activation::gelu: {
        const Lanes cdf =
            fma(broadcast(0.5F), simd::erf(x * broadcast(0.70710678F)), broadcast(0.5F));
        const Lanes density = broadcast(0.39894228F) * simd::exp(x * x * broadcast(-0.5F));
        return fma(x, density, cdf);
    }
    case Activation::gelu_tanh: {
        const Lanes square = x * x;
        const Lanes inner = x * fma(square, broadcast(0.044715F), one) * broadcast(0.79788456F);
        const Lanes t = simd::tanh(inner);
        const Lanes inner_slope =
            fma(square, broadcast(3 * 0.044715F), one) * broadcast(0.79788456F);
        const Lanes half = broadcast(0.5F);
        return fma(half * x * (one - t * t), inner_slope, fma(half, t, half));
    }
    }
    return one;
}

/// y = f(x).  Shapes  x, y [rows, cols]; `y` may be `x`.
inline void activation(Activation f, ConstMatrix x, Matrix y) noexcept {
    for (int i = 0; i < x.rows(); ++i) {
        for (int j = 0; j < x.cols(); j += simd::lanes) {
            const int n = x.cols() - j;
            if (n >= simd::lanes) {
                simd::store(activate(f, simd::load(x.row_data(i) + j)), y.row_data(i) + j);
            } else {
                simd::store_first(activate(f, simd::load_first(x.row_data(i) + j, n)),
                                  y.row_data(i) + j, n);
            }
        }
    }
}

/// dx = dy · f'(x), added to what `dx` holds if `accumulate`.  Shapes  x, dy, dx [rows, cols]
inline void activation_backward(Activation f, ConstMatrix x, ConstMatrix dy, Matrix dx,
                                bool accumulate) noexcept {
    for (int i = 0; i < x.rows(); ++i) {
        for (int j = 0; j < x.cols(); j += simd::lanes) {
            const int n = x.cols() - j < simd::lanes ? x.cols() - j : simd::lanes;
            const simd::Lanes slope = activation_slope(f, simd::load_first(x.row_data(i) + j, n));
            const simd::Lanes old =
                accumulate ? simd::load_first(dx.row_data(i) + j, n) : simd::zero();
            simd::store_first(simd::fma(slope, simd::load_first(dy.row_data(i) + j, n), old),
                              dx.row_data(i) + j, n);
        }
    }
}

/// dy ∘= f'(x), told from y = f(x); for `relu` and `tanh`.  Shapes  y, dy [rows, cols]
inline void activation_backward_from_output(Activation f, ConstMatrix y, Matrix dy) noexcept {
    HAT_ASSERT(f == Activation::relu || f == Activation::tanh);
    const simd::Lanes one = simd::broadcast(1.0F);
    for (int i = 0; i < y.rows(); ++i) {
        for (int j = 0; j < y.cols(); j += simd::lanes) {
            const int n = y.cols() - j < simd::lanes ? y.cols() - j : simd::lanes;
            const simd::Lanes v = simd::load_first(y.row_data(i) + j, n);
            const simd::Lanes d = simd::load_first(dy.row_data(i) + j, n);
            simd::store_first(f == Activation::relu
                                  ? simd::select_less(simd::zero(), v, d, simd::zero())
                                  : d * (one - v * v),
                              dy.row_data(i) + j, n);
        }
    }
}

}  // namespace hat::kernels
