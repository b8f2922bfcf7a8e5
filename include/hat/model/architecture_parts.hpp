// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/position.hpp>
#include <hat/nn/adaptive_bands.hpp>
#include <hat/nn/dextra_shape.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

/// What an `Architecture` is made of, part by part: sides and their layers, embeddings, bands of
/// the vocabulary, and what a SubTransformer remembers of where it was cut from. All of them are
/// literal, structural types.
namespace hat::model {

/// Most encoder layers that a decoder layer can attend to.
inline constexpr int max_attended_layers = 3;

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
/// Sentences of up to this many tokens have a sinusoidal position.
inline constexpr int most_sinusoidal_positions = 1024;

/// Where layer norms stand: after the residual sum, or in front of each sublayer.
enum class Norm : std::uint8_t { post, pre };

/// One side of a network. Unused layer slots are zero, so that equal sides compare equal.
template <class LayerShape>
struct SideShape {
    int embed_dim = 0;
    int layer_count = 0;
    std::array<LayerShape, max_layers> layer_shapes{};
    bool final_norm = false;  ///< pre-norm only: a norm after the last layer
    Positions positions = Positions::sinusoidal;
    int max_positions = 0;  ///< longest sentence, for learned positions; else 0

    /// The layers that there are.
    [[nodiscard]] constexpr std::span<const LayerShape> layers() const noexcept {
        return {layer_shapes.data(), static_cast<std::size_t>(layer_count)};
    }

    friend constexpr bool operator==(const SideShape&, const SideShape&) = default;
};
/// The sides of a network.
using EncoderShape = SideShape<EncoderLayerShape>;
using DecoderShape = SideShape<DecoderLayerShape>;

/// How tokens become vectors.
struct EmbeddingShape {
    /// Width of the embedding tables, whose vectors a DExTra of each side makes as wide as the
    /// side; the output projection goes through this width, too. 0: tables as wide as the sides.
    int dim = 0;
    int dextra_depth = 0;  ///< of those units, as in a layer; 0 without them
    int dextra_width = 0;  ///< over `dim`
    int dextra_groups = 0;
    bool unscaled = false;             ///< vectors are not scaled by the root of their width
    bool scaled_by_super_dim = false;  ///< by √(super dim) instead of √(own dim)

    friend constexpr bool operator==(const EmbeddingShape&, const EmbeddingShape&) = default;
};

/// Language models: bands of the vocabulary, the words of each further one with vectors narrower by
/// the factor (`nn::AdaptiveBands`). The softmax is adaptive then, and so is the input if `Sharing`
/// ties it to that.
struct AdaptiveShape {
    int bands = 0;  ///< 0 without
    int factor = 0;
    std::array<int, nn::AdaptiveBands::most - 1> cutoffs{};  ///< first words of the bands 1, 2, …

    friend constexpr bool operator==(const AdaptiveShape&, const AdaptiveShape&) = default;
};

/// What a SubTransformer keeps of the super network it was cut from. Its sinusoids are the first
/// columns of the super table, and dropout is scaled by own / super dim.
struct Origin {
    int encoder_dim = 0;  ///< width of that side; 0: none, or one as wide
    int decoder_dim = 0;
    /// Super encoder layers after the last real one. They are identities whose outputs are
    /// listed too, so a decoder layer that attends to 2 layers may read the last one twice.
    int identity_layers = 0;

