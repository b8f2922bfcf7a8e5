// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/activation.hpp>
#include <hat/core/error.hpp>
#include <hat/model/architecture_parts.hpp>
#include <hat/nn/adaptive_bands.hpp>
#include <hat/nn/dextra_shape.hpp>

#include <cstddef>
#include <string>

namespace hat::model {

/// Shape of a Transformer: all that decides which parameters it has and what they compute; special
/// token ids are not part of it. HAT's (Hardware-Aware Transformers, arXiv:2005.14187) have no
/// DExTra; DeLighT's (arXiv:2008.00623) have one in every layer, one head of half the width, a
/// narrow feed-forward layer, and embeddings that a DExTra widens.
///
/// A literal, structural type: a value may be a template argument. A super network is the
/// `Architecture` of its largest member. One without encoder layers is a language model; its
/// encoder is `EncoderShape{}`.
struct Architecture {
    static constexpr bool is_setting = true;  ///< to walks of trees

    int source_vocab_size = 0;
    int target_vocab_size = 0;
    EncoderShape encoder{};
    DecoderShape decoder{};
    int qkv_dim = 0;  ///< inner width of attention where a layer has none of its own

    Sharing sharing = Sharing::none;
    Norm norm = Norm::post;
    Activation activation = Activation::relu;
    nn::DExTraVariant dextra_variant = nn::DExTraVariant::dextra;  ///< of all units
    EmbeddingShape embedding{};
    AdaptiveShape adaptive{};
    Origin origin{};

    /// SubTransformers have no identity layers: decoder layers attend to the last real ones, so two
    /// of them are never the same. (The reference lists identities.)
    bool attends_to_real_layers = false;
    /// Of a super network: the weights of its DExTra units have room for shallower, narrower and
    /// more finely grouped ones, and for none. DeFINE's have not: the groups of their first layers
    /// change with depth.
    bool elastic_units = false;

    Serving serving{};

    /// Whether it is a translator; a language model has no encoder.
    [[nodiscard]] constexpr bool has_encoder() const noexcept { return encoder.layer_count > 0; }

    /// Width of the table that encoder positions are cut from.
    [[nodiscard]] constexpr int encoder_position_dim() const noexcept {
        return origin.encoder_dim > 0 ? origin.encoder_dim : encoder.embed_dim;
    }
    [[nodiscard]] constexpr int decoder_position_dim() const noexcept {
        return origin.decoder_dim > 0 ? origin.decoder_dim : decoder.embed_dim;
    }

    /// Columns of the stored embedding tables: a table used by both sides has the wider one's.
    [[nodiscard]] constexpr int source_table_dim() const noexcept {
        return table_dim(encoder.embed_dim);
    }
    [[nodiscard]] constexpr int target_table_dim() const noexcept {
        return table_dim(decoder.embed_dim);
    }
    /// Columns of the output projection.
    [[nodiscard]] constexpr int output_dim() const noexcept {
        return embedding.dim > 0 ? embedding.dim : decoder.embed_dim;
    }
    /// A linear layer without bias stands between the decoder and the output projection.
    [[nodiscard]] constexpr bool projects_output() const noexcept {
        return output_dim() != decoder.embed_dim;
    }

    /// Outputs that a step of its decoder computes for a sentence.
    [[nodiscard]] constexpr int output_tokens() const noexcept {
        return serving.listed_tokens > 0 ? serving.listed_tokens : target_vocab_size;
    }

    /// Whether words are told apart by bands, and read by them.
    [[nodiscard]] constexpr bool has_adaptive_softmax() const noexcept {
        return adaptive.bands > 0;
    }
    [[nodiscard]] constexpr bool has_adaptive_input() const noexcept {
        return adaptive.bands > 0 && sharing == Sharing::decoder_input_output;
    }
    /// The bands of the vocabulary. Precondition: it has some.
    [[nodiscard]] constexpr nn::AdaptiveBands bands() const noexcept {
        nn::AdaptiveBands all{
            .count = adaptive.bands, .dim = output_dim(), .factor = adaptive.factor};
        const auto last = static_cast<std::size_t>(adaptive.bands - 1);
        for (std::size_t i = 0; i < last; ++i) all.ends[i] = adaptive.cutoffs[i];
        all.ends[last] = target_vocab_size;
        return all;
    }

