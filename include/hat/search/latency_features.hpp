// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/model/architecture.hpp>
#include <hat/model/counts.hpp>

#include <array>
#include <cstddef>
#include <string_view>

namespace hat::search {

/// What a latency predictor knows of a network: the ten features of HAT (arXiv:2005.14187, §3.2),
/// what its DExTra units compute, and the size of what decoding reads again and again. The ten are
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

    /// Beyond the published ones: weights that a step of the decoder reads, in 10^6 bytes of single
    /// precision, the output projection among them; 0 where it is not known.
    double decoder_weight_mb = 0;

    double encoder_qkv_dim = 0;      ///< mean of the inner widths that layers choose themselves
    double encoder_unit_layers = 0;  ///< linear layers of all DExTra units of layers,
    double encoder_unit_mmacs = 0;   ///< and their 10^6 multiply-adds per token
    double decoder_qkv_dim = 0;
    double decoder_unit_layers = 0;
    double decoder_unit_mmacs = 0;

    /// The published ten in their order.
    [[nodiscard]] constexpr std::array<double, 10> values() const noexcept {
        return {encoder_embed_dim,   encoder_layers,         encoder_ffn_dim, encoder_heads,
                decoder_embed_dim,   decoder_layers,         decoder_ffn_dim, decoder_heads,
                decoder_cross_heads, decoder_attended_layers};
    }

    /// All that there is.
    [[nodiscard]] constexpr std::array<double, 17> all() const noexcept {
        return {encoder_embed_dim,       encoder_layers,     encoder_ffn_dim,
                encoder_heads,           decoder_embed_dim,  decoder_layers,
                decoder_ffn_dim,         decoder_heads,      decoder_cross_heads,
                decoder_attended_layers, decoder_weight_mb,  encoder_qkv_dim,
                encoder_unit_layers,     encoder_unit_mmacs, decoder_qkv_dim,
                decoder_unit_layers,     decoder_unit_mmacs};
    }

    friend constexpr bool operator==(const LatencyFeatures&, const LatencyFeatures&) = default;
};

inline constexpr int latency_feature_count = 10;

/// The published ten of a network, or of its genes alone; those of an encoder that it does not have
/// are 0.
[[nodiscard]] constexpr LatencyFeatures published_features(const model::Architecture& a) noexcept {
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

/// All features of a valid network.
[[nodiscard]] constexpr LatencyFeatures latency_features(const model::Architecture& a) noexcept {
    LatencyFeatures features = published_features(a);
    const auto unit_of = [&a](const auto& layer, int dim, double& layers, double& mmacs) {
        if (layer.dextra_depth == 0) return;
        layers += layer.dextra_depth + 2;
        mmacs += static_cast<double>(model::unit_weights(a.unit_of(layer, dim))) / 1e6;
    };
    for (const auto& layer : a.encoder_layers()) {
        features.encoder_qkv_dim += layer.qkv_dim;
        unit_of(layer, a.encoder_embed_dim, features.encoder_unit_layers,
                features.encoder_unit_mmacs);
    }
    double weights = static_cast<double>(a.target_vocab_size) * a.output_dim();
    weights += static_cast<double>(model::embedding_weights(a, a.decoder_embed_dim) +
                                   model::output_weights(a));
    for (const auto& layer : a.decoder_layers()) {
        weights += static_cast<double>(model::layer_weights(a, layer, a.decoder_embed_dim));
        // Keys and values of cross-attention are made once.
        if (a.has_encoder()) weights += 2.0 * a.qkv_dim_of(layer) * a.decoder_embed_dim;
        features.decoder_qkv_dim += layer.qkv_dim;
        unit_of(layer, a.decoder_embed_dim, features.decoder_unit_layers,
                features.decoder_unit_mmacs);
    }
    features.decoder_weight_mb = weights * sizeof(float) / 1e6;
    if (a.encoder_layer_count > 0) features.encoder_qkv_dim /= features.encoder_layers;
    if (a.decoder_layer_count > 0) features.decoder_qkv_dim /= features.decoder_layers;
    return features;
}

/// The terms whose sum, each times a cost, is the time of an encoder: products of the sizes that
/// decide how much each part of a layer computes and loads. Lengths, and the inner width of
/// attention unless layers choose it, are the same for all networks of a space, so they are part of
/// the costs.
inline constexpr std::array<std::string_view, 10> encoder_term_names{
    "constant",       "embed_dim",
    "layers",         "layers*embed_dim",
    "layers*ffn_dim", "layers*ffn_dim*embed_dim",
    "layers*heads",   "layers*qkv_dim*embed_dim",
    "unit_layers",    "unit_mmacs"};

/// The same of a decoder: `embed_dim` alone is the output projection; cross-attention makes keys
/// and values of the encoder's width from every encoder layer that it attends to. What does not fit
/// a cache of the device is read from farther away in every step.
inline constexpr std::array<std::string_view, 14> decoder_term_names{
    "constant",
    "embed_dim",
    "layers",
    "layers*embed_dim",
    "layers*ffn_dim",
    "layers*ffn_dim*embed_dim",
    "layers*heads",
    "layers*cross_heads",
    "layers*attended_layers",
    "layers*attended_layers*encoder_embed_dim",
    "layers*qkv_dim*embed_dim",
    "unit_layers",
    "unit_mmacs",
    "weight_mb beyond the cache"};

using EncoderTerms = std::array<double, encoder_term_names.size()>;
using DecoderTerms = std::array<double, decoder_term_names.size()>;

/// All terms are 0 where there is no encoder.
[[nodiscard]] constexpr EncoderTerms encoder_terms(const LatencyFeatures& f) noexcept {
    const double layers = f.encoder_layers;
    const double dim = f.encoder_embed_dim;
    return {layers > 0 ? 1.0 : 0.0,
            dim,
            layers,
            layers * dim,
            layers * f.encoder_ffn_dim,
            layers * f.encoder_ffn_dim * dim,
            layers * f.encoder_heads,
            layers * f.encoder_qkv_dim * dim,
            f.encoder_unit_layers,
            f.encoder_unit_mmacs};
}

/// `cache_mb`: size of the device's cache; 0: of no importance.
[[nodiscard]] constexpr DecoderTerms decoder_terms(const LatencyFeatures& f,
                                                   double cache_mb = 0) noexcept {
    const double layers = f.decoder_layers;
    const double dim = f.decoder_embed_dim;
    const double attended = layers * f.decoder_attended_layers;
    return {1,
            dim,
            layers,
            layers * dim,
            layers * f.decoder_ffn_dim,
            layers * f.decoder_ffn_dim * dim,
            layers * f.decoder_heads,
            layers * f.decoder_cross_heads,
            attended,
            attended * f.encoder_embed_dim,
            layers * f.decoder_qkv_dim * dim,
            f.decoder_unit_layers,
            f.decoder_unit_mmacs,
            cache_mb > 0 && f.decoder_weight_mb > cache_mb ? f.decoder_weight_mb - cache_mb : 0};
}

}  // namespace hat::search
