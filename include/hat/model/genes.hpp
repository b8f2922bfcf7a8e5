// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/error.hpp>
#include <hat/model/architecture.hpp>
#include <hat/nn/dextra_shape.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

/// The genes: what the SubTransformers of one super network may differ in (HAT, arXiv:2005.14187,
/// §3.1). All that is told of a gene stands in its row of `gene_table`; files, strings, hashes,
/// sampling, counting and the rules of what fits into what read the table.
namespace hat::model {

enum class Side : std::uint8_t { encoder, decoder };
inline constexpr std::array sides{Side::encoder, Side::decoder};

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
    int most = max_dim;  ///< largest value that a gene string may name
    Growth growth = Growth::same;
    Presence presence = Presence::required;
    bool drawn_last = false;  ///< behind the genes of all layers, as in the reference

    /// Where it is kept: in the shape of each side, or of each of its layers.
    int EncoderShape::*of_encoder = nullptr;
    int DecoderShape::*of_decoder = nullptr;
    int EncoderLayerShape::*of_encoder_layer = nullptr;
    int DecoderLayerShape::*of_decoder_layer = nullptr;
    int Architecture::*of_network = nullptr;  ///< the value that 0 in a layer stands for

    [[nodiscard]] constexpr bool is_of_layers() const noexcept {
        return of_decoder_layer != nullptr;
    }
    [[nodiscard]] constexpr bool is_required() const noexcept {
        return presence == Presence::required;
    }
    [[nodiscard]] constexpr bool is_dextra() const noexcept {
        return presence == Presence::unit || presence == Presence::in_unit;
    }
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
        const auto slot = static_cast<std::size_t>(layer);
        return side == Side::encoder ? a.encoder.layer_shapes[slot].*of_encoder_layer
                                     : a.decoder.layer_shapes[slot].*of_decoder_layer;
    }
    /// The same, or the network's value that a 0 stands for.
    [[nodiscard]] constexpr int size(const Architecture& a, Side side, int layer) const noexcept {
        const int own = of(a, side, layer);
        return own == 0 && of_network != nullptr ? a.*of_network : own;
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
         .before = 'x', .most = 3, .drawn_last = true, .of_decoder_layer = &D::attended_layers},
        {.names = {"encoder_qkv_dim", "decoder_qkv_dim"}, .before = 'q',
         .growth = larger, .presence = Presence::optional, .of_encoder_layer = &E::qkv_dim,
         .of_decoder_layer = &D::qkv_dim, .of_network = &Architecture::qkv_dim},
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

/// Gives `genes` (layer counts, layer shapes and embed dims) everything else of `super`: the
/// SubTransformer those genes choose. Slots past the layer counts become zero, as do the genes of
/// units that are not there.
///
/// See  `validate_fits_in`, which says whether `super` holds it.
[[nodiscard]] constexpr Architecture sub_architecture(const Architecture& genes,
                                                      const Architecture& super) noexcept {
    Architecture sub = super;
    sub.encoder.layer_shapes = {};
    sub.decoder.layer_shapes = {};
    sub.elastic_units = false;
    for (const Side side : sides) {
        for (int i = 0; i < layer_count(genes, side) && i < max_layers; ++i) {
            bool has_unit = false;
            for (const GeneRow& gene : gene_table) {
                if (!gene.is_of_layers() || gene.name(side).empty()) continue;
                const int value = gene.of(genes, side, i);
                if (gene.presence == Presence::unit) has_unit = value != 0;
                if (gene.presence != Presence::in_unit || has_unit) gene.of(sub, side, i) = value;
            }
        }
        for (const GeneRow& gene : gene_table)
            if (!gene.is_of_layers()) gene.of(sub, side) = gene.of(genes, side);
    }
    sub.origin.encoder_dim =
        sub.encoder.embed_dim == super.encoder_position_dim() ? 0 : super.encoder_position_dim();
    sub.origin.decoder_dim =
        sub.decoder.embed_dim == super.decoder_position_dim() ? 0 : super.decoder_position_dim();
    if (!super.attends_to_real_layers)
        sub.origin.identity_layers =
            super.encoder.layer_count + super.origin.identity_layers - sub.encoder.layer_count;
    return sub;
}