    /// Inner width of the attention of `layer`, one of this network's.
    template <class LayerShape>
    [[nodiscard]] constexpr int qkv_dim_of(const LayerShape& layer) const noexcept {
        return layer.qkv_dim > 0 ? layer.qkv_dim : qkv_dim;
    }
    /// The DExTra unit of `layer`, in a side of width `dim`. Precondition: it has one.
    template <class LayerShape>
    [[nodiscard]] constexpr nn::DExTraShape unit_of(const LayerShape& layer,
                                                    int dim) const noexcept {
        return {.in_dim = dim,
                .inner_dim = dim / 2,
                .out_dim = dim / 2,
                .depth = layer.dextra_depth,
                .width_thousandths = layer.dextra_width,
                .max_groups = layer.dextra_groups,
                .variant = dextra_variant};
    }
    /// The DExTra unit of the embeddings of a side of width `dim`. Precondition: there is one.
    [[nodiscard]] constexpr nn::DExTraShape embedding_unit(int dim) const noexcept {
        return {.in_dim = embedding.dim,
                .inner_dim = dim / 2,
                .out_dim = dim,
                .depth = embedding.dextra_depth,
                .width_thousandths = embedding.dextra_width,
                .max_groups = embedding.dextra_groups,
                .variant = dextra_variant};
    }
    /// Width of what the self-attention of `layer` reads, in a side of width `dim`.
    template <class LayerShape>
    [[nodiscard]] static constexpr int attention_input_dim(const LayerShape& layer,
                                                           int dim) noexcept {
        return layer.dextra_depth > 0 ? dim / 2 : dim;
    }

    /// Cross-attention stores queries, keys and values in one matrix, as equal dims allow.
    [[nodiscard]] constexpr bool joint_cross_projection() const noexcept {
        return encoder.embed_dim == decoder.embed_dim;
    }

    friend constexpr bool operator==(const Architecture&, const Architecture&) = default;

private:
    [[nodiscard]] constexpr int table_dim(int own_dim) const noexcept {
        if (embedding.dim > 0) return embedding.dim;
        if (sharing != Sharing::all) return own_dim;
        return encoder.embed_dim > decoder.embed_dim ? encoder.embed_dim : decoder.embed_dim;
    }
};

namespace detail {

/// Where in an architecture a value stands, for messages: "encoder layer 2: " or nothing.
struct Place {
    const char* side = nullptr;
    int layer = -1;