    friend constexpr bool operator==(const Origin&, const Origin&) = default;
};

// The genes: what the SubTransformers of one super network may differ in (HAT, arXiv:2005.14187,
// §3.1). All that is told of a gene stands in its row of `gene_table`; files, strings, hashes,
// sampling, counting and the rules of what fits into what read the table.

/// A side of a network, and both.
enum class Side : std::uint8_t { encoder, decoder };
inline constexpr std::array sides{Side::encoder, Side::decoder};

/// The word that files have for it.
[[nodiscard]] constexpr const char* side_name(Side side) noexcept {
    return side == Side::encoder ? "encoder" : "decoder";
}

/// Layers of a side of `a`, an `Architecture` or a constant one.
template <class Genes>
[[nodiscard]] constexpr auto& layer_count(Genes& a, Side side) noexcept {
    return side == Side::encoder ? a.encoder.layer_count : a.decoder.layer_count;
}

/// What decides whether a network has a gene.
enum class Presence : std::uint8_t {
    required,  ///< every network has it
    optional,  ///< 0, and left out of files and strings, where a space has no choices of it
    unit,      ///< likewise; if it is 0, the layer has no DExTra, nor the genes of one
    in_unit,   ///< of layers with a DExTra; follows `unit` in the table
};

/// What becomes of the weights as the gene grows; the super network holds the largest.
enum class Growth : std::uint8_t { same, larger, smaller };

/// One gene: a row of the table.
struct GeneRow {
    /// Of the encoder's and the decoder's. What only decoders have reads the encoder, and language
    /// models lack it, as they lack all of an encoder.
    std::array<std::string_view, 2> names;
    std::string_view published{};  ///< its words in the published files, if they have it
    /// What stands before it in a gene string: 'x' within a word, ':' in the word that every layer
    /// begins with, or the letter of another word. 0: it is said in a way of its own.
    char before = 0;
    int most = max_dim;  ///< its largest value
    Growth growth = Growth::same;
    Presence presence = Presence::required;
    bool drawn_last = false;  ///< behind the genes of all layers, as in the reference

    /// Where it is kept: in the shape of each side, or of each of its layers.
    int EncoderShape::*of_encoder = nullptr;
    int DecoderShape::*of_decoder = nullptr;
    int EncoderLayerShape::*of_encoder_layer = nullptr;
    int DecoderLayerShape::*of_decoder_layer = nullptr;
    bool falls_back = false;  ///< a 0 in a layer stands for the network's value, as qkv_dim's does

