// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/matrix_view.hpp>
#include <hat/core/simd.hpp>
#include <hat/kernels/dropout.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace hat::kernels {

/// Inside the square root, as in Ba et al. (arXiv:1607.06450).
inline constexpr float layer_norm_epsilon = 1e-5F;

namespace detail {

/// mean and 1/√(variance + ε) of one row; the variance is the biased one around the mean.
struct RowMoments {
    float mean;
    float inverse_deviation;
};

/// The moments of `Rows` rows from `x` on. Each row is one chain of additions: several rows at once
/// keep the adders busy, and change no bit.
template <int Rows>
HAT_INLINE_LONG void row_moments(const float* x, std::ptrdiff_t stride, int n,
                                 RowMoments* moments) noexcept {
    simd::Lanes sums[std::size_t{Rows}];
    for (auto& sum : sums) sum = simd::zero();
    for_stretches(n, [&](int j, int count) HAT_INLINE_LAMBDA {
        for (int r = 0; r < Rows; ++r) {
            sums[r] = sums[r] + load_stretch(x + r * stride + j, count);
        }
    });
    simd::Lanes squares[std::size_t{Rows}];
    for (int r = 0; r < Rows; ++r) {
        moments[r].mean = simd::sum(sums[r]) / static_cast<float>(n);
        sums[r] = simd::broadcast(moments[r].mean);
        squares[r] = simd::zero();
    }
    for_stretches(n, [&](int j, int count) HAT_INLINE_LAMBDA {
        for (int r = 0; r < Rows; ++r) {
            simd::Lanes d = load_stretch(x + r * stride + j, count) - sums[r];
            if (count < simd::lanes) d = simd::keep_first(d, count, 0.0F);
            squares[r] = simd::fma(d, d, squares[r]);
        }
    });
    for (int r = 0; r < Rows; ++r) {
        const float variance = simd::sum(squares[r]) / static_cast<float>(n);
        moments[r].inverse_deviation = 1.0F / std::sqrt(variance + layer_norm_epsilon);
    }
}

/// Calls `body(first row, rows)` for the rows of a matrix, 4 at a time as long as there are so
/// many.
template <class Body>
HAT_INLINE void for_row_groups(int rows, const Body& body) noexcept {
    int i = 0;
#if !HAT_SMALL
    for (; i + 4 <= rows; i += 4) body(i, std::integral_constant<int, 4>{});
#endif
    for (; i < rows; ++i) body(i, std::integral_constant<int, 1>{});
}

HAT_INLINE_LONG void normalize_row(const float* x, int n, RowMoments moments, const float* gain,
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
    detail::for_row_groups(x.rows(), [&](int i, auto rows) HAT_INLINE_LAMBDA {
        detail::RowMoments moments[4];
        detail::row_moments<rows>(x.row_data(i), x.stride(), x.cols(), moments);
        for (int r = 0; r < rows; ++r) {
            detail::normalize_row(x.row_data(i + r), x.cols(), moments[r], gain.data(), bias.data(),
                                  nullptr, y.row_data(i + r));
        }
    });
}

/// y = norm(x + branch ∘ mask): the residual connection and the norm behind it (`branch` may be
/// empty). What the backward pass needs is kept in `normalized` and `inverse_deviation`.
///
/// Shapes  x, branch, normalized, y [rows, n],  gain, bias [n],  inverse_deviation [rows]
inline void residual_layer_norm(const Dropout& drop, ConstMatrix x, ConstMatrix branch,
                                ConstVector gain, ConstVector bias, Matrix normalized,
                                Vector inverse_deviation, Matrix y) noexcept {
    if (!branch.empty()) {
        residual(drop, x, branch, y);
        x = y;
    }
    detail::for_row_groups(x.rows(), [&](int i, auto rows) HAT_INLINE_LAMBDA {
        detail::RowMoments moments[4];
        detail::row_moments<rows>(x.row_data(i), x.stride(), x.cols(), moments);
        for (int r = 0; r < rows; ++r) {
            inverse_deviation[i + r] = moments[r].inverse_deviation;
            detail::normalize_row(x.row_data(i + r), x.cols(), moments[r], gain.data(), bias.data(),
                                  normalized.row_data(i + r), y.row_data(i + r));
        }
    });
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
