// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/matrix_view.hpp>
#include <hat/core/random.hpp>
#include <hat/core/simd.hpp>

#include <cstddef>
#include <cstdint>

namespace hat::kernels {

/// Inverted dropout that stores no mask: whether element i lives is a function of the key and i, so
/// the backward pass asks again. Precondition: 0 ≤ probability < 1.
class Dropout {
public:
    /// Drops nothing.
    constexpr Dropout() = default;
    constexpr Dropout(float probability, RandomKey key) noexcept
        : low_(static_cast<std::uint32_t>(key.value())),
          high_(static_cast<std::uint32_t>(key.value() >> 32U)),
          threshold_(static_cast<std::uint32_t>(static_cast<double>(probability) * 0x1p32)),
          scale_(1.0F / (1.0F - probability)) {}

    /// Never without a heap, where nothing is trained: so no code is linked that drops.
    [[nodiscard]] constexpr bool active() const noexcept { return HAT_HEAP && threshold_ != 0; }

    /// 0 or 1/(1 − p) for the elements `first` … `first + 15`.
    [[nodiscard]] HAT_INLINE_LONG simd::Lanes factors(std::uint32_t first) const noexcept {
        return simd::value_if_at_least(simd::mix32(simd::count_from(first + low_) ^ high_),
                                       threshold_, scale_);
    }
    /// The same for one element.
    [[nodiscard]] constexpr float factor(std::uint32_t element) const noexcept {
        return mix32((element + low_) ^ high_) >= threshold_ ? scale_ : 0.0F;
    }

private:
    std::uint32_t low_ = 0;
    std::uint32_t high_ = 0;
    std::uint32_t threshold_ = 0;
    float scale_ = 1.0F;
};

namespace detail {

/// Calls `body(column, count)` for every stretch of 16 columns, the last one may be shorter.
template <class Body>
HAT_INLINE void for_stretches(int cols, const Body& body) noexcept {
    int j = 0;
#if !HAT_SMALL
    for (; j + simd::lanes <= cols; j += simd::lanes) body(j, simd::lanes);
    if (j < cols) body(j, cols - j);
#else  // one copy of the body does
    for (; j < cols; j += simd::lanes) body(j, cols - j < simd::lanes ? cols - j : simd::lanes);
#endif
}

HAT_INLINE_LONG simd::Lanes load_stretch(const float* p, int count) noexcept {
    return count == simd::lanes ? simd::load(p) : simd::load_first(p, count);
}

HAT_INLINE_LONG void store_stretch(simd::LanesArgument x, float* p, int count) noexcept {
    if (count == simd::lanes)
        simd::store(x, p);
    else
        simd::store_first(x, p, count);
}

/// The number of the first element of a row, as dropout counts.
HAT_INLINE std::uint32_t first_element(int row, int cols) noexcept {
    return static_cast<std::uint32_t>(row) * static_cast<std::uint32_t>(cols);
}

}  // namespace detail

/// y = x ∘ mask, or y += x ∘ mask if `accumulate`: forward and backward are the same.
///
/// Shapes  x, y [rows, cols]; `y` may be `x`
inline void dropout(const Dropout& drop, ConstMatrix x, Matrix y, bool accumulate) noexcept {
    for (int i = 0; i < x.rows(); ++i) {
        const float* const from = x.row_data(i);
        float* const to = y.row_data(i);
        const std::uint32_t first = detail::first_element(i, x.cols());
        detail::for_stretches(x.cols(), [&](int j, int n) HAT_INLINE_LAMBDA {
            simd::Lanes v = detail::load_stretch(from + j, n);
            if (drop.active()) v = v * drop.factors(first + static_cast<std::uint32_t>(j));
            if (accumulate) v = v + detail::load_stretch(to + j, n);
            detail::store_stretch(v, to + j, n);
        });
    }
}

/// y = x + branch ∘ mask: a residual connection.  Shapes  x, branch, y [rows, cols]
inline void residual(const Dropout& drop, ConstMatrix x, ConstMatrix branch, Matrix y) noexcept {
    for (int i = 0; i < x.rows(); ++i) {
        const std::uint32_t first = detail::first_element(i, x.cols());
        detail::for_stretches(x.cols(), [&](int j, int n) HAT_INLINE_LAMBDA {
            simd::Lanes v = detail::load_stretch(branch.row_data(i) + j, n);
            if (drop.active()) v = v * drop.factors(first + static_cast<std::uint32_t>(j));
            detail::store_stretch(detail::load_stretch(x.row_data(i) + j, n) + v, y.row_data(i) + j,
                                  n);
        });
    }
}

/// y += x, or y = x if not `accumulate`.  Shapes  x, y [rows, cols]
inline void add(ConstMatrix x, Matrix y, bool accumulate) noexcept {
    dropout(Dropout{}, x, y, accumulate);
}

}  // namespace hat::kernels
