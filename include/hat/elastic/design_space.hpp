// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/model/architecture.hpp>
#include <hat/model/genes.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace hat::elastic {

/// The values that one gene may take, in the order they were written.
using Choices = std::vector<int>;

/// The networks that one SuperTransformer holds: what each gene may be (HAT, arXiv:2005.14187,
/// §3.1).
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

    /// How members are served; none: as `model::Serving` begins.
    Choices weight_bits{};
    Choices listed_tokens{};

    friend bool operator==(const DesignSpace&, const DesignSpace&) = default;
};

/// Where a space keeps the choices of the genes, row by row of `model::gene_table`: those of its
/// encoder and of its decoder.
inline constexpr std::array<std::array<Choices DesignSpace::*, 2>, model::gene_table.size()>
    gene_choices{{{&DesignSpace::encoder_embed_dims, &DesignSpace::decoder_embed_dims},
                  {&DesignSpace::encoder_ffn_dims, &DesignSpace::decoder_ffn_dims},
                  {&DesignSpace::encoder_layer_counts, &DesignSpace::decoder_layer_counts},
                  {&DesignSpace::encoder_heads, &DesignSpace::decoder_heads},
                  {nullptr, &DesignSpace::decoder_cross_heads},
                  {nullptr, &DesignSpace::decoder_attended_layers},
                  {&DesignSpace::encoder_qkv_dims, &DesignSpace::decoder_qkv_dims},
                  {&DesignSpace::encoder_dextra_depths, &DesignSpace::decoder_dextra_depths},
                  {&DesignSpace::encoder_dextra_widths, &DesignSpace::decoder_dextra_widths},
                  {&DesignSpace::encoder_dextra_groups, &DesignSpace::decoder_dextra_groups}}};

/// The same of the genes of serving, row by row of `model::serving_table`.
inline constexpr std::array<Choices DesignSpace::*, model::serving_table.size()> serving_choices{
    &DesignSpace::weight_bits, &DesignSpace::listed_tokens};

/// The choices that `space`, a `DesignSpace` or a constant one, has for `gene`, a row of the table.
/// Precondition: the side may have the gene.
template <class Space>
[[nodiscard]] constexpr auto& choices_of(Space& space, const model::GeneRow& gene,
                                         model::Side side) noexcept {
    const auto row = static_cast<std::size_t>(&gene - model::gene_table.data());
    return space.*gene_choices[row][static_cast<std::size_t>(side)];
}

template <class Space>
[[nodiscard]] constexpr auto& choices_of(Space& space, const model::ServingGene& gene) noexcept {
    return space.*serving_choices[static_cast<std::size_t>(&gene - model::serving_table.data())];
}

/// Calls `visit(const GeneRow&, Side, Choices&)` for all lists of choices, in the order of the
/// published files; what is chosen of a DExTra stands together. Those of serving are not among
/// them.
template <class Space, class Visit>
constexpr void for_each_choices(Space& space, Visit&& visit) {
    using model::Presence;
    const auto& table = model::gene_table;
    for (const auto* gene = table.begin(); gene != table.end(); ++gene) {
        if (gene->presence == Presence::in_unit) continue;
        for (const model::Side side : model::sides) {
            if (gene->name(side).empty()) continue;
            const auto* part = gene;
            do visit(*part, side, choices_of(space, *part, side));
            while (++part != table.end() && part->presence == Presence::in_unit);
        }
    }
}

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
    for (const model::GeneRow& row : model::gene_table)
        for (const model::Side side : model::sides)
            if (row.name(side) == gene.name) return row.growth == model::Growth::smaller;
    return false;
}

/// The order of a gene's choices by size: as numbers, but a 0 that stands for all is the largest.
[[nodiscard]] constexpr bool is_less(const Gene& gene, int a, int b) noexcept {
    for (const model::ServingGene& row : model::serving_table)
        if (row.name == gene.name) return row.is_less(a, b);
    return a < b;
}

