// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/model/architecture.hpp>
#include <hat/model/counts.hpp>

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace hat::latency {

/// What a latency predictor knows of a network: the ten features of HAT (arXiv:2005.14187, §3.2),
/// what its DExTra units compute, the size of what decoding reads again and again, and how it is
/// served. The ten are means over the layers that the network has. Layers of one side cost alike
/// wherever they stand, so count times mean, a sum over layers, loses nothing.
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

    /// Beyond the published ones: weights that a step of the decoder reads, in 10^6 bytes, the
    /// output projection among them; 0 where it is not known.
    double decoder_weight_mb = 0;

    double encoder_qkv_dim = 0;      ///< mean of the inner widths that layers choose themselves
    double encoder_unit_layers = 0;  ///< linear layers of all DExTra units of layers,
    double encoder_unit_mmacs = 0;   ///< and their 10^6 multiply-adds per token
    double decoder_qkv_dim = 0;
    double decoder_unit_layers = 0;
    double decoder_unit_mmacs = 0;

    double weight_bits = 32;   ///< of what the weights are served in
    double listed_tokens = 0;  ///< that a step computes the outputs of; 0: all

    friend constexpr bool operator==(const LatencyFeatures&, const LatencyFeatures&) = default;
    // The linter takes the 0 that comparisons are compared with for a pointer.
    friend constexpr auto operator<=>(const LatencyFeatures&,
                                      const LatencyFeatures&) = default;  // NOLINT
};

/// A feature: its column in tables and its name in predictors, where it stands, what a table may
/// say of it, and what it is of a valid network.
struct LatencyFeature {
    std::string_view name;
    double LatencyFeatures::*place;
    double low, high;
    bool integer;
    double (*of)(const model::Architecture&);
    /// Genes alone tell it; what they do not tell depends on vocabularies.
    bool of_genes = true;
    /// A table that does not tell it, not even by genes, is of networks served as usual.
    bool of_serving = false;

    /// What it is of networks of which nothing is said.
    [[nodiscard]] constexpr double usual() const noexcept { return LatencyFeatures{}.*place; }
};

namespace detail {

/// The sum, or the mean, of what `value(layer)` is of the layers of a side; 0 where there are none.
template <class Layers, class Value>
[[nodiscard]] constexpr double sum_over(const Layers& layers, const Value& value) noexcept {
    double sum = 0;
    for (const auto& layer : layers) sum += static_cast<double>(value(layer));
    return sum;
}

template <class Layers, class Value>
[[nodiscard]] constexpr double mean_over(const Layers& layers, const Value& value) noexcept {
    return layers.empty() ? 0 : sum_over(layers, value) / static_cast<double>(layers.size());
}

template <auto Gene>
[[nodiscard]] constexpr double encoder_mean(const model::Architecture& a) noexcept {
    return mean_over(a.encoder.layers(), [](const auto& layer) { return layer.*Gene; });
}

template <auto Gene>
[[nodiscard]] constexpr double decoder_mean(const model::Architecture& a) noexcept {
    return mean_over(a.decoder.layers(), [](const auto& layer) { return layer.*Gene; });
}

/// Linear layers of the DExTra units of a side's layers.
template <class Layers>
[[nodiscard]] constexpr double unit_layers(const Layers& layers) noexcept {
    return sum_over(layers, [](const auto& layer) {
        return layer.dextra_depth == 0 ? 0 : layer.dextra_depth + 2;
    });
}

/// Their 10^6 multiply-adds per token.
template <class Layers>
[[nodiscard]] constexpr double unit_mmacs(const model::Architecture& a, const Layers& layers,
                                          int dim) noexcept {
    return sum_over(layers, [&](const auto& layer) {
        if (layer.dextra_depth == 0) return 0.0;
        return static_cast<double>(model::unit_weights(a.unit_of(layer, dim))) / 1e6;
    });
}

[[nodiscard]] constexpr double decoder_weight_mb(const model::Architecture& a) noexcept {
    const double outside = static_cast<double>(a.output_tokens()) * a.output_dim() +
                           static_cast<double>(model::embedding_weights(a, a.decoder.embed_dim) +
                                               model::output_weights(a));
    const double inside = sum_over(a.decoder.layers(), [&](const auto& layer) {
        const auto own = static_cast<double>(model::layer_weights(a, layer, a.decoder.embed_dim));
        // Keys and values of cross-attention are made once.
        return a.has_encoder() ? own + 2.0 * a.qkv_dim_of(layer) * a.decoder.embed_dim : own;
    });
    return (outside + inside) * a.serving.weight_bits / 8 / 1e6;
}

}  // namespace detail

