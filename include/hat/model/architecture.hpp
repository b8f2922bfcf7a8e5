// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/activation.hpp>
#include <hat/core/error.hpp>
#include <hat/core/position.hpp>
#include <hat/nn/adaptive_bands.hpp>
#include <hat/nn/dextra_shape.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace hat::model {

/// Most layers an encoder or a decoder can have.
inline constexpr int max_layers = 16;

/// Largest width (embedding, feed-forward, query–key–value) that `validate` accepts.
inline constexpr int max_dim = 1 << 16;

/// Largest vocabulary that `validate` accepts.
inline constexpr int max_vocab_size = 1 << 24;

/// Rows of the table of learned positions for sentences of up to `max_positions` tokens.
[[nodiscard]] constexpr int learned_position_rows(int max_positions) noexcept {
    return max_positions + first_position;
}

/// What one encoder layer may choose: its feed-forward width, its heads and their inner width, and
/// whether a DExTra unit (DeLighT, arXiv:2008.00623, §3) stands in front of its self-attention.
struct EncoderLayerShape {
    int ffn_dim = 0;
    int heads = 0;
    int qkv_dim = 0;        ///< inner width of its attention; 0: the network's
    int dextra_depth = 0;   ///< group-linear layers of its DExTra; 0: it has none
    int dextra_width = 0;   ///< widest layer of its DExTra over the embedding's, in thousandths
    int dextra_groups = 0;  ///< most groups in its DExTra

    friend constexpr bool operator==(const EncoderLayerShape&, const EncoderLayerShape&) = default;
};

/// What one decoder layer may choose.
///
/// `attended_layers` is the number of last encoder layers whose outputs cross-attention reads,
/// laid one after the other in time, the last one first: 1, 2 or 3 (the reference writes
/// these as −1, 1 and 2). Without an encoder, `cross_heads` and `attended_layers` are 0.
struct DecoderLayerShape {
    int ffn_dim = 0;
    int heads = 0;
    int cross_heads = 0;
    int attended_layers = 0;
    int qkv_dim = 0;  ///< of both of its attentions; this and the rest as in an encoder layer
    int dextra_depth = 0;
    int dextra_width = 0;
    int dextra_groups = 0;

    friend constexpr bool operator==(const DecoderLayerShape&, const DecoderLayerShape&) = default;
};

/// Which of the three tables (source embedding, target embedding, output projection) are one.
enum class Sharing : std::uint8_t { none, decoder_input_output, all };

/// How a side knows the order of its tokens.
enum class Positions : std::uint8_t { sinusoidal, learned, none };

/// Where layer norms stand: after the residual sum, or in front of each sublayer.
enum class Norm : std::uint8_t { post, pre };

/// Shape of a Transformer: all that decides which parameters it has and what they compute; special
/// token ids are not part of it. HAT's (Hardware-Aware Transformers, arXiv:2005.14187) have no
/// DExTra; DeLighT's (arXiv:2008.00623) have one in every layer, one head of half the width, a
/// narrow feed-forward layer, and embeddings that a DExTra widens.
///
/// A literal, structural type: a value may be a template argument. Unused layer slots are zero, so
/// that equal networks compare equal. A super network is the `Architecture` of its largest member.
/// One without encoder layers is a language model; its encoder fields are zero.
struct Architecture {
    static constexpr bool is_setting = true;  ///< to walks of trees

    int source_vocab_size = 0;
    int target_vocab_size = 0;
    int encoder_embed_dim = 0;
    int decoder_embed_dim = 0;
    int qkv_dim = 0;  ///< inner width of attention where a layer has none of its own
    int encoder_layer_count = 0;
    int decoder_layer_count = 0;
    std::array<EncoderLayerShape, max_layers> encoder_layer_shapes{};
    std::array<DecoderLayerShape, max_layers> decoder_layer_shapes{};

    Sharing sharing = Sharing::none;
    Norm norm = Norm::post;
    bool encoder_final_norm = false;  ///< pre-norm only: a norm after the last encoder layer
    bool decoder_final_norm = false;  ///< pre-norm only: a norm after the last decoder layer
    Activation activation = Activation::relu;
    Positions encoder_positions = Positions::sinusoidal;
    Positions decoder_positions = Positions::sinusoidal;
    int max_source_positions = 0;  ///< longest source, for learned positions; else 0
    int max_target_positions = 0;  ///< longest target, for learned positions; else 0

    /// Width of the embedding tables, whose vectors a DExTra of each side makes as wide as the
    /// side; the output projection goes through this width, too. 0: tables as wide as the sides.
    int embedding_dim = 0;
    int embedding_dextra_depth = 0;  ///< of those units, as in a layer; 0 without them
    int embedding_dextra_width = 0;  ///< over embedding_dim
    int embedding_dextra_groups = 0;
    nn::DExTraVariant dextra_variant = nn::DExTraVariant::dextra;

    /// Language models: bands of the vocabulary, the words of each further one with vectors
    /// narrower by the factor (`nn::AdaptiveBands`), and the first words of the bands 1, 2, …; 0
    /// without. The softmax is adaptive then, and so is the input if `sharing` ties it to that.
    int adaptive_bands = 0;
    int adaptive_factor = 0;
    std::array<int, nn::AdaptiveBands::most - 1> adaptive_cutoffs{};

