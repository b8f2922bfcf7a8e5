// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/activation.hpp>
#include <hat/core/arena.hpp>
#include <hat/core/matrix_view.hpp>
#include <hat/core/simd.hpp>
#include <hat/kernels/activation.hpp>
#include <hat/kernels/dropout.hpp>
#include <hat/kernels/feature_shuffle.hpp>
#include <hat/kernels/layer_norm.hpp>
#include <hat/kernels/row_moments.hpp>

#include <cstddef>
#include <cstdint>

namespace hat::kernels {

/// What a group-linear layer does with its sums (DeLighT, arXiv:2008.00623, section 3.1), in this
/// order: feature shuffle, layer norm of every group, activation, dropout.
///
/// Shapes  norm_gain, norm_bias [outputs / groups], the same for all groups; empty where there is
/// no norm
struct GroupEpilogue {
    int groups = 1;
    bool shuffle = false;
    Activation activation = Activation::linear;
    ConstVector norm_gain{};
    ConstVector norm_bias{};
    Dropout drop{};

    /// Whether groups are normalised, and whether features change places.
    [[nodiscard]] constexpr bool has_norm() const noexcept { return !norm_gain.empty(); }
    [[nodiscard]] constexpr bool moves() const noexcept { return shuffle && groups > 1; }
    /// Whether the way back needs anything but the gradient.
    [[nodiscard]] constexpr bool keeps() const noexcept {
        return has_norm() || activation != Activation::linear;
    }
};

/// What the way back needs: the normalised features with the inverse deviation of every group; or,
/// without a norm, what the activation was applied to. Empty in evaluation.
///
/// Shapes  features [rows, outputs],  inverse_deviation [rows · groups]
struct GroupEpilogueKept {
    Matrix features{};
    Vector inverse_deviation{};
};

namespace detail {

/// Calls `body(f)` with the activation as a function of lanes. Swish, which DeLighT has everywhere,
/// is inlined; the others are called.
template <class Body>
HAT_INLINE void with_activation(Activation activation, const Body& body) noexcept {
    if (activation == Activation::swish) {
        body([](simd::Lanes x) HAT_INLINE_LAMBDA { return swish(x); });
    } else {
        body([=](simd::Lanes x) HAT_INLINE_LAMBDA { return activate(activation, x); });
    }
}

template <class Body>
HAT_INLINE void with_slope(Activation activation, const Body& body) noexcept {
    if (activation == Activation::swish) {
        body([](simd::Lanes x) HAT_INLINE_LAMBDA { return swish_slope(x); });
    } else {
        body([=](simd::Lanes x) HAT_INLINE_LAMBDA { return activation_slope(activation, x); });
    }
}

/// y = drop(act(y)) for `size` features, the first of which is number `first` to dropout; what the
/// activation is applied to is kept in `kept` unless that is null.
template <class Activate>
HAT_INLINE_LONG void activate_stretches(const Activate& activate, const Dropout& drop,
                                        std::uint32_t first, int size, float* kept,
                                        float* y) noexcept {
    for_stretches(size, [&](int j, int count) HAT_INLINE_LAMBDA {
        simd::Lanes x = load_stretch(y + j, count);
        if (kept != nullptr) store_stretch(x, kept + j, count);
        x = activate(x);
        if (drop.active()) x = x * drop.factors(first + static_cast<std::uint32_t>(j));
        store_stretch(x, y + j, count);
    });
}

/// The same behind the norm of one group; the normalised features are kept.
template <class Activate>
HAT_INLINE_LONG void normalize_and_activate(const Activate& activate, const GroupEpilogue& epilogue,
                                            RowMoments moments, std::uint32_t first, int size,
                                            float* kept, float* y) noexcept {
    const simd::Lanes center = simd::broadcast(moments.mean);
    const simd::Lanes inverse = simd::broadcast(moments.inverse_deviation);
    const float* const gain = epilogue.norm_gain.data();
    const float* const norm_bias = epilogue.norm_bias.data();
    for_stretches(size, [&](int j, int count) HAT_INLINE_LAMBDA {
        const simd::Lanes hat = (load_stretch(y + j, count) - center) * inverse;
        if (kept != nullptr) store_stretch(hat, kept + j, count);
        simd::Lanes x = activate(
            simd::fma(hat, load_stretch(gain + j, count), load_stretch(norm_bias + j, count)));
        if (epilogue.drop.active()) {
            x = x * epilogue.drop.factors(first + static_cast<std::uint32_t>(j));
        }
        store_stretch(x, y + j, count);
    });
}

/// Moments of the rows of y from row q on, which are fewer than 16.
inline void moments_of_last(ConstMatrix y, int q, MomentsOf16& moments) noexcept {
    for_row_groups(y.rows() - q, [&](int i, auto rows) HAT_INLINE_LAMBDA {
        RowMoments some[4];
        row_moments<rows>(y.row_data(q + i), y.stride(), y.cols(), some);
        for (int r = 0; r < rows; ++r) {
            moments.means[i + r] = some[r].mean;
            moments.inverse_deviations[i + r] = some[r].inverse_deviation;
        }
    });
}

/// The norm, activation and dropout of rows of groups, one behind the other in memory: row q of
/// `y` is group q % groups of row first_row + q / groups.
HAT_INLINE_LONG void finish_group_rows(const GroupEpilogue& epilogue, const GroupEpilogueKept& kept,
                                       int first_row, Matrix y) noexcept {
    const int size = y.cols();
    MomentsOf16 moments;
    for (int first = 0; first < y.rows(); first += 16) {
        const bool is_whole = first + 16 <= y.rows();
        if (is_whole)
            moments_of_16(y.row_data(first), y.stride(), size, moments);
        else
            moments_of_last(y, first, moments);
        const int end = is_whole ? first + 16 : y.rows();
        with_activation(epilogue.activation, [&](const auto& activate) HAT_INLINE_LAMBDA {
            for (int q = first; q < end; ++q) {
                const RowMoments own = moments[q - first];
                const int row = first_row + q / epilogue.groups;
                const int column = q % epilogue.groups * size;
                float* to = nullptr;
                if (!kept.features.empty()) {
                    to = kept.features.row_data(row) + column;
                    kept.inverse_deviation[first_row * epilogue.groups + q] = own.inverse_deviation;
                }
                normalize_and_activate(activate, epilogue, own,
                                       first_element(row, size * epilogue.groups) +
                                           static_cast<std::uint32_t>(column),
                                       size, to, y.row_data(q));
            }
        });
    }
}

/// Rows of which all groups together are whole batches of 16.
constexpr int rows_per_batch(int groups) noexcept {
    int rows = 1;
    while (rows * groups % 16 != 0) rows *= 2;
    return rows;
}

}  // namespace detail

/// y = drop(act(norm(shuffle(u)))) for a block of rows, of which the first is row `first_row` of
/// the whole; they should be few enough to stay in cache. Without shuffle, `u` must be `y`.
///
/// Shapes  u, y [rows, outputs];  kept: of the whole
inline void apply_group_epilogue(const GroupEpilogue& epilogue, ConstMatrix u, int first_row,
                                 const GroupEpilogueKept& kept, Matrix y) noexcept {
    HAT_ASSERT(epilogue.moves() || u.data() == y.data());
    const int outputs = y.cols();
    const int groups = epilogue.groups;
    const int size = outputs / groups;
    const bool is_dense = y.stride() == outputs;  // groups of several rows lie in a row
    const int batch = is_dense && epilogue.has_norm() ? detail::rows_per_batch(groups) : 1;
    for (int first = 0; first < y.rows(); first += batch) {
        const int rows = first + batch < y.rows() ? batch : y.rows() - first;
        const int row = first_row + first;
        for (int i = first; epilogue.moves() && i < first + rows; ++i)
            shuffle_features(u.row_data(i), groups, size, y.row_data(i));
        if (epilogue.has_norm()) {
            const Matrix group_rows(y.row_data(first), rows * groups, size,
                                    groups == 1 ? y.stride() : size);
            detail::finish_group_rows(epilogue, kept, row, group_rows);
        } else if (epilogue.keeps() || epilogue.drop.active()) {
            float* const to = kept.features.empty() ? nullptr : kept.features.row_data(row);
            detail::with_activation(
                epilogue.activation, [&](const auto& activate) HAT_INLINE_LAMBDA {
                    detail::activate_stretches(activate, epilogue.drop,
                                               detail::first_element(row, outputs), outputs, to,
                                               y.row_data(first));
                });
        }
    }
}

/// The way back through `apply_group_epilogue`: turns dy, the gradient of its result, into that of
/// `u`, and adds to those of gain, norm_bias (empty without a norm) and of the bias in front (may
/// be empty).
///
/// Shapes  dy [rows, outputs],  dgain, dshift [outputs / groups],  dbias [outputs]
inline void group_epilogue_backward(const GroupEpilogue& epilogue, const GroupEpilogueKept& kept,
                                    Matrix dy, Vector dgain, Vector dshift, Vector dbias,
                                    Arena& scratch) {
    const ArenaScope scope(scratch);
    const int outputs = dy.cols();
    const int groups = epilogue.groups;
    const int size = outputs / groups;
    const Vector moved = epilogue.moves() ? scratch.vector(outputs) : Vector{};
    const simd::Lanes scale = simd::broadcast(1.0F / static_cast<float>(size));
    // A norm is gone back through group by group, anything else in one go.
    const int stretch = epilogue.has_norm() ? size : outputs;
    detail::with_slope(epilogue.activation, [&](const auto& slope_at) HAT_INLINE_LAMBDA {
        for (int i = 0; i < dy.rows(); ++i) {
            float* const from = dy.row_data(i);
            float* const to = epilogue.moves() ? moved.data() : from;
            for (int column = 0; column < outputs; column += stretch) {
                const std::uint32_t first =
                    detail::first_element(i, outputs) + static_cast<std::uint32_t>(column);
                const auto upstream = [&](int j, int count) HAT_INLINE_LAMBDA {
                    const simd::Lanes g = detail::load_stretch(from + column + j, count);
                    if (!epilogue.drop.active()) return g;
                    return g * epilogue.drop.factors(first + static_cast<std::uint32_t>(j));
                };
                const float* const x =
                    epilogue.keeps() ? kept.features.row_data(i) + column : nullptr;
                if (!epilogue.has_norm()) {
                    detail::for_stretches(stretch, [&](int j, int count) HAT_INLINE_LAMBDA {
                        simd::Lanes g = upstream(j, count);
                        if (x != nullptr) g = g * slope_at(detail::load_stretch(x + j, count));
                        detail::store_stretch(g, to + column + j, count);
                    });
                    continue;
                }
                simd::Lanes sum = simd::zero();
                simd::Lanes projection = simd::zero();
                detail::for_stretches(size, [&](int j, int count) HAT_INLINE_LAMBDA {
                    const simd::Lanes hat = detail::load_stretch(x + j, count);
                    const simd::Lanes gain =
                        detail::load_stretch(epilogue.norm_gain.data() + j, count);
                    const simd::Lanes norm_bias =
                        detail::load_stretch(epilogue.norm_bias.data() + j, count);
                    const simd::Lanes g =
                        upstream(j, count) * slope_at(simd::fma(hat, gain, norm_bias));
                    float* const to_gain = dgain.data() + j;
                    float* const to_shift = dshift.data() + j;
                    detail::store_stretch(simd::fma(g, hat, detail::load_stretch(to_gain, count)),
                                          to_gain, count);
                    detail::store_stretch(g + detail::load_stretch(to_shift, count), to_shift,
                                          count);
                    const simd::Lanes dhat = g * gain;
                    sum = sum + dhat;
                    projection = simd::fma(dhat, hat, projection);
                    detail::store_stretch(dhat, from + column + j, count);
                });
                const simd::Lanes mean = simd::broadcast(simd::sum(sum)) * scale;
                const simd::Lanes along = simd::broadcast(simd::sum(projection)) * scale;
                const simd::Lanes inverse =
                    simd::broadcast(kept.inverse_deviation[i * groups + column / size]);
                detail::for_stretches(size, [&](int j, int count) HAT_INLINE_LAMBDA {
                    const simd::Lanes dhat = detail::load_stretch(from + column + j, count);
                    const simd::Lanes hat = detail::load_stretch(x + j, count);
                    detail::store_stretch((dhat - mean - hat * along) * inverse, to + column + j,
                                          count);
                });
            }
            if (epilogue.moves()) unshuffle_features(moved.data(), groups, size, from);
            if (!dbias.empty()) add({from, 1, outputs}, {dbias.data(), 1, outputs}, true);
        }
    });
}

}  // namespace hat::kernels