/// All features: the published ten in their order, ours behind them. Tables, predictors and
/// `latency_features` read this.
// A row has one or two lines, which clang-format would make six.
// clang-format off
inline constexpr auto latency_feature_table = [] {
    using A = model::Architecture;
    using E = model::EncoderLayerShape;
    using D = model::DecoderLayerShape;
    using F = LatencyFeatures;
    constexpr double dim = model::max_dim;
    constexpr double layers = model::max_layers;
    constexpr double many = 1e9;
    return std::to_array<LatencyFeature>({
        {"encoder_embed_dim", &F::encoder_embed_dim, 0, dim, true,
         [](const A& a) -> double { return a.encoder.embed_dim; }},
        {"encoder_layer_num", &F::encoder_layers, 0, layers, true,
         [](const A& a) -> double { return a.encoder.layer_count; }},
        {"encoder_ffn_embed_dim_avg", &F::encoder_ffn_dim, 0, dim, false,
         detail::encoder_mean<&E::ffn_dim>},
        {"encoder_self_attention_heads_avg", &F::encoder_heads, 0, dim, false,
         detail::encoder_mean<&E::heads>},
        {"decoder_embed_dim", &F::decoder_embed_dim, 1, dim, true,
         [](const A& a) -> double { return a.decoder.embed_dim; }},
        {"decoder_layer_num", &F::decoder_layers, 1, layers, true,
         [](const A& a) -> double { return a.decoder.layer_count; }},
        {"decoder_ffn_embed_dim_avg", &F::decoder_ffn_dim, 1, dim, false,
         detail::decoder_mean<&D::ffn_dim>},
        {"decoder_self_attention_heads_avg", &F::decoder_heads, 1, dim, false,
         detail::decoder_mean<&D::heads>},
        {"decoder_ende_attention_heads_avg", &F::decoder_cross_heads, 0, dim, false,
         detail::decoder_mean<&D::cross_heads>},
        {"decoder_arbitrary_ende_attn_avg", &F::decoder_attended_layers, 0, model::max_attended_layers, false,
         detail::decoder_mean<&D::attended_layers>},
        {"decoder_weight_mb", &F::decoder_weight_mb, 0, many, false,
         detail::decoder_weight_mb, false},
        {"encoder_qkv_dim", &F::encoder_qkv_dim, 0, many, false,
         detail::encoder_mean<&E::qkv_dim>},
        {"encoder_unit_layers", &F::encoder_unit_layers, 0, many, false,
         [](const A& a) { return detail::unit_layers(a.encoder.layers()); }},
        {"encoder_unit_mmacs", &F::encoder_unit_mmacs, 0, many, false,
         [](const A& a) { return detail::unit_mmacs(a, a.encoder.layers(), a.encoder.embed_dim); }},
        {"decoder_qkv_dim", &F::decoder_qkv_dim, 0, many, false,
         detail::decoder_mean<&D::qkv_dim>},
        {"decoder_unit_layers", &F::decoder_unit_layers, 0, many, false,
         [](const A& a) { return detail::unit_layers(a.decoder.layers()); }},
        {"decoder_unit_mmacs", &F::decoder_unit_mmacs, 0, many, false,
         [](const A& a) { return detail::unit_mmacs(a, a.decoder.layers(), a.decoder.embed_dim); }},
        {"weight_bits", &F::weight_bits, 8, 32, true,
         [](const A& a) -> double { return a.serving.weight_bits; }, true, true},
        {"listed_tokens", &F::listed_tokens, 0, many, true,
         [](const A& a) -> double { return a.serving.listed_tokens; }, true, true},
    });
}();
// clang-format on

/// How many features there are, and how many of them HAT has published.
inline constexpr int latency_feature_count = static_cast<int>(latency_feature_table.size());
inline constexpr int published_feature_count = 10;

/// The published ones, and those behind them.
inline constexpr auto published_features =
    std::span(latency_feature_table).first<published_feature_count>();
inline constexpr auto further_features =
    std::span(latency_feature_table).subspan<published_feature_count>();

/// All features of a valid network; those of an encoder that it does not have are 0.
[[nodiscard]] constexpr LatencyFeatures latency_features(const model::Architecture& a) noexcept {
    LatencyFeatures features;
    for (const LatencyFeature& feature : latency_feature_table)
        features.*feature.place = feature.of(a);
    return features;
}

/// The index of a feature in the table, or −1.
[[nodiscard]] constexpr int find_latency_feature(std::string_view name) noexcept {
    for (int i = 0; i < latency_feature_count; ++i)
        if (latency_feature_table[static_cast<std::size_t>(i)].name == name) return i;
    return -1;
}

/// Networks whose output layer computes all tokens, those of a list, or either.
enum class Outputs : std::uint8_t { either, all, listed };

/// A part of the time that a side takes: a product of sizes that decides how much it computes and
/// loads.
struct LatencyTerm {
    std::string_view name;
    double (*of)(const LatencyFeatures&);
    Outputs outputs = Outputs::either;  ///< networks that have it
};