    /// Whether each layer has its own.
    [[nodiscard]] constexpr bool is_of_layers() const noexcept {
        return of_decoder_layer != nullptr;
    }
    /// Whether every layer has the gene.
    [[nodiscard]] constexpr bool is_required() const noexcept {
        return presence == Presence::required;
    }
    /// Whether it belongs to a DExTra unit.
    [[nodiscard]] constexpr bool is_dextra() const noexcept {
        return presence == Presence::unit || presence == Presence::in_unit;
    }
    /// Its name on a side.
    [[nodiscard]] constexpr std::string_view name(Side side) const noexcept {
        return names[static_cast<std::size_t>(side)];
    }
    /// "ffn_dim".
    [[nodiscard]] constexpr std::string_view short_name() const noexcept {
        return name(Side::decoder).substr(std::string_view("decoder_").size());
    }
    /// Whether networks with or without an encoder may have it on this side.
    [[nodiscard]] constexpr bool exists(Side side, bool has_encoder) const noexcept {
        if (!has_encoder && (side == Side::encoder || name(Side::encoder).empty())) return false;
        return !name(side).empty();
    }
    /// Its value in `a`, an `Architecture` or a constant one; of layer `layer` if it is of layers.
    template <class Genes>
    [[nodiscard]] constexpr auto& of(Genes& a, Side side, int layer = -1) const noexcept {
        if (!is_of_layers())
            return side == Side::encoder ? a.encoder.*of_encoder : a.decoder.*of_decoder;
        const auto slot = static_cast<std::size_t>(std::max(layer, 0));  // or GCC sees a −1 here
        return side == Side::encoder ? a.encoder.layer_shapes[slot].*of_encoder_layer
                                     : a.decoder.layer_shapes[slot].*of_decoder_layer;
    }
    /// The same, or the network's value that a 0 stands for.
    template <class Genes>
    [[nodiscard]] constexpr int size(const Genes& a, Side side, int layer) const noexcept {
        const int own = of(a, side, layer);
        return own == 0 && falls_back ? a.qkv_dim : own;
    }
    /// Its value in the shape of a layer of either side. Precondition: such layers have it.
    [[nodiscard]] constexpr int in(const EncoderLayerShape& layer) const noexcept {
        return layer.*of_encoder_layer;
    }
    [[nodiscard]] constexpr int in(const DecoderLayerShape& layer) const noexcept {
        return layer.*of_decoder_layer;
    }
    /// Whether weights for the value `super` hold those for `sub`.
    [[nodiscard]] constexpr bool fits(int sub, int super) const noexcept {
        return growth == Growth::larger    ? sub <= super
               : growth == Growth::smaller ? sub >= super
                                           : true;
    }
};

/// All genes, in the order of the published files; ours behind them.
/// A row has two or three lines, which clang-format would make six.
// clang-format off
inline constexpr auto gene_table = [] {
    using E = EncoderLayerShape;
    using D = DecoderLayerShape;
    constexpr auto larger = Growth::larger;
    return std::to_array<GeneRow>({
        {.names = {"encoder_embed_dim", "decoder_embed_dim"}, .published = "embed-dim",
         .growth = larger, .of_encoder = &EncoderShape::embed_dim, .of_decoder = &DecoderShape::embed_dim},
        {.names = {"encoder_ffn_dim", "decoder_ffn_dim"}, .published = "ffn-embed-dim",
         .before = ':', .growth = larger, .of_encoder_layer = &E::ffn_dim, .of_decoder_layer = &D::ffn_dim},
        {.names = {"encoder_layers", "decoder_layers"}, .published = "layer-num",
         .growth = larger, .of_encoder = &EncoderShape::layer_count, .of_decoder = &DecoderShape::layer_count},
        {.names = {"encoder_heads", "decoder_heads"}, .published = "self-attention-heads",
         .before = 'x', .of_encoder_layer = &E::heads, .of_decoder_layer = &D::heads},
        {.names = {"", "decoder_cross_heads"}, .published = "ende-attention-heads", .before = 'x',
         .of_decoder_layer = &D::cross_heads},
        {.names = {"", "decoder_attended_layers"}, .published = "arbitrary-ende-attn",
         .before = 'x', .most = max_attended_layers, .drawn_last = true, .of_decoder_layer = &D::attended_layers},
        {.names = {"encoder_qkv_dim", "decoder_qkv_dim"}, .before = 'q',
         .growth = larger, .presence = Presence::optional, .of_encoder_layer = &E::qkv_dim,
         .of_decoder_layer = &D::qkv_dim, .falls_back = true},
        {.names = {"encoder_dextra_depth", "decoder_dextra_depth"}, .before = 'u',
         .most = nn::max_dextra_depth, .growth = larger, .presence = Presence::unit,
         .of_encoder_layer = &E::dextra_depth, .of_decoder_layer = &D::dextra_depth},
        {.names = {"encoder_dextra_width", "decoder_dextra_width"}, .before = 'x',
         .growth = larger, .presence = Presence::in_unit,
         .of_encoder_layer = &E::dextra_width, .of_decoder_layer = &D::dextra_width},
        {.names = {"encoder_dextra_groups", "decoder_dextra_groups"}, .before = 'x',
         .growth = Growth::smaller, .presence = Presence::in_unit,
         .of_encoder_layer = &E::dextra_groups, .of_decoder_layer = &D::dextra_groups},
    });
}();
// clang-format on

/// How a network is served, which changes neither its weights nor their names.
struct Serving {
    /// Of its weights: 32, floats; 16, bfloat16; 8, integers with a scale for each output.
    int weight_bits = 32;
    /// Target tokens that the output layer computes for a sentence, on average: those of its list
    /// (`data::Shortlist`); 0: all.
    int listed_tokens = 0;

    friend constexpr bool operator==(const Serving&, const Serving&) = default;
};

/// Fewest tokens that a list may have: fewer leave a beam nothing to choose from.
inline constexpr int least_listed_tokens = 16;

/// A gene of a whole network that says how it is served. A super network holds all its choices.
struct ServingGene {
    std::string_view name;
    char before;  ///< what stands before it in a gene string
    int most;     ///< its largest value
    int Serving::*place;
    bool zero_is_all = false;  ///< 0 stands for more than any number

    template <class Genes>  // an `Architecture` or a constant one
    [[nodiscard]] constexpr auto& of(Genes& a) const noexcept {
        return a.serving.*place;
    }
    /// The value of networks of which nothing else is said.
    [[nodiscard]] constexpr int usual() const noexcept { return Serving{}.*place; }
    /// True if a network with `a` computes or reads less than one with `b`.
    [[nodiscard]] constexpr bool is_less(int a, int b) const noexcept {
        if (zero_is_all && (a == 0 || b == 0)) return a != 0;
        return a < b;
    }
};

/// The genes of serving, in the order of files and strings, behind those of `gene_table`.
inline constexpr auto serving_table = std::to_array<ServingGene>({
    {"weight_bits", 'w', 32, &Serving::weight_bits},
    {"listed_tokens", 'l', max_vocab_size, &Serving::listed_tokens, true},
});

}  // namespace hat::model
