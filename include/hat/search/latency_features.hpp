// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/model/architecture.hpp>

#include <array>
#include <cstddef>

namespace hat::search {

/// What a latency predictor knows of a network: the ten features of HAT (arXiv:2005.14187, §3.2),
/// means over the layers that the network has. Layers of one side cost alike wherever they stand,
/// so count times mean, a sum over layers, loses nothing.
struct LatencyFeatures {
    double encoder_embed_dim = 0;
    double encoder_layers = 0;
    double encoder_ffn_dim = 0;
    double encoder_heads = 0;
    double decoder_embed_dim = 0;
    double decoder_layers = 0;
    double decoder_ffn_dim = 0;
    double decoder_heads = 0;
    double decoder_cross_heads = 0;
    double decoder_attended_layers = 0;  ///< 1 … 3

    /// All ten in the published order.
    [[nodiscard]] constexpr std::array<double, 10> values() const noexcept {
        return {encoder_embed_dim,   encoder_layers,         encoder_ffn_dim, encoder_heads,
                decoder_embed_dim,   decoder_layers,         decoder_ffn_dim, decoder_heads,
                decoder_cross_heads, decoder_attended_layers};
    }

    friend constexpr bool operator==(const LatencyFeatures&, const LatencyFeatures&) = default;
};

inline constexpr int latency_feature_count = 10;

/// The features of a valid network; those of an encoder that it does not have are 0.
[[nodiscard]] constexpr LatencyFeatures latency_features(const model::Architecture& a) noexcept {
    LatencyFeatures features{.encoder_embed_dim = static_cast<double>(a.encoder_embed_dim),
                             .encoder_layers = static_cast<double>(a.encoder_layer_count),
                             .decoder_embed_dim = static_cast<double>(a.decoder_embed_dim),
                             .decoder_layers = static_cast<double>(a.decoder_layer_count)};
    for (const auto& layer : a.encoder_layers()) {
        features.encoder_ffn_dim += layer.ffn_dim;
        features.encoder_heads += layer.heads;
    }
    for (const auto& layer : a.decoder_layers()) {
        features.decoder_ffn_dim += layer.ffn_dim;
        features.decoder_heads += layer.heads;
        features.decoder_cross_heads += layer.cross_heads;
        features.decoder_attended_layers += layer.attended_layers;
    }
    if (a.encoder_layer_count > 0) {
        features.encoder_ffn_dim /= features.encoder_layers;
        features.encoder_heads /= features.encoder_layers;
    }
    if (a.decoder_layer_count > 0) {
        features.decoder_ffn_dim /= features.decoder_layers;
        features.decoder_heads /= features.decoder_layers;
        features.decoder_cross_heads /= features.decoder_layers;
        features.decoder_attended_layers /= features.decoder_layers;
    }
    return features;
}

}  // namespace hat::search