namespace detail {

/// A gene whose value in a network is more than the weights of a super network hold.
struct Misfit {
    const GeneRow* gene = nullptr;  ///< none: they hold all
    Side side = Side::encoder;
    int layer = -1;
};

[[nodiscard]] constexpr Misfit first_misfit(const Architecture& sub,
                                            const Architecture& super) noexcept {
    for (const GeneRow& gene : gene_table)
        for (const Side side : sides)
            if (!gene.is_of_layers() && !gene.fits(gene.of(sub, side), gene.of(super, side)))
                return {&gene, side};
    for (const Side side : sides)
        for (int i = 0; i < layer_count(sub, side); ++i) {
            bool has_unit = false;
            for (const GeneRow& gene : gene_table) {
                if (!gene.is_of_layers() || gene.name(side).empty()) continue;
                const int own = gene.size(sub, side, i);
                const int most = gene.size(super, side, i);
                if (gene.presence == Presence::unit) has_unit = own != 0;
                const bool fits = !gene.is_dextra()      ? gene.fits(own, most)
                                  : !super.elastic_units ? own == most
                                                         : !has_unit || gene.fits(own, most);
                if (!fits) return {&gene, side, i};
            }
        }
    return {};
}

[[noreturn]] HAT_COLD inline void fail_to_fit(const Misfit& misfit, const Architecture& sub,
                                              const Architecture& super) {
    const auto& [gene, side, layer] = misfit;
    const Place place{layer < 0 ? nullptr : side_name(side), layer};
    if (!gene->is_dextra())
        fail(place.text(), layer < 0 ? gene->name(side) : gene->short_name(), " = ",
             gene->size(sub, side, layer), " exceeds the super network's ",
             gene->size(super, side, layer));
    const auto unit_of = [&side = misfit.side,
                          slot = static_cast<std::size_t>(layer)](const Architecture& a) {
        return side == Side::encoder ? a.unit_of(a.encoder.layer_shapes[slot], a.encoder.embed_dim)
                                     : a.unit_of(a.decoder.layer_shapes[slot], a.decoder.embed_dim);
    };
    const nn::DExTraShape own = unit_of(sub);
    const nn::DExTraShape whole = unit_of(super);
    fail(place.text(), "DExTra of depth ", own.depth, ", width ", own.width_thousandths, " and ",
         own.max_groups, " groups does not fit into the super network's, of ", whole.depth, ", ",
         whole.width_thousandths, " and ", whole.max_groups,
         super.elastic_units ? "" : ", which is not elastic");
}

}  // namespace detail

/// Checks that the super network `super` holds `sub`: every gene is at most the super's, and all
/// that is not a gene is the same, as `sub_architecture` makes it. Both must be valid.
///
/// Throws  `Error` naming the gene.
constexpr void validate_fits_in(const Architecture& sub, const Architecture& super) {
    if (const auto misfit = detail::first_misfit(sub, super); misfit.gene != nullptr)
        detail::fail_to_fit(misfit, sub, super);
    const auto same = [](const char* field, auto found, auto expected) {
        if (found != expected)
            fail("architecture: ", field, " = ", static_cast<int>(found),
                 " differs from the super network's ", static_cast<int>(expected));
    };
    same("source_vocab_size", sub.source_vocab_size, super.source_vocab_size);
    same("target_vocab_size", sub.target_vocab_size, super.target_vocab_size);
    same("qkv_dim", sub.qkv_dim, super.qkv_dim);
    same("max_source_positions", sub.encoder.max_positions, super.encoder.max_positions);
    same("max_target_positions", sub.decoder.max_positions, super.decoder.max_positions);
    same("encoder_super_dim", sub.encoder_position_dim(), super.encoder_position_dim());
    same("decoder_super_dim", sub.decoder_position_dim(), super.decoder_position_dim());
    if (!super.attends_to_real_layers)
        same("encoder_layers with identity layers",
             sub.encoder.layer_count + sub.origin.identity_layers,
             super.encoder.layer_count + super.origin.identity_layers);
    if (sub_architecture(sub, super) != sub)
        fail("architecture: sharing, norms, positions, activation or scaling differ from the super "
             "network's");
}

/// True where `validate_fits_in` would not throw.
[[nodiscard]] constexpr bool fits_in(const Architecture& sub, const Architecture& super) noexcept {
    return sub_architecture(sub, super) == sub && detail::first_misfit(sub, super).gene == nullptr;
}

}  // namespace hat::model
