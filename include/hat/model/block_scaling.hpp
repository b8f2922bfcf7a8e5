// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/nn/dextra_shape.hpp>

#include <cstdint>

/// How DeLighT (arXiv:2008.00623, section 3.2) spreads depth and width over its blocks, and what
/// else the published settings derive from the model's width. Rounding is the
/// reference implementation's.
namespace hat::model {

/// Depth and width multiplier of DExTra along the blocks of one side: block b of B has
///
///     N_b = ⌊N_min + b · (N_max − N_min) / (B − 1)⌋,
///     w_b = w_m + b · (N_max / N_min − 1) / (B − 1), to three decimals,
///
/// so blocks near the output are deeper and wider. With N_min = N_max it is uniform scaling.
struct BlockScaling {
    int min_depth = 4;
    int max_depth = 8;
    int width_thousandths = 2000;  ///< w_m
    int blocks = 8;                ///< B; the named architectures have as many as max_depth
};

/// What scaling gives one block.
struct BlockScale {
    int depth = 0;
    int width_thousandths = 0;

    friend constexpr bool operator==(const BlockScale&, const BlockScale&) = default;
};

namespace detail {

/// The nearest integer of a number that is not negative, ties to even.
constexpr int round_to_even(double x) noexcept {
    const int below = static_cast<int>(x);
    const double rest = x - below;
    if (rest < 0.5 || (rest == 0.5 && below % 2 == 0)) return below;
    return below + 1;
}

}  // namespace detail

/// The scale of block `block`, counted from 0.
///
/// Throws  `Error` if depths are not in 1 … 20 and ascending, or there is no such block.
[[nodiscard]] constexpr BlockScale block_scale(const BlockScaling& scaling, int block) {
    if (scaling.min_depth < 1 || scaling.max_depth < scaling.min_depth ||
        scaling.max_depth > nn::max_dextra_depth)
        fail("block scaling: depths ", scaling.min_depth, " … ", scaling.max_depth,
             " are not within 1 … ", nn::max_dextra_depth);
    if (block < 0 || block >= scaling.blocks)
        fail("block scaling: there is no block ", block, " among ", scaling.blocks);
    if (scaling.min_depth == scaling.max_depth)
        return {scaling.min_depth, scaling.width_thousandths};
    const double depth = nn::linspace(scaling.min_depth, scaling.max_depth, scaling.blocks, block);
    const double first = scaling.width_thousandths / 1000.0;
    const double last = first + static_cast<double>(scaling.max_depth) / scaling.min_depth - 1;
    const double width = nn::linspace(first, last, scaling.blocks, block);
    return {static_cast<int>(depth), detail::round_to_even(width * 1000.0)};
}

/// The group cap of a model of width `dim`: 2^⌈log₂(dim / 32)⌉.
///
/// Throws  `Error` if `dim` is not a positive multiple of 32.
[[nodiscard]] constexpr int default_max_groups(int dim) {
    if (dim < 32 || dim % 32 != 0)
        fail("DeLighT: the model's width ", dim, " is not a positive multiple of 32");
    int groups = 1;
    while (groups * 32 < dim) groups *= 2;
    return groups;
}

/// A number from 0 to 1,000 to so many decimals, at most 4. As in Python, the exact value of the
/// double is rounded, ties to even.
[[nodiscard]] constexpr double round_decimals(double x, int decimals) noexcept {
    int scale = 1;
    for (int i = 0; i < decimals; ++i) scale *= 10;
    // 2 · scale · x is compared with an odd number without rounding: x in two halves of few bits.
    const double high = static_cast<double>(static_cast<float>(x));
    const double low = x - high;
    int units = static_cast<int>(x * scale);
    const double above_half = (2.0 * scale * high - (2.0 * units + 1)) + 2.0 * scale * low;
    if (above_half > 0 || (above_half == 0 && units % 2 != 0)) ++units;
    return static_cast<double>(units) / scale;
}

/// `base` dropout of a model of width `reference_dim`, carried over to width `dim`: in proportion,
/// rounded to two decimals, at most `maximum`.
///
/// The base is divided by a quotient, which decides cases like 0.3 / (1024 / 256) = 0.075 → 0.07.
[[nodiscard]] constexpr double scaled_dropout(double base, int reference_dim, int dim,
                                              double maximum) noexcept {
    const double x = base / (static_cast<double>(reference_dim) / dim);
    if (x >= maximum) return maximum;
    const double rounded = round_decimals(x, 2);
    return rounded < maximum ? rounded : maximum;
}

/// Dropout probabilities of a DeLighT network, by where they apply.
struct DeLighTDropout {
    double residual = 0;     ///< behind attention and feed-forward layer
    double attention = 0;    ///< on attention probabilities
    double dextra = 0;       ///< in every layer of every DExTra
    double embedding = 0.1;  ///< time-shared, on embeddings
    double position = 0.1;   ///< time-shared, behind positions

    friend constexpr bool operator==(const DeLighTDropout&, const DeLighTDropout&) = default;
};

/// The rules of the published settings for a model of width `dim`.
[[nodiscard]] constexpr DeLighTDropout wmt14_en_de_dropout(int dim) noexcept {
    return {scaled_dropout(0.3, 1024, dim, 0.3), scaled_dropout(0.1, 1024, dim, 0.1), 0};
}
[[nodiscard]] constexpr DeLighTDropout wmt14_en_fr_dropout(int dim) noexcept {
    return {scaled_dropout(0.1, 1024, dim, 0.1), scaled_dropout(0.1, 1024, dim, 0.1), 0};
}
[[nodiscard]] constexpr DeLighTDropout wmt16_en_ro_dropout(int dim) noexcept {
    return {scaled_dropout(0.3, 1024, dim, 0.3), scaled_dropout(0.1, 1024, dim, 0.1),
            scaled_dropout(0.1, 512, dim, 0.1)};
}
[[nodiscard]] constexpr DeLighTDropout iwslt14_dropout(int dim) noexcept {
    return {scaled_dropout(0.3, 512, dim, 0.3), scaled_dropout(0.1, 512, dim, 0.1),
            scaled_dropout(0.1, 512, dim, 0.1)};
}
[[nodiscard]] constexpr DeLighTDropout wikitext103_dropout(int dim) noexcept {
    return {scaled_dropout(0.1, 1024, dim, 0.3), scaled_dropout(0.1, 1024, dim, 0.1),
            scaled_dropout(0.1, 1024, dim, 0.1)};
}

}  // namespace hat::model