/// Calls `visit(Gene, int& value, const Choices&)` for every gene that `genes` has, in the order in
/// which the reference draws them: embed dims, layer counts, then the layers, what they attend to
/// last, and behind them how the network is served. A visitor may assign; the layers visited are
/// those of the counts it has left. `Genes` is `Architecture` or `const Architecture`.
/// Precondition: it has at most `max_layers` on each side.
template <class Genes, class Visit>
constexpr void for_each_gene(const DesignSpace& space, Genes& genes, Visit&& visit) {
    using model::Presence;
    const bool has_encoder = space.super.has_encoder();
    for (const model::GeneRow& gene : model::gene_table)
        for (const model::Side side : model::sides)
            if (!gene.is_of_layers() && gene.exists(side, has_encoder))
                visit(Gene{gene.name(side)}, gene.of(genes, side), choices_of(space, gene, side));
    const auto visit_layer = [&](model::Side side, int layer, bool last) {
        bool has_unit = false;
        for (const model::GeneRow& gene : model::gene_table) {
            if (!gene.is_of_layers() || gene.drawn_last != last ||
                !gene.exists(side, has_encoder) ||
                (gene.presence == Presence::in_unit && !has_unit))
                continue;
            const Choices& choices = choices_of(space, gene, side);
            if (choices.empty() && !gene.is_required()) continue;
            auto& value = gene.of(genes, side, layer);
            visit(Gene{gene.name(side), layer}, value, choices);
            if (gene.presence == Presence::unit) has_unit = value != 0;
        }
    };
    for (const bool last : {false, true})
        for (const model::Side side : model::sides)
            for (int i = 0; i < layer_count(genes, side); ++i) visit_layer(side, i, last);
    for (const model::ServingGene& gene : model::serving_table)
        if (const Choices& choices = choices_of(space, gene); !choices.empty())
            visit(Gene{gene.name}, gene.of(genes), choices);
}

namespace detail {

[[nodiscard]] inline int extreme(const Choices& choices, bool most, const Gene& gene = {}) {
    const auto [low, high] = std::minmax_element(choices.begin(), choices.end(),
                                                 [&](int a, int b) { return is_less(gene, a, b); });
    return most ? *high : *low;
}

[[nodiscard]] inline model::Architecture extreme_member(const DesignSpace& space, bool is_largest,
                                                        int attended_layers) {
    model::Architecture genes;
    for_each_gene(space, genes, [&](Gene gene, int& value, const Choices& choices) {
        value = extreme(choices, shrinks_as_it_grows(gene) != is_largest, gene);
    });
    if (attended_layers > 0)
        for (auto& layer : genes.decoder.layer_shapes) layer.attended_layers = attended_layers;
    return sub_architecture(genes, space.super);
}

}  // namespace detail

/// The member whose every gene is the choice that makes it largest (of what it attends to:
/// `attended_layers`, or the largest choice if that is 0).
[[nodiscard]] inline model::Architecture largest(const DesignSpace& space,
                                                 int attended_layers = 0) {
    return detail::extreme_member(space, true, attended_layers);
}

/// The member whose every gene is the choice that makes it smallest; `attended_layers` as in
/// `largest`.
[[nodiscard]] inline model::Architecture smallest(const DesignSpace& space,
                                                  int attended_layers = 0) {
    return detail::extreme_member(space, false, attended_layers);
}