    [[nodiscard]] MessageText text() const {
        if (side == nullptr) return "architecture: ";
#if HAT_HEAP
        return "architecture: " + std::string(side) + " layer " + std::to_string(layer) + ": ";
#else
        return "architecture: a layer: ";
#endif
    }
};

constexpr void require_range(Place place, const char* field, int value, int low, int high) {
    if (value < low || value > high)
        fail(place.text(), field, " = ", value, " is not in ", low, " … ", high);
}

constexpr void require_zero(Place place, const char* field, int value, const char* reason) {
    if (value != 0) fail(place.text(), field, " = ", value, " must be 0 ", reason);
}

constexpr void require_heads(Place place, const char* field, int heads, int qkv_dim) {
    if (heads < 1 || qkv_dim % heads != 0)
        fail(place.text(), field, " = ", heads, " does not divide qkv_dim = ", qkv_dim);
}

/// Checks the inner width of a layer's attention and its DExTra unit.
template <class LayerShape>
constexpr void validate_layer(Place place, const Architecture& a, const LayerShape& layer,
                              int dim) {
    require_range(place, "ffn_dim", layer.ffn_dim, 1, max_dim);
    for (const GeneRow& gene : gene_table)
        if (gene.is_of_layers() && gene.presence == Presence::optional)
            require_range(place, gene.short_name().data(), gene.in(layer), 0, gene.most);
    require_heads(place, "heads", layer.heads, a.qkv_dim_of(layer));
    if (layer.dextra_depth == 0) {
        constexpr const char* reason = "without DExTra";
        require_zero(place, "dextra_width", layer.dextra_width, reason);
        require_zero(place, "dextra_groups", layer.dextra_groups, reason);
        return;
    }
    const nn::DExTraShape unit = a.unit_of(layer, dim);
    if (dextra_verdict(unit).fault != nn::DExTraFault::none) nn::validate(unit, place.text());
}

constexpr void validate_embeddings(const Architecture& a) {
    if (a.embedding.dim == 0) {
        constexpr const char* reason = "without embedding_dim";
        require_zero({}, "embedding_dextra_depth", a.embedding.dextra_depth, reason);
        require_zero({}, "embedding_dextra_width", a.embedding.dextra_width, reason);
        require_zero({}, "embedding_dextra_groups", a.embedding.dextra_groups, reason);
        return;
    }
    require_range({}, "embedding_dim", a.embedding.dim, 1, max_dim);
    for (const int dim : {a.encoder.embed_dim, a.decoder.embed_dim})
        if (dim > 0) nn::validate(a.embedding_unit(dim), "architecture: embeddings: ");
}

/// Precondition: the depth of each is in its range.
constexpr void validate_units(const Architecture& a) {
    constexpr int ends = 2;
    const int sides = a.has_encoder() ? 2 : 1;
    int layers = a.embedding.dim > 0 ? sides * (a.embedding.dextra_depth + ends) : 0;
    const auto add = [&layers](const auto& side) {
        for (const auto& layer : side.layers())
            layers += layer.dextra_depth > 0 ? layer.dextra_depth + ends : 0;
    };
    add(a.encoder);
    add(a.decoder);
    if (layers > nn::max_pooled_layers)
        fail("architecture: its units have ", layers, " layers in all, expected at most ",
             nn::max_pooled_layers);
    if (a.elastic_units && a.dextra_variant != nn::DExTraVariant::dextra)
        fail("architecture: elastic_units need dextra_variant = dextra");
}

constexpr void validate_bands(const Architecture& a) {
    if (a.adaptive.bands == 0) {
        require_zero({}, "adaptive_factor", a.adaptive.factor, "without adaptive_bands");
        return;
    }
    require_range({}, "adaptive_bands", a.adaptive.bands, 2, nn::AdaptiveBands::most);
    if (a.has_encoder())
        fail("architecture: adaptive_bands are for language models, which have no encoder");
    nn::validate(a.bands());
}

constexpr void validate_serving(const Architecture& a) {
    const auto& [weight_bits, listed_tokens] = a.serving;
    if (weight_bits != 32 && weight_bits != 16 && weight_bits != 8)
        fail("architecture: weight_bits = ", weight_bits, ", expected 32, 16 or 8");
    if (listed_tokens == 0) return;
    if (!a.has_encoder()) require_zero({}, "listed_tokens", listed_tokens, "without an encoder");
    require_range({}, "listed_tokens", listed_tokens, least_listed_tokens, a.target_vocab_size);
}

/// The words that files have for the fields of a side.
struct SideFields {
    const char* embed_dim;
    const char* super_dim;
    const char* max_positions;
};
inline constexpr SideFields encoder_fields{"encoder_embed_dim", "encoder_super_dim",
                                           "max_source_positions"};
inline constexpr SideFields decoder_fields{"decoder_embed_dim", "decoder_super_dim",
                                           "max_target_positions"};

template <class LayerShape>
constexpr void validate_side(const SideShape<LayerShape>& side, int super_dim,
                             const SideFields& fields) {
    const int least = side.positions == Positions::sinusoidal ? 4 : 1;
    require_range({}, fields.embed_dim, side.embed_dim, least, max_dim);
    if (super_dim != 0) require_range({}, fields.super_dim, super_dim, side.embed_dim + 1, max_dim);
    if (side.positions == Positions::learned)
        require_range({}, fields.max_positions, side.max_positions, 1, max_vocab_size);
    else
        require_zero({}, fields.max_positions, side.max_positions, "unless positions are learned");
}

}  // namespace detail

/// Checks that `a` describes a network that can be built.
///
/// Throws  `Error` naming the first field that is out of range or contradicts another.
constexpr void validate(const Architecture& a) {
    using namespace detail;
    require_range({}, "encoder_layers", a.encoder.layer_count, 0, max_layers);
    require_range({}, "decoder_layers", a.decoder.layer_count, 1, max_layers);
    require_range({}, "target_vocab_size", a.target_vocab_size, 1, max_vocab_size);
    require_range({}, "qkv_dim", a.qkv_dim, 1, max_dim);
    validate_side(a.decoder, a.origin.decoder_dim, decoder_fields);
    if (a.has_encoder()) {
        require_range({}, "source_vocab_size", a.source_vocab_size, 1, max_vocab_size);
        validate_side(a.encoder, a.origin.encoder_dim, encoder_fields);
        require_range({}, "encoder_identity_layers", a.origin.identity_layers, 0,
                      max_layers - a.encoder.layer_count);
        if (a.sharing == Sharing::all && a.source_vocab_size != a.target_vocab_size)
            fail("architecture: sharing = all needs one vocabulary, but source_vocab_size = ",
                 a.source_vocab_size, " and target_vocab_size = ", a.target_vocab_size,
                 "; expected sharing none or decoder_input_output");
    } else {
        constexpr const char* reason = "without an encoder";
        require_zero({}, "source_vocab_size", a.source_vocab_size, reason);
        require_zero({}, encoder_fields.embed_dim, a.encoder.embed_dim, reason);
        require_zero({}, encoder_fields.super_dim, a.origin.encoder_dim, reason);
        require_zero({}, "encoder_identity_layers", a.origin.identity_layers, reason);
        require_zero({}, encoder_fields.max_positions, a.encoder.max_positions, reason);
        if (a.sharing == Sharing::all)
            fail(
                "architecture: sharing = all needs an encoder; decoder_input_output ties the rest");
    }
    if (a.norm == Norm::post && (a.encoder.final_norm || a.decoder.final_norm))
        fail("architecture: ", a.encoder.final_norm ? "encoder" : "decoder",
             "_final_norm needs norm = pre");
    validate_embeddings(a);
    validate_bands(a);

    for (int i = 0; i < a.encoder.layer_count; ++i) {
        const auto& layer = a.encoder.layers()[static_cast<std::size_t>(i)];
        validate_layer({"encoder", i}, a, layer, a.encoder.embed_dim);
    }
    const int super_layers = a.encoder.layer_count + a.origin.identity_layers;
    for (int i = 0; i < a.decoder.layer_count; ++i) {
        const auto& layer = a.decoder.layers()[static_cast<std::size_t>(i)];
        const Place place{"decoder", i};
        validate_layer(place, a, layer, a.decoder.embed_dim);
        if (a.has_encoder()) {
            require_heads(place, "cross_heads", layer.cross_heads, a.qkv_dim_of(layer));
            require_range(place, "attended_layers", layer.attended_layers, 1,
                          super_layers < max_attended_layers ? super_layers : max_attended_layers);
        } else {
            require_zero(place, "cross_heads", layer.cross_heads, "without an encoder");
            require_zero(place, "attended_layers", layer.attended_layers, "without an encoder");
        }
    }
    validate_units(a);
    validate_serving(a);
}

}  // namespace hat::model
