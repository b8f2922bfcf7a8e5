// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/model/architecture.hpp>

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace hat::elastic {

/// The values that one gene may take, in the order they were written.
using Choices = std::vector<int>;

/// The networks that one SuperTransformer holds: what each gene may be (HAT, arXiv:2005.14187,
/// §3.1; spec/hat.md, sections 1 and 9).
///
/// A member is a `model::Architecture` made by `sub_architecture(genes, space.super)`. Slots of
/// layers that it does not have are zero, so equal networks are equal values: these are the genomes
/// that are sampled, mutated, crossed, remembered and written.
///
///     const DesignSpace space = with_vocabulary(wmt_space(), 32768, 32768);
///     model::Architecture genes = elastic::sample(space, random);
///     super_transformer.sub_transformer(genes);
struct DesignSpace {
    /// The stored weights, and all that is not a gene (sharing, norms, qkv_dim, …). Vocabulary
    /// sizes are 0 until the data is known, see `with_vocabulary`.
    model::Architecture super;

    Choices encoder_embed_dims;
    Choices decoder_embed_dims;
    Choices encoder_layer_counts;
    Choices decoder_layer_counts;
    Choices encoder_ffn_dims;  ///< of each encoder layer, as are its heads
    Choices encoder_heads;
    Choices decoder_ffn_dims;  ///< of each decoder layer, as is all that follows
    Choices decoder_heads;
    Choices decoder_cross_heads;
    /// How many of the last encoder layers cross-attention reads: 1, 2 or 3.
    Choices decoder_attended_layers;

    /// Inner widths of the attention of a layer; none: the super network's.
    Choices encoder_qkv_dims{};
    Choices decoder_qkv_dims{};
    /// DExTra units in front of self-attention: their depths (0: no unit), widths in thousandths of
    /// the embedding's, and most groups; none: no layer has one. Width and groups are genes of
    /// the layers that have a unit only.
    Choices encoder_dextra_depths{};
    Choices encoder_dextra_widths{};
    Choices encoder_dextra_groups{};
    Choices decoder_dextra_depths{};
    Choices decoder_dextra_widths{};
    Choices decoder_dextra_groups{};

    friend bool operator==(const DesignSpace&, const DesignSpace&) = default;
};

/// Which gene: its name as in `Architecture`, and the layer it belongs to, −1 for those of a side.
struct Gene {
    std::string_view name;
    int layer = -1;

    /// "decoder_ffn_dim of layer 2", for messages.
    [[nodiscard]] std::string text() const {
        const std::string text(name);
        return layer < 0 ? text : text + " of layer " + std::to_string(layer);
    }

    friend constexpr bool operator==(const Gene&, const Gene&) = default;
};

/// True for a gene whose larger choices make a smaller network: more groups are narrower ones.
[[nodiscard]] constexpr bool shrinks_as_it_grows(const Gene& gene) noexcept {
    return gene.name == "encoder_dextra_groups" || gene.name == "decoder_dextra_groups";
}

namespace detail {

/// Names of the genes that a layer of either side may have.
struct UnitGeneNames {
    std::string_view qkv_dim, depth, width, groups;
};
inline constexpr UnitGeneNames encoder_unit_genes{"encoder_qkv_dim", "encoder_dextra_depth",
                                                  "encoder_dextra_width", "encoder_dextra_groups"};
inline constexpr UnitGeneNames decoder_unit_genes{"decoder_qkv_dim", "decoder_dextra_depth",
                                                  "decoder_dextra_width", "decoder_dextra_groups"};

/// Visits the genes of a layer that not every space has.
template <class Layer, class Visit>
constexpr void visit_unit_genes(const UnitGeneNames& names, int i, Layer& layer,
                                const Choices& qkv_dims, const Choices& depths,
                                const Choices& widths, const Choices& groups, Visit& visit) {
    if (!qkv_dims.empty()) visit(Gene{names.qkv_dim, i}, layer.qkv_dim, qkv_dims);
    if (depths.empty()) return;
    visit(Gene{names.depth, i}, layer.dextra_depth, depths);
    if (layer.dextra_depth == 0) return;
    visit(Gene{names.width, i}, layer.dextra_width, widths);
    visit(Gene{names.groups, i}, layer.dextra_groups, groups);
}

}  // namespace detail

/// Calls `visit(Gene, int& value, const Choices&)` for every gene that `genes` has, in the order in
/// which the reference draws them: embed dims, layer counts, then the layers, what they attend to
/// last. A visitor may assign; the layers visited are those of the counts it has left.
/// `Genes` is `Architecture` or `const Architecture`. Precondition: it has at most `max_layers` on
/// each side.
template <class Genes, class Visit>
constexpr void for_each_gene(const DesignSpace& space, Genes& genes, Visit&& visit) {
    const bool has_encoder = space.super.has_encoder();
    if (has_encoder)
        visit(Gene{"encoder_embed_dim"}, genes.encoder_embed_dim, space.encoder_embed_dims);
    visit(Gene{"decoder_embed_dim"}, genes.decoder_embed_dim, space.decoder_embed_dims);
    if (has_encoder)
        visit(Gene{"encoder_layers"}, genes.encoder_layer_count, space.encoder_layer_counts);
    visit(Gene{"decoder_layers"}, genes.decoder_layer_count, space.decoder_layer_counts);
    for (int i = 0; i < genes.encoder_layer_count; ++i) {
        auto& layer = genes.encoder_layer_shapes[static_cast<std::size_t>(i)];
        visit(Gene{"encoder_ffn_dim", i}, layer.ffn_dim, space.encoder_ffn_dims);
        visit(Gene{"encoder_heads", i}, layer.heads, space.encoder_heads);
        detail::visit_unit_genes(detail::encoder_unit_genes, i, layer, space.encoder_qkv_dims,
                                 space.encoder_dextra_depths, space.encoder_dextra_widths,
                                 space.encoder_dextra_groups, visit);
    }
    for (int i = 0; i < genes.decoder_layer_count; ++i) {
        auto& layer = genes.decoder_layer_shapes[static_cast<std::size_t>(i)];
        visit(Gene{"decoder_ffn_dim", i}, layer.ffn_dim, space.decoder_ffn_dims);
        visit(Gene{"decoder_heads", i}, layer.heads, space.decoder_heads);
        if (has_encoder)
            visit(Gene{"decoder_cross_heads", i}, layer.cross_heads, space.decoder_cross_heads);
        detail::visit_unit_genes(detail::decoder_unit_genes, i, layer, space.decoder_qkv_dims,
                                 space.decoder_dextra_depths, space.decoder_dextra_widths,
                                 space.decoder_dextra_groups, visit);
    }
    for (int i = 0; has_encoder && i < genes.decoder_layer_count; ++i) {
        visit(Gene{"decoder_attended_layers", i},
              genes.decoder_layer_shapes[static_cast<std::size_t>(i)].attended_layers,
              space.decoder_attended_layers);
    }
}

/// The member whose every gene is the choice that makes it largest (of what it attends to:
/// `attended_layers`, or the largest choice if that is 0).
[[nodiscard]] inline model::Architecture largest(const DesignSpace& space,
                                                 int attended_layers = 0) {
    model::Architecture genes;
    for_each_gene(space, genes, [](Gene gene, int& value, const Choices& choices) {
        const auto [least, most] = std::minmax_element(choices.begin(), choices.end());
        value = shrinks_as_it_grows(gene) ? *least : *most;
    });
    if (attended_layers > 0)
        for (auto& layer : genes.decoder_layer_shapes) layer.attended_layers = attended_layers;
    return sub_architecture(genes, space.super);
}

/// The member whose every gene is the choice that makes it smallest; `attended_layers` as in
/// `largest`.
[[nodiscard]] inline model::Architecture smallest(const DesignSpace& space,
                                                  int attended_layers = 0) {
    model::Architecture genes;
    for_each_gene(space, genes, [](Gene gene, int& value, const Choices& choices) {
        const auto [least, most] = std::minmax_element(choices.begin(), choices.end());
        value = shrinks_as_it_grows(gene) ? *most : *least;
    });
    if (attended_layers > 0)
        for (auto& layer : genes.decoder_layer_shapes) layer.attended_layers = attended_layers;
    return sub_architecture(genes, space.super);
}

/// Makes the super network large enough for the units that the space lets its layers choose.
inline void make_room_for_units(DesignSpace& space) {
    const auto most = [](const Choices& choices) {
        return choices.empty() ? 0 : *std::max_element(choices.begin(), choices.end());
    };
    const auto least = [](const Choices& choices) {
        return choices.empty() ? 0 : *std::min_element(choices.begin(), choices.end());
    };
    const auto make_room = [&](auto& layer, const Choices& qkv_dims, const Choices& depths,
                               const Choices& widths, const Choices& groups) {
        layer.qkv_dim = most(qkv_dims);
        layer.dextra_depth = most(depths);
        layer.dextra_width = most(widths);
        layer.dextra_groups = least(groups);
    };
    model::Architecture& super = space.super;
    for (int i = 0; i < super.encoder_layer_count; ++i)
        make_room(super.encoder_layer_shapes[static_cast<std::size_t>(i)], space.encoder_qkv_dims,
                  space.encoder_dextra_depths, space.encoder_dextra_widths,
                  space.encoder_dextra_groups);
    for (int i = 0; i < super.decoder_layer_count; ++i)
        make_room(super.decoder_layer_shapes[static_cast<std::size_t>(i)], space.decoder_qkv_dims,
                  space.decoder_dextra_depths, space.decoder_dextra_widths,
                  space.decoder_dextra_groups);
    super.elastic_units =
        !space.encoder_dextra_depths.empty() || !space.decoder_dextra_depths.empty();
}

/// The space for a corpus with these vocabularies.
[[nodiscard]] inline DesignSpace with_vocabulary(DesignSpace space, int source_vocab_size,
                                                 int target_vocab_size) {
    space.super.source_vocab_size = space.super.has_encoder() ? source_vocab_size : 0;
    space.super.target_vocab_size = target_vocab_size;
    return space;
}

/// Checks that `space` describes networks that can be built: no list empty or with a value twice,
/// and the super network holds every choice. Vocabulary sizes may still be 0.
///
/// Throws  `Error` naming the gene.
inline void validate(const DesignSpace& space) {
    DesignSpace complete = space;
    for (int* size : {&complete.super.source_vocab_size, &complete.super.target_vocab_size})
        if (*size == 0 &&
            (complete.super.has_encoder() || size == &complete.super.target_vocab_size))
            *size = 1;
    model::validate(complete.super);
    const auto check = [](const char* gene, const Choices& choices) {
        if (choices.empty()) fail("design space: ", gene, " has no choices");
        std::set<int> seen;
        for (const int value : choices)
            if (!seen.insert(value).second)
                fail("design space: ", gene, " lists ", value, " twice");
    };
    const auto check_encoder = [&](const char* gene, const Choices& choices) {
        if (space.super.has_encoder())
            check(gene, choices);
        else if (!choices.empty())
            fail("design space: ", gene, " has choices, but the super network has no encoder");
    };
    check_encoder("encoder_embed_dim", space.encoder_embed_dims);
    check("decoder_embed_dim", space.decoder_embed_dims);
    check_encoder("encoder_layers", space.encoder_layer_counts);
    check("decoder_layers", space.decoder_layer_counts);
    check_encoder("encoder_ffn_dim", space.encoder_ffn_dims);
    check_encoder("encoder_heads", space.encoder_heads);
    check("decoder_ffn_dim", space.decoder_ffn_dims);
    check("decoder_heads", space.decoder_heads);
    check_encoder("decoder_cross_heads", space.decoder_cross_heads);
    check_encoder("decoder_attended_layers", space.decoder_attended_layers);

    const auto check_units = [&](const char* gene, const Choices& depths, const Choices& widths,
                                 const Choices& groups) {
        const bool has_units =
            std::any_of(depths.begin(), depths.end(), [](int d) { return d > 0; });
        if (widths.empty() == has_units || groups.empty() == has_units)
            fail("design space: ", gene, "_width and ", gene, "_groups need choices where ", gene,
                 "_depth has one above 0, and only there");
        for (const Choices* choices : {&depths, &widths, &groups})
            if (!choices->empty()) check(gene, *choices);
    };
    if (!space.encoder_qkv_dims.empty()) check_encoder("encoder_qkv_dim", space.encoder_qkv_dims);
    if (!space.decoder_qkv_dims.empty()) check("decoder_qkv_dim", space.decoder_qkv_dims);
    check_units("encoder_dextra", space.encoder_dextra_depths, space.encoder_dextra_widths,
                space.encoder_dextra_groups);
    check_units("decoder_dextra", space.decoder_dextra_depths, space.decoder_dextra_widths,
                space.decoder_dextra_groups);

    const auto check_layers = [](const char* gene, const Choices& choices, int most) {
        for (const int layers : choices)
            if (layers < 1 || layers > most)
                fail("design space: ", gene, " = ", layers, " is not in 1 … ", most,
                     ", the super network's");
    };
    check_layers("encoder_layers", space.encoder_layer_counts, space.super.encoder_layer_count);
    check_layers("decoder_layers", space.decoder_layer_counts, space.super.decoder_layer_count);

    if (space.super.has_encoder() && space.super.attends_to_real_layers) {
        const auto& counts = space.encoder_layer_counts;
        const int fewest = *std::min_element(counts.begin(), counts.end());
        for (const int layers : space.decoder_attended_layers)
            if (layers > fewest)
                fail("design space: decoder_attended_layers = ", layers,
                     " exceeds the smallest of encoder_layers = ", fewest);
    }

    // Any unit may stand in a side of any width.
    const auto check_all_units = [&](const char* side, const Choices& dims, const Choices& depths,
                                     const Choices& widths, const Choices& groups) {
        for (const int dim : dims)
            for (const int depth : depths)
                for (const int width : widths)
                    for (const int most : groups)
                        if (depth > 0)
                            nn::validate({.in_dim = dim,
                                          .inner_dim = dim / 2,
                                          .out_dim = dim / 2,
                                          .depth = depth,
                                          .width_thousandths = width,
                                          .max_groups = most,
                                          .variant = space.super.dextra_variant},
                                         std::string("design space: ") + side + ": ");
    };
    check_all_units("encoder", space.encoder_embed_dims, space.encoder_dextra_depths,
                    space.encoder_dextra_widths, space.encoder_dextra_groups);
    check_all_units("decoder", space.decoder_embed_dims, space.decoder_dextra_depths,
                    space.decoder_dextra_widths, space.decoder_dextra_groups);

    // Every choice of every gene must give a network that fits, the other genes being those of the
    // super network.
    for_each_gene(complete, complete.super, [&](Gene gene, const int&, const Choices& choices) {
        for (const int choice : choices) {
            model::Architecture genes = complete.super;
            for_each_gene(complete, genes, [&](Gene other, int& value, const Choices&) {
                if (other == gene) value = choice;
            });
            const model::Architecture member = sub_architecture(genes, complete.super);
            try {
                validate_fits_in(member, complete.super);
                model::validate(member);
            } catch (const Error& error) {
                fail("design space: ", gene.text(), " = ", choice, ": ", error.what());
            }
        }
    });
}

/// Checks that `genes` is a member of `space`. Both must have the same vocabularies.
///
/// Throws  `Error` naming the gene whose value is not among the choices, or what differs.
inline void validate_member(const DesignSpace& space, const model::Architecture& genes) {
    for_each_gene(space, genes, [](Gene gene, const int& value, const Choices& choices) {
        if (std::find(choices.begin(), choices.end(), value) == choices.end()) {
            std::string list;
            for (const int choice : choices)
                list += (list.empty() ? "" : ", ") + std::to_string(choice);
            fail("architecture: ", gene.text(), " = ", value, " is not in the design space (", list,
                 ")");
        }
    });
    if (sub_architecture(genes, space.super) != genes)
        fail("architecture: is not a member of the design space: what is not a gene differs from "
             "the super network");
}

/// True where `validate_member` would not throw.
[[nodiscard]] inline bool contains(const DesignSpace& space, const model::Architecture& genes) {
    bool inside = sub_architecture(genes, space.super) == genes;
    for_each_gene(space, genes, [&](Gene, const int& value, const Choices& choices) {
        inside = inside && std::find(choices.begin(), choices.end(), value) != choices.end();
    });
    return inside;
}

}  // namespace hat::elastic
