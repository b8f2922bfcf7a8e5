// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/model/architecture.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace hat::io {

/// The words that files have for the values of an enumeration, in the order of its values.
template <class Enum>
inline constexpr std::array<const char*, 0> enum_words{};
template <>
inline constexpr std::array enum_words<Activation>{"linear",    "relu", "gelu",
                                                   "gelu_tanh", "tanh", "swish"};
template <>
inline constexpr std::array enum_words<model::Sharing>{"none", "decoder_input_output", "all"};
template <>
inline constexpr std::array enum_words<model::Positions>{"sinusoidal", "learned", "none"};
template <>
inline constexpr std::array enum_words<model::Norm>{"post", "pre"};
template <>
inline constexpr std::array enum_words<nn::DExTraVariant>{"dextra", "define"};

template <class Enum>
[[nodiscard]] constexpr const char* enum_word(Enum value) noexcept {
    return enum_words<Enum>[static_cast<std::size_t>(value)];
}

/// The value that `word` stands for; `address` begins the message otherwise.
///
/// Throws  `Error` listing the words there are.
template <class Enum>
[[nodiscard]] Enum parse_enum(std::string_view word, const std::string& address) {
    std::string choices;
    for (std::size_t i = 0; i < enum_words<Enum>.size(); ++i) {
        if (word == enum_words<Enum>[i]) return static_cast<Enum>(i);
        if (i > 0) choices += ", ";
        choices += enum_words<Enum>[i];
    }
    fail(address, "expected one of ", choices, "; found ", in_quotes(word));
}

namespace detail {

/// True if at(i) is not 0 for some layer i.
template <class At>
[[nodiscard]] bool any_layer(int count, At at) {
    for (int i = 0; i < count; ++i)
        if (at(i) != 0) return true;
    return false;
}

}  // namespace detail

/// Shows every field of an architecture to `fields`, in the order and under the names of files.
///
/// `fields.value(name, x)` is called for what must be given, `fields.option(name, x)` for what has
/// a default (x an int, a bool or an enumeration), `fields.layers(name, count, at)` for one number
/// a layer, `at(i)` being layer i's; `fields.layer_options` likewise where all may be 0 and are
/// left out then. A reader may change what it is shown; `Shape` is
/// `Architecture` then, and `const Architecture` for a writer.
///
/// Throws  `Error`, beginning with `fields.address(name)`, if there are more layers than
///         `max_layers`.
template <class Shape, class Fields>
void visit_fields(Shape& a, Fields& fields) {
    static_assert(std::is_same_v<std::remove_const_t<Shape>, model::Architecture>);
    const auto count = [&](const char* name, auto& layers) {
        fields.value(name, layers);
        if (layers < 0 || layers > model::max_layers)
            fail(fields.address(name), layers, " is not in 0 … ", model::max_layers);
    };
    const auto encoder = [&](const char* name, auto member) {
        fields.layers(
            name, a.encoder_layer_count, [&a, member ](int i) -> auto& {
                return a.encoder_layer_shapes[static_cast<std::size_t>(i)].*member;
            });
    };
    const auto decoder = [&](const char* name, auto member) {
        fields.layers(
            name, a.decoder_layer_count, [&a, member ](int i) -> auto& {
                return a.decoder_layer_shapes[static_cast<std::size_t>(i)].*member;
            });
    };
    const auto encoder_option = [&](const char* name, auto member) {
        fields.layer_options(
            name, a.encoder_layer_count, [&a, member ](int i) -> auto& {
                return a.encoder_layer_shapes[static_cast<std::size_t>(i)].*member;
            });
    };
    const auto decoder_option = [&](const char* name, auto member) {
        fields.layer_options(
            name, a.decoder_layer_count, [&a, member ](int i) -> auto& {
                return a.decoder_layer_shapes[static_cast<std::size_t>(i)].*member;
            });
    };
    fields.option("source_vocab_size", a.source_vocab_size);
    fields.option("target_vocab_size", a.target_vocab_size);
    count("encoder_layers", a.encoder_layer_count);
    count("decoder_layers", a.decoder_layer_count);
    if (a.has_encoder()) fields.value("encoder_embed_dim", a.encoder_embed_dim);
    fields.value("decoder_embed_dim", a.decoder_embed_dim);
    fields.value("qkv_dim", a.qkv_dim);
    if (a.has_encoder()) {
        encoder("encoder_ffn_dims", &model::EncoderLayerShape::ffn_dim);
        encoder("encoder_heads", &model::EncoderLayerShape::heads);
    }
    decoder("decoder_ffn_dims", &model::DecoderLayerShape::ffn_dim);
    decoder("decoder_heads", &model::DecoderLayerShape::heads);
    if (a.has_encoder()) {
        decoder("decoder_cross_heads", &model::DecoderLayerShape::cross_heads);
        decoder("decoder_attended_layers", &model::DecoderLayerShape::attended_layers);
        encoder_option("encoder_qkv_dims", &model::EncoderLayerShape::qkv_dim);
        encoder_option("encoder_dextra_depths", &model::EncoderLayerShape::dextra_depth);
        encoder_option("encoder_dextra_widths", &model::EncoderLayerShape::dextra_width);
        encoder_option("encoder_dextra_groups", &model::EncoderLayerShape::dextra_groups);
    }
    decoder_option("decoder_qkv_dims", &model::DecoderLayerShape::qkv_dim);
    decoder_option("decoder_dextra_depths", &model::DecoderLayerShape::dextra_depth);
    decoder_option("decoder_dextra_widths", &model::DecoderLayerShape::dextra_width);
    decoder_option("decoder_dextra_groups", &model::DecoderLayerShape::dextra_groups);
    fields.option("embedding_dim", a.embedding_dim);
    fields.option("embedding_dextra_depth", a.embedding_dextra_depth);
    fields.option("embedding_dextra_width", a.embedding_dextra_width);
    fields.option("embedding_dextra_groups", a.embedding_dextra_groups);
    fields.option("dextra_variant", a.dextra_variant);
    fields.option("sharing", a.sharing);
    fields.option("norm", a.norm);
    fields.option("encoder_final_norm", a.encoder_final_norm);
    fields.option("decoder_final_norm", a.decoder_final_norm);
    fields.option("activation", a.activation);
    fields.option("encoder_positions", a.encoder_positions);
    fields.option("decoder_positions", a.decoder_positions);
    fields.option("max_source_positions", a.max_source_positions);
    fields.option("max_target_positions", a.max_target_positions);
    fields.option("adaptive_bands", a.adaptive_bands);
    if (a.adaptive_bands != 0) {
        constexpr int most = nn::AdaptiveBands::most;
        if (a.adaptive_bands < 2 || a.adaptive_bands > most)
            fail(fields.address("adaptive_bands"), a.adaptive_bands, " is not in 2 … ", most);
        fields.value("adaptive_factor", a.adaptive_factor);
        fields.layers(
            "adaptive_cutoffs", a.adaptive_bands - 1, [&a](int i) -> auto& {
                return a.adaptive_cutoffs[static_cast<std::size_t>(i)];
            });
    }
    fields.option("unscaled_embeddings", a.unscaled_embeddings);
    fields.option("scale_embedding_by_super_dim", a.scale_embedding_by_super_dim);
    fields.option("encoder_super_dim", a.encoder_super_dim);
    fields.option("decoder_super_dim", a.decoder_super_dim);
    fields.option("encoder_identity_layers", a.encoder_identity_layers);
    fields.option("attends_to_real_layers", a.attends_to_real_layers);
    fields.option("elastic_units", a.elastic_units);
}

}  // namespace hat::io