    /// Embeddings are not scaled by the root of their width.
    bool unscaled_embeddings = false;
    /// Embeddings are scaled by √(super dim) instead of √(own dim).
    bool scale_embedding_by_super_dim = false;

    /// What a SubTransformer keeps of the super network it was cut from. Its sinusoids are the
    /// first columns of the super table, and dropout is scaled by own / super dim. 0: none, or one
    /// as wide.
    int encoder_super_dim = 0;
    int decoder_super_dim = 0;
    /// Super encoder layers after the last real one. They are identities whose outputs are
    /// listed too, so a decoder layer that attends to 2 layers may read the last one twice.
    int encoder_identity_layers = 0;
    /// SubTransformers have no identity layers: decoder layers attend to the last real ones, so two
    /// of them are never the same. (The reference lists identities.)
    bool attends_to_real_layers = false;
    /// Of a super network: the weights of its DExTra units have room for shallower, narrower and
    /// more finely grouped ones, and for none. DeFINE's have not: the groups of their first layers
    /// change with depth.
    bool elastic_units = false;

    [[nodiscard]] constexpr std::span<const EncoderLayerShape> encoder_layers() const noexcept {
        return {encoder_layer_shapes.data(), static_cast<std::size_t>(encoder_layer_count)};
    }
    [[nodiscard]] constexpr std::span<const DecoderLayerShape> decoder_layers() const noexcept {
        return {decoder_layer_shapes.data(), static_cast<std::size_t>(decoder_layer_count)};
    }
    [[nodiscard]] constexpr bool has_encoder() const noexcept { return encoder_layer_count > 0; }

    /// Width of the table that encoder positions are cut from.
    [[nodiscard]] constexpr int encoder_position_dim() const noexcept {
        return encoder_super_dim > 0 ? encoder_super_dim : encoder_embed_dim;
    }
    [[nodiscard]] constexpr int decoder_position_dim() const noexcept {
        return decoder_super_dim > 0 ? decoder_super_dim : decoder_embed_dim;
    }

    /// Columns of the stored embedding tables: a table used by both sides has the wider one's.
    [[nodiscard]] constexpr int source_table_dim() const noexcept {
        if (embedding_dim > 0) return embedding_dim;
        return sharing == Sharing::all ? shared_table_dim() : encoder_embed_dim;
    }
    [[nodiscard]] constexpr int target_table_dim() const noexcept {
        if (embedding_dim > 0) return embedding_dim;
        return sharing == Sharing::all ? shared_table_dim() : decoder_embed_dim;
    }
    /// Columns of the output projection.
    [[nodiscard]] constexpr int output_dim() const noexcept {
        return embedding_dim > 0 ? embedding_dim : decoder_embed_dim;
    }
    /// A linear layer without bias stands between the decoder and the output projection.
    [[nodiscard]] constexpr bool projects_output() const noexcept {
        return output_dim() != decoder_embed_dim;
    }

    [[nodiscard]] constexpr bool has_adaptive_softmax() const noexcept {
        return adaptive_bands > 0;
    }
    [[nodiscard]] constexpr bool has_adaptive_input() const noexcept {
        return adaptive_bands > 0 && sharing == Sharing::decoder_input_output;
    }
    /// The bands of the vocabulary. Precondition: it has some.
    [[nodiscard]] constexpr nn::AdaptiveBands bands() const noexcept {
        nn::AdaptiveBands all{
            .count = adaptive_bands, .dim = output_dim(), .factor = adaptive_factor};
        const auto last = static_cast<std::size_t>(adaptive_bands - 1);
        for (std::size_t i = 0; i < last; ++i) all.ends[i] = adaptive_cutoffs[i];
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
        return {.in_dim = embedding_dim,
                .inner_dim = dim / 2,
                .out_dim = dim,
                .depth = embedding_dextra_depth,
                .width_thousandths = embedding_dextra_width,
                .max_groups = embedding_dextra_groups,
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
        return encoder_embed_dim == decoder_embed_dim;
    }

    friend constexpr bool operator==(const Architecture&, const Architecture&) = default;

private:
    [[nodiscard]] constexpr int shared_table_dim() const noexcept {
        return encoder_embed_dim > decoder_embed_dim ? encoder_embed_dim : decoder_embed_dim;
    }
};

namespace detail {

/// Where in an architecture a value stands, for messages: "encoder layer 2: " or nothing.
struct Place {
    const char* side = nullptr;
    int layer = -1;

