// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/autograd/rows.hpp>
#include <hat/core/error.hpp>
#include <hat/core/ragged.hpp>
#include <hat/core/tree.hpp>
#include <hat/nn/adaptive_bands.hpp>
#include <hat/nn/check.hpp>
#include <hat/nn/weights.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <span>

namespace hat::nn {

/// Adaptive input (arXiv:1809.10853): word w of band i becomes
///
///     y = projection_i · (√dim_i · table_i[w − first word of the band]).
///
/// Band 0 is projected too, as in DeLighT's reference implementation.
///
/// Shapes  tables[i] [size of band i, dim_i],  projections[i] [dim, dim_i], no bias
template <class Weights>
struct AdaptiveInput {
    static_assert(
        KindOfWeights<Weights>,
        "AdaptiveInput: its first argument is a kind of weights, such as Trainable or Packed");

    AdaptiveBands bands{};
    std::array<typename Weights::template Words<int, int>, AdaptiveBands::most> tables{};
    std::array<typename Weights::template Matrix<int, int>, AdaptiveBands::most> projections{};
    bool scaled = true;  ///< by √dim_i

    static constexpr void members(const auto& f, auto&... self) {
        f("bands", self.bands...);
        f("scaled", self.scaled...);
        const auto tables = f.in("embeddings");
        const auto projections = f.in("projections");
        for (std::size_t i = 0; i < AdaptiveBands::most; ++i) {
            tables.at(i)("weight", self.tables[i]...);
            projections.at(i)("weight", self.projections[i]...);
        }
    }

    /// Throws  `Error` if a table or a projection is not as wide as its band.
    constexpr void check_sizes(const Path& path = {}) const requires ComputingWeights<Weights> {
        for (int i = 0; i < bands.count; ++i) {
            const auto slot = static_cast<std::size_t>(i);
            const int dim = bands.band_dim(i);
            const int width = detail::width_of(tables[slot]);
            const auto& projection = projections[slot];
            if (width != dim || projection.inputs() != dim || projection.outputs() != bands.dim)
                fail(detail::place_text(path), "AdaptiveInput: band ", i, " has a table ", width,
                     " wide and a projection ", detail::shape_text(projection), ", expected ", dim,
                     " and ", detail::shape_text(bands.dim, dim));
        }
    }
};

/// The vectors of `words`, which must live until the backward pass is done.
/// Precondition: every word is in the vocabulary.
///
/// Shapes  result [words, dim]
/// Throws  `Error` if the sizes do not fit
template <class Context, class Weights>
Variable forward(Context& context, const AdaptiveInput<Weights>& layer,
                 std::span<const int> words) {
    detail::check_context<Context, Weights>();
    layer.check_sizes();
    const AdaptiveBands& bands = layer.bands;
    std::array<autograd::PlacedRows, AdaptiveBands::most> parts{};
    std::size_t count = 0;
    for (int band = 0; band < bands.count; ++band) {
        const auto [own, places] = words_of_band(bands, band, words, context.memory());
        if (own.empty()) continue;
        const auto slot = static_cast<std::size_t>(band);
        const float scale =
            layer.scaled ? std::sqrt(static_cast<float>(bands.band_dim(band))) : 1.0F;
        int* const offsets = context.memory().template allocate<int>(2);
        offsets[0] = 0;
        offsets[1] = static_cast<int>(own.size());
        const Variable h =
            Weights::look_up(context, own, Ragged(offsets, 1), layer.tables[slot], scale, {}, 0.0F);
        parts[count++] = {Weights::multiply(context, h, layer.projections[slot]), places};
    }
    return autograd::join_rows(context, std::span(parts.data(), count),
                               static_cast<int>(words.size()), bands.dim);
}

}  // namespace hat::nn