/// The terms whose sum, each times a cost, is the time of an encoder. Lengths, and the inner width
/// of attention unless layers choose it, are the same for all networks of a space, so they are part
/// of the costs.
// clang-format off
inline constexpr auto encoder_term_table = [] {
    using F = LatencyFeatures;
    return std::to_array<LatencyTerm>({
        {"constant", [](const F& f) { return f.encoder_layers > 0 ? 1.0 : 0.0; }},
        {"embed_dim", [](const F& f) { return f.encoder_embed_dim; }},
        {"layers", [](const F& f) { return f.encoder_layers; }},
        {"layers*embed_dim", [](const F& f) { return f.encoder_layers * f.encoder_embed_dim; }},
        {"layers*ffn_dim", [](const F& f) { return f.encoder_layers * f.encoder_ffn_dim; }},
        {"layers*ffn_dim*embed_dim", [](const F& f) { return f.encoder_layers * f.encoder_ffn_dim * f.encoder_embed_dim; }},
        {"layers*heads", [](const F& f) { return f.encoder_layers * f.encoder_heads; }},
        {"layers*qkv_dim*embed_dim", [](const F& f) { return f.encoder_layers * f.encoder_qkv_dim * f.encoder_embed_dim; }},
        {"unit_layers", [](const F& f) { return f.encoder_unit_layers; }},
        {"unit_mmacs", [](const F& f) { return f.encoder_unit_mmacs; }},
    });
}();

/// The same of a decoder: `embed_dim` alone is the output projection to all tokens, which are the
/// same for all networks of a space, `listed_tokens*embed_dim` that to a list; cross-attention
/// makes keys and values of the encoder's width from every encoder layer that it attends to. Behind
/// them, what does not fit a cache of the device and is read from farther away in every step.
///
/// Costs are those of one kind of weights.
inline constexpr auto decoder_term_table = [] {
    using F = LatencyFeatures;
    return std::to_array<LatencyTerm>({
        {"constant", [](const F&) { return 1.0; }},
        {"embed_dim", [](const F& f) { return f.listed_tokens > 0 ? 0.0 : f.decoder_embed_dim; }, Outputs::all},
        {"layers", [](const F& f) { return f.decoder_layers; }},
        {"layers*embed_dim", [](const F& f) { return f.decoder_layers * f.decoder_embed_dim; }},
        {"layers*ffn_dim", [](const F& f) { return f.decoder_layers * f.decoder_ffn_dim; }},
        {"layers*ffn_dim*embed_dim", [](const F& f) { return f.decoder_layers * f.decoder_ffn_dim * f.decoder_embed_dim; }},
        {"layers*heads", [](const F& f) { return f.decoder_layers * f.decoder_heads; }},
        {"layers*cross_heads", [](const F& f) { return f.decoder_layers * f.decoder_cross_heads; }},
        {"layers*attended_layers", [](const F& f) { return f.decoder_layers * f.decoder_attended_layers; }},
        {"layers*attended_layers*encoder_embed_dim", [](const F& f) { return f.decoder_layers * f.decoder_attended_layers * f.encoder_embed_dim; }},
        {"layers*qkv_dim*embed_dim", [](const F& f) { return f.decoder_layers * f.decoder_qkv_dim * f.decoder_embed_dim; }},
        {"unit_layers", [](const F& f) { return f.decoder_unit_layers; }},
        {"unit_mmacs", [](const F& f) { return f.decoder_unit_mmacs; }},
        {"listed_tokens*embed_dim", [](const F& f) { return f.listed_tokens * f.decoder_embed_dim; }, Outputs::listed},
        {"weight_mb beyond the cache", [](const F& f) { return f.decoder_weight_mb; }},
    });
}();
// clang-format on

/// The values of all terms of a side.
using EncoderTerms = std::array<double, encoder_term_table.size()>;
using DecoderTerms = std::array<double, decoder_term_table.size()>;

/// All terms are 0 where there is no encoder.
[[nodiscard]] constexpr EncoderTerms encoder_terms(const LatencyFeatures& features) noexcept {
    EncoderTerms terms{};
    for (std::size_t i = 0; i < terms.size(); ++i) terms[i] = encoder_term_table[i].of(features);
    return terms;
}

/// `cache_mb`: size of the device's cache; 0: of no importance.
[[nodiscard]] constexpr DecoderTerms decoder_terms(const LatencyFeatures& features,
                                                   double cache_mb = 0) noexcept {
    DecoderTerms terms{};
    for (std::size_t i = 0; i < terms.size(); ++i) terms[i] = decoder_term_table[i].of(features);
    double& beyond = terms.back();
    beyond = cache_mb > 0 && beyond > cache_mb ? beyond - cache_mb : 0;
    return terms;
}

}  // namespace hat::latency