/// Makes the super network large enough for the units that the space lets its layers choose.
inline void make_room_for_units(DesignSpace& space) {
    for_each_choices(space,
                     [&](const model::GeneRow& gene, model::Side side, const Choices& choices) {
                         if (gene.is_required()) return;
                         const bool shrinks = gene.growth == model::Growth::smaller;
                         const int room = choices.empty() ? 0 : detail::extreme(choices, !shrinks);
                         for (int i = 0; i < layer_count(space.super, side); ++i)
                             gene.of(space.super, side, i) = room;
                     });
    space.super.elastic_units =
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
            *size = model::max_vocab_size;  // no list of tokens is too long for it
    model::validate(complete.super);
    const auto reject_doubles = [](std::string_view words, Choices choices) {
        std::sort(choices.begin(), choices.end());
        for (std::size_t i = 1; i < choices.size(); ++i)
            if (choices[i] == choices[i - 1])
                fail("design space: ", words, " lists ", choices[i], " twice");
    };
    const auto check_unit = [&](model::Side side, const Choices& depths) {
        const std::string unit = side_name(side) + std::string("_dextra_");
        const bool is_there =
            std::any_of(depths.begin(), depths.end(), [](int d) { return d > 0; });
        for (const model::GeneRow& gene : model::gene_table)
            if (gene.presence == model::Presence::in_unit &&
                choices_of(space, gene, side).empty() == is_there)
                fail("design space: ", unit, "width and ", unit, "groups need choices where ", unit,
                     "depth has one above 0, and only there");
    };
    for_each_choices(
        space, [&](const model::GeneRow& gene, model::Side side, const Choices& choices) {
            const auto name = gene.name(side);
            const bool exists = gene.exists(side, space.super.has_encoder());
            if (!exists && !choices.empty() && !gene.is_dextra())
                fail("design space: ", name, " has choices, but the super network has no encoder");
            if (exists && choices.empty() && gene.is_required())
                fail("design space: ", name, " has no choices");
            if (gene.presence == model::Presence::unit) check_unit(side, choices);
            reject_doubles(gene.is_dextra() ? name.substr(0, name.rfind('_')) : name, choices);
        });
    for (const model::ServingGene& gene : model::serving_table)
        reject_doubles(gene.name, choices_of(space, gene));
    const auto check_layers = [&](model::Side side, const Choices& choices) {
        const int most = layer_count(space.super, side);
        for (const int layers : choices)
            if (layers < 1 || layers > most)
                fail("design space: ", side_name(side), "_layers = ", layers, " is not in 1 … ",
                     most, ", the super network's");
    };
    check_layers(model::Side::encoder, space.encoder_layer_counts);
    check_layers(model::Side::decoder, space.decoder_layer_counts);

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
                            nn::validate(
                                space.super.unit_of(model::DecoderLayerShape{.dextra_depth = depth,
                                                                             .dextra_width = width,
                                                                             .dextra_groups = most},
                                                    dim),
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
            fail_with_place(
                [&] {
                    validate_fits_in(member, complete.super);
                    model::validate(member);
                },
                "design space: ", gene.text(), " = ", choice);
        }
    });
}

/// Checks that `genes` is a member of `space`. Both must have the same vocabularies.
///
/// Throws  `Error` naming the gene whose value is not among the choices, or what differs.
inline void validate_member(const DesignSpace& space, const model::Architecture& genes) {
    const auto check = [](Gene gene, const int& value, const Choices& choices) {
        if (std::find(choices.begin(), choices.end(), value) == choices.end()) {
            std::string list;
            for (const int choice : choices)
                list += (list.empty() ? "" : ", ") + std::to_string(choice);
            fail("architecture: ", gene.text(), " = ", value, " is not in the design space (", list,
                 ")");
        }
    };
    for_each_gene(space, genes, check);
    for (const model::ServingGene& gene : model::serving_table)
        if (choices_of(space, gene).empty()) check({gene.name}, gene.of(genes), {gene.usual()});
    if (sub_architecture(genes, space.super) != genes)
        fail("architecture: is not a member of the design space: what is not a gene differs from "
             "the super network");
}

/// True where `validate_member` would not throw.
[[nodiscard]] inline bool contains(const DesignSpace& space, const model::Architecture& genes) {
    bool inside = sub_architecture(genes, space.super) == genes;
    for (const model::ServingGene& gene : model::serving_table)
        inside = inside && (!choices_of(space, gene).empty() || gene.of(genes) == gene.usual());
    for_each_gene(space, genes, [&](Gene, const int& value, const Choices& choices) {
        inside = inside && std::find(choices.begin(), choices.end(), value) != choices.end();
    });
    return inside;
}

}  // namespace hat::elastic