    [[nodiscard]] std::string text() const {
        if (side == nullptr) return "architecture: ";
        return "architecture: " + std::string(side) + " layer " + std::to_string(layer) + ": ";
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
    require_range(place, "qkv_dim", layer.qkv_dim, 0, max_dim);
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
    if (a.embedding_dim == 0) {
        constexpr const char* reason = "without embedding_dim";
        require_zero({}, "embedding_dextra_depth", a.embedding_dextra_depth, reason);
        require_zero({}, "embedding_dextra_width", a.embedding_dextra_width, reason);
        require_zero({}, "embedding_dextra_groups", a.embedding_dextra_groups, reason);
        return;
    }
    require_range({}, "embedding_dim", a.embedding_dim, 1, max_dim);
    for (const int dim : {a.encoder_embed_dim, a.decoder_embed_dim})
        if (dim > 0) nn::validate(a.embedding_unit(dim), "architecture: embeddings: ");
}

constexpr void validate_units(const Architecture& a) {
    if (a.elastic_units && a.dextra_variant != nn::DExTraVariant::dextra)
        fail("architecture: elastic_units need dextra_variant = dextra");
}

constexpr void validate_bands(const Architecture& a) {
    if (a.adaptive_bands == 0) {
        require_zero({}, "adaptive_factor", a.adaptive_factor, "without adaptive_bands");
        return;
    }
    require_range({}, "adaptive_bands", a.adaptive_bands, 2, nn::AdaptiveBands::most);
    if (a.has_encoder())
        fail("architecture: adaptive_bands are for language models, which have no encoder");
    nn::validate(a.bands());
}

constexpr void validate_side(const char* dim_field, int dim, const char* super_field, int super_dim,
                             const char* max_field, int max_positions, Positions positions) {
    require_range({}, dim_field, dim, positions == Positions::sinusoidal ? 4 : 1, max_dim);
    if (super_dim != 0) require_range({}, super_field, super_dim, dim + 1, max_dim);
    if (positions == Positions::learned)
        require_range({}, max_field, max_positions, 1, max_vocab_size);
    else
        require_zero({}, max_field, max_positions, "unless positions are learned");
}

}  // namespace detail

/// Checks that `a` describes a network that can be built.
///
/// Throws  `Error` naming the first field that is out of range or contradicts another.
constexpr void validate(const Architecture& a) {
    using namespace detail;
    require_range({}, "encoder_layers", a.encoder_layer_count, 0, max_layers);
    require_range({}, "decoder_layers", a.decoder_layer_count, 1, max_layers);
    require_range({}, "target_vocab_size", a.target_vocab_size, 1, max_vocab_size);
    require_range({}, "qkv_dim", a.qkv_dim, 1, max_dim);
    validate_side("decoder_embed_dim", a.decoder_embed_dim, "decoder_super_dim",
                  a.decoder_super_dim, "max_target_positions", a.max_target_positions,
                  a.decoder_positions);
    if (a.has_encoder()) {
        require_range({}, "source_vocab_size", a.source_vocab_size, 1, max_vocab_size);
        validate_side("encoder_embed_dim", a.encoder_embed_dim, "encoder_super_dim",
                      a.encoder_super_dim, "max_source_positions", a.max_source_positions,
                      a.encoder_positions);
        require_range({}, "encoder_identity_layers", a.encoder_identity_layers, 0,
                      max_layers - a.encoder_layer_count);
        if (a.sharing == Sharing::all && a.source_vocab_size != a.target_vocab_size)
            fail("architecture: sharing = all needs one vocabulary, but source_vocab_size = ",
                 a.source_vocab_size, " and target_vocab_size = ", a.target_vocab_size);
    } else {
        constexpr const char* reason = "without an encoder";
        require_zero({}, "source_vocab_size", a.source_vocab_size, reason);
        require_zero({}, "encoder_embed_dim", a.encoder_embed_dim, reason);
        require_zero({}, "encoder_super_dim", a.encoder_super_dim, reason);
        require_zero({}, "encoder_identity_layers", a.encoder_identity_layers, reason);
        require_zero({}, "max_source_positions", a.max_source_positions, reason);
        if (a.sharing == Sharing::all)
            fail(
                "architecture: sharing = all needs an encoder; decoder_input_output ties the rest");
    }
    if (a.norm == Norm::post && (a.encoder_final_norm || a.decoder_final_norm))
        fail("architecture: ", a.encoder_final_norm ? "encoder" : "decoder",
             "_final_norm needs norm = pre");
    validate_embeddings(a);
    validate_units(a);
    validate_bands(a);

    for (int i = 0; i < a.encoder_layer_count; ++i) {
        const auto& layer = a.encoder_layers()[static_cast<std::size_t>(i)];
        validate_layer({"encoder", i}, a, layer, a.encoder_embed_dim);
    }
    const int super_layers = a.encoder_layer_count + a.encoder_identity_layers;
    for (int i = 0; i < a.decoder_layer_count; ++i) {
        const auto& layer = a.decoder_layers()[static_cast<std::size_t>(i)];
        const Place place{"decoder", i};
        validate_layer(place, a, layer, a.decoder_embed_dim);
        if (a.has_encoder()) {
            require_heads(place, "cross_heads", layer.cross_heads, a.qkv_dim_of(layer));
            require_range(place, "attended_layers", layer.attended_layers, 1,
                          super_layers < 3 ? super_layers : 3);
        } else {
            require_zero(place, "cross_heads", layer.cross_heads, "without an encoder");
            require_zero(place, "attended_layers", layer.attended_layers, "without an encoder");
        }
    }
}

}  // namespace hat::model
