// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/error.hpp>
#include <hat/model/architecture.hpp>

/// What the genes of `gene_table` choose of a super network, and whether it holds them.
namespace hat::model {

/// Gives `genes` (layer counts, layer shapes, embed dims and serving) everything else of `super`:
/// the SubTransformer those genes choose. Slots past the layer counts become zero, as do the genes
/// of units that are not there.
///
/// See  `validate_fits_in`, which says whether `super` holds it.
[[nodiscard]] constexpr Architecture sub_architecture(const Architecture& genes,
                                                      const Architecture& super) noexcept {
    Architecture sub = super;
    sub.encoder.layer_shapes = {};
    sub.decoder.layer_shapes = {};
    sub.elastic_units = false;
    sub.serving = genes.serving;
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
    const bool is_fixed = gene->is_dextra() && !super.elastic_units;
    fail(place.text(), layer < 0 ? gene->name(side) : gene->short_name(), " = ",
         gene->size(sub, side, layer),
         is_fixed                          ? " differs from"
         : gene->growth == Growth::smaller ? " is below"
                                           : " exceeds",
         " the super network's ", gene->size(super, side, layer),
         is_fixed ? ", whose units are not elastic" : "");
}

}  // namespace detail

/// Checks that the weights of the super network `super` suffice for the genes of `sub`. `super`
/// must be valid; `sub` need not be: validate it afterwards, so that a gene that is too large is
/// named and not its consequences.
///
/// Throws  `Error` naming the gene.
constexpr void validate_genes_fit_in(const Architecture& sub, const Architecture& super) {
    if (const auto misfit = detail::first_misfit(sub, super); misfit.gene != nullptr)
        detail::fail_to_fit(misfit, sub, super);
}

/// Checks that the super network `super` holds `sub`: its weights suffice for every gene, and all
/// that is not a gene is the same, as `sub_architecture` makes it. Both must be valid, but for
/// genes that are too large.
///
/// Throws  `Error` naming the gene or the field.
constexpr void validate_fits_in(const Architecture& sub, const Architecture& super) {
    validate_genes_fit_in(sub, super);
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
