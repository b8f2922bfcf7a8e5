// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/matrix_view.hpp>
#include <hat/core/ragged.hpp>
#include <hat/core/simd.hpp>
#include <hat/kernels/dropout.hpp>

#include <cstdint>

namespace hat::kernels {

/// Recurrent dropout: one mask for all tokens of a sentence,
///
///     y[t, c] = x[t, c] · mask[sentence of t, c],    or y += … if `accumulate`.
///
/// Element (s, c) of the mask is number s · cols + c of `drop`; no mask is stored. Forward and
/// backward are the same.
///
/// Shapes  x, y [sentences.tokens(), cols]; `y` may be `x`
///
/// See  Gal and Ghahramani (arXiv:1512.05287); DeLighT's embeddings (arXiv:2008.00623)
inline void recurrent_dropout(const Dropout& drop, const Ragged& sentences, ConstMatrix x, Matrix y,
                              bool accumulate) noexcept {
    for (int s = 0; s < sentences.sentences(); ++s) {
        const std::uint32_t first = detail::first_element(s, x.cols());
        for (int t = sentences.begin(s); t < sentences.begin(s) + sentences.length(s); ++t) {
            const float* const from = x.row_data(t);
            float* const to = y.row_data(t);
            detail::for_stretches(x.cols(), [&](int j, int n) HAT_INLINE_LAMBDA {
                simd::Lanes v = detail::load_stretch(from + j, n);
                if (drop.active()) v = v * drop.factors(first + static_cast<std::uint32_t>(j));
                if (accumulate) v = v + detail::load_stretch(to + j, n);
                detail::store_stretch(v, to + j, n);
            });
        }
    }
}

}  // namespace hat::kernels
