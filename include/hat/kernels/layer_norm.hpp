// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/matrix_view.hpp>
#include <hat/core/simd.hpp>
#include <hat/kernels/dropout.hpp>

#include <cmath>

namespace hat::kernels {

/// Inside the square root, as in the reference (spec/hat.md, section 2).
inline constexpr float layer_norm_epsilon = 1e-5F;

namespace detail {

/// mean and 1/√(variance + ε) of one row; the variance is the biased one around the mean.
struct RowMoments {
    float mean;
    float inverse_deviation;
};

HAT_INLINE RowMoments row_moments(const float* x, int n) noexcept {
    simd::Lanes sum = simd::zero();
    for_stretches(n, [&](int j, int count)
                         HAT_INLINE_LAMBDA { sum = sum + load_stretch(x + j, count); });
    const float mean = simd::sum(sum) / static_cast<float>(n);
    const simd::Lanes center = simd::broadcast(mean);
    simd::Lanes squares = simd::zero();
    for_stretches(n, [&](int j, int count) HAT_INLINE_LAMBDA {
        simd::Lanes d = load_stretch(x + j, count) - center;
        if (count < simd::lanes) d = simd::keep_first(d, count, 0.0F);
        squares = simd::fma(d, d, squares);
    });
    const float variance = simd::sum(squares) / static_cast<float>(n);
    return {mean, 1.0F / std::sqrt(variance + layer_norm_epsilon)};
}

HAT_INLINE void normalize_row(const float* x, int n, RowMoments moments, const float* gain,
                              const float* bias, float* normalized, float* y) noexcept {
    const simd::Lanes center = simd::broadcast(moments.mean);
    const simd::Lanes inverse = simd::broadcast(moments.inverse_deviation);
    for_stretches(n, [&](int j, int count) HAT_INLINE_LAMBDA {
        const simd::Lanes hat = (load_stretch(x + j, count) - center) * inverse;
        if (normalized != nullptr) store_stretch(hat, normalized + j, count);
        store_stretch(simd::fma(hat, load_stretch(gain + j, count), load_stretch(bias + j, count)),
                      y + j, count);
    });
}

}  // namespace detail

/// y = gain ∘ (x − mean) / √(variance + ε) + bias, row by row.
///
/// Shapes  x, y [rows, n],  gain, bias [n]; `y` may be `x`
inline void layer_norm(ConstMatrix x, ConstVector gain, ConstVector bias, Matrix y) noexcept {
    for (int i = 0; i < x.rows(); ++i) {
        const float* const row = x.row_data(i);
        detail::normalize_row(row, x.cols(), detail::row_moments(row, x.cols()), gain.data(),
                              bias.data(), nullptr, y.row_data(i));
    }
}

/// y = norm(x + branch ∘ mask): the residual connection and the norm behind it in one pass
/// (`branch` may be empty). What the backward pass needs is kept in `normalized` and
/// `inverse_deviation`.
///
/// Shapes  x, branch, normalized, y [rows, n],  gain, bias [n],  inverse_deviation [rows]
inline void residual_layer_norm(const Dropout& drop, ConstMatrix x, ConstMatrix branch,
                                ConstVector gain, ConstVector bias, Matrix normalized,
                                Vector inverse_deviation, Matrix y) noexcept {
    for (int i = 0; i < x.rows(); ++i) {
        const float* row = x.row_data(i);
        if (!branch.empty()) {
            const auto first = detail::first_element(i, x.cols());
            float* const sums = y.row_data(i);
            detail::for_stretches(x.cols(), [&](int j, int n) HAT_INLINE_LAMBDA {
                simd::Lanes v = detail::load_stretch(branch.row_data(i) + j, n);
                if (drop.active()) v = v * drop.factors(first + static_cast<std::uint32_t>(j));
                detail::store_stretch(detail::load_stretch(row + j, n) + v, sums + j, n);
            });
            row = sums;
        }
        const auto moments = detail::row_moments(row, x.cols());
        inverse_deviation[i] = moments.inverse_deviation;
        detail::normalize_row(row, x.cols(), moments, gain.data(), bias.data(),
                              normalized.row_data(i), y.row_data(i));
    }
}

/// Gradients of `residual_layer_norm`:
///
///     dx̂ = dy ∘ gain,   ds = (dx̂ − mean(dx̂) − x̂ · mean(dx̂ ∘ x̂)) / deviation,
///     dx (+)= ds,   dbranch (+)= ds ∘ mask,   dgain += Σ dy ∘ x̂,   dbias += Σ dy
///
/// `dbranch` may be empty. `accumulate_x` and `accumulate_branch` tell whether to add to what is
/// there.  Shapes  as in the forward pass
inline void residual_layer_norm_backward(const Dropout& drop, ConstMatrix normalized,
                                         ConstVector inverse_deviation, ConstVector gain,
                                         ConstMatrix dy, Matrix dx, bool accumulate_x,
                                         Matrix dbranch, bool accumulate_branch, Vector dgain,
                                         Vector dbias) noexcept {
    const int n = dy.cols();
    const auto scale = simd::broadcast(1.0F / static_cast<float>(n));
    for (int i = 0; i < dy.rows(); ++i) {
        const float* const up = dy.row_data(i);
        const float* const hat = normalized.row_data(i);
        simd::Lanes sum = simd::zero();
        simd::Lanes projection = simd::zero();
        detail::for_stretches(n, [&](int j, int count) HAT_INLINE_LAMBDA {
            const simd::Lanes g = detail::load_stretch(up + j, count);
            const simd::Lanes h = detail::load_stretch(hat + j, count);
            const simd::Lanes dhat = g * detail::load_stretch(gain.data() + j, count);
            sum = sum + dhat;
            projection = simd::fma(dhat, h, projection);
            detail::store_stretch(simd::fma(g, h, detail::load_stretch(dgain.data() + j, count)),
                                  dgain.data() + j, count);
            detail::store_stretch(g + detail::load_stretch(dbias.data() + j, count),
                                  dbias.data() + j, count);
        });
        const simd::Lanes mean = simd::broadcast(simd::sum(sum)) * scale;
        const simd::Lanes slope = simd::broadcast(simd::sum(projection)) * scale;
        const simd::Lanes inverse = simd::broadcast(inverse_deviation[i]);
        const auto first = detail::first_element(i, n);
        detail::for_stretches(n, [&](int j, int count) HAT_INLINE_LAMBDA {
            const simd::Lanes dhat =
                detail::load_stretch(up + j, count) * detail::load_stretch(gain.data() + j, count);
            const simd::Lanes h = detail::load_stretch(hat + j, count);
            simd::Lanes ds = (dhat - mean - h * slope) * inverse;
            float* const to = dx.row_data(i) + j;
            detail::store_stretch(accumulate_x ? ds + detail::load_stretch(to, count) : ds, to,
                                  count);
            if (dbranch.empty()) return;
            if (drop.active()) ds = ds * drop.factors(first + static_cast<std::uint32_t>(j));
            float* const branch = dbranch.row_data(i) + j;
            detail::store_stretch(accumulate_branch ? ds + detail::load_stretch(branch, count) : ds,
                                  branch, count);
        });
    }
}

}  // namespace hat::kernels
