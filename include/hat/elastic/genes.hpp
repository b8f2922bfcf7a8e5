// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/random.hpp>
#include <hat/elastic/design_space.hpp>
#include <hat/model/genes.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

/// What evolution does to genes. A genome is a member of its `DesignSpace`: layers that it does not
/// have are no part of it, so nothing here draws, changes or compares a gene without effect.
namespace hat::elastic {

namespace detail {

/// The member whose every gene is `pick(Gene, const Choices&)`, asked in the order of
/// `for_each_gene`.
template <class Pick>
[[nodiscard]] model::Architecture member_of(const DesignSpace& space, Pick&& pick) {
    model::Architecture genes;
    for_each_gene(space, genes, [&](Gene gene, int& value, const Choices& choices) {
        value = pick(gene, choices);
    });
    return sub_architecture(genes, space.super);
}

[[nodiscard]] inline int draw(const Choices& choices, Random& random) {
    return choices[static_cast<std::size_t>(random.below(choices.size()))];
}

/// Where `genes`, a member, keeps `gene`; null if it has no such layer, or no DExTra in it.
[[nodiscard]] inline const int* find_gene(const model::Architecture& genes, Gene gene) {
    for (const model::GeneRow& row : model::gene_table)
        for (const model::Side side : model::sides) {
            if (row.name(side) != gene.name) continue;
            if (gene.layer >= layer_count(genes, side)) return nullptr;
            const int& value = row.of(genes, side, gene.layer);
            return row.presence == model::Presence::in_unit && value == 0 ? nullptr : &value;
        }
    for (const model::ServingGene& row : model::serving_table)
        if (row.name == gene.name) return &row.of(genes);
    return nullptr;
}

}  // namespace detail

/// A random member: every gene uniform over its choices, independent of the others, as the
/// reference draws them. (So every number of layers is as likely as another, and a member with
/// few layers is likelier than one with many.)
[[nodiscard]] inline model::Architecture sample(const DesignSpace& space, Random& random) {
    return detail::member_of(
        space, [&](Gene, const Choices& choices) { return detail::draw(choices, random); });
}

/// `parent` with every gene drawn anew, uniformly from its choices, with this `probability`; a gene
/// of m choices thus changes with probability · (1 − 1/m). Layers that only the mutant has are
/// random.
///
/// See  HAT (arXiv:2005.14187), §3.2; the reference also mutates slots of layers that are not there
[[nodiscard]] inline model::Architecture mutate(const DesignSpace& space,
                                                const model::Architecture& parent,
                                                double probability, Random& random) {
    return detail::member_of(space, [&](Gene gene, const Choices& choices) {
        const int* inherited = detail::find_gene(parent, gene);
        const bool redrawn = random.uniform() < probability;
        return redrawn || inherited == nullptr ? detail::draw(choices, random) : *inherited;
    });
}

/// Every gene from `a` or from `b` with the same chance. A layer that only one of them has comes
/// from it.
[[nodiscard]] inline model::Architecture crossover(const DesignSpace& space,
                                                   const model::Architecture& a,
                                                   const model::Architecture& b, Random& random) {
    return detail::member_of(space, [&](Gene gene, const Choices&) {
        const int* first = detail::find_gene(a, gene);
        const int* second = detail::find_gene(b, gene);
        if (random.below(2) == 1) std::swap(first, second);
        if (first == nullptr) first = second;
        HAT_ASSERT(first != nullptr);  // the layer counts are a parent's
        return *first;
    });
}

/// All members that differ from `genes` in one gene. Where that is the number of layers, the last
/// ones are left out, or the last one is repeated; a DExTra that appears has the first choices.
[[nodiscard]] inline std::vector<model::Architecture> neighbours(const DesignSpace& space,
                                                                 const model::Architecture& genes) {
    model::Architecture padded = genes;  // the last layer, in all slots that follow it
    for (int i = 0; i < model::max_layers; ++i) {
        const auto slot = static_cast<std::size_t>(i);
        if (genes.has_encoder() && i >= genes.encoder.layer_count)
            padded.encoder.layer_shapes[slot] = genes.encoder.layers().back();
        if (i >= genes.decoder.layer_count)
            padded.decoder.layer_shapes[slot] = genes.decoder.layers().back();
    }
    std::vector<model::Architecture> all;
    for_each_gene(space, genes, [&](Gene gene, const int& value, const Choices& choices) {
        for (const int choice : choices) {
            if (choice == value) continue;
            model::Architecture changed = padded;
            for_each_gene(space, changed, [&](Gene other, int& slot, const Choices&) {
                if (other == gene) slot = choice;
            });
            for_each_gene(space, changed, [&](Gene, int& slot, const Choices& of) {
                if (slot == 0 && std::find(of.begin(), of.end(), 0) == of.end()) slot = of.front();
            });
            all.push_back(sub_architecture(changed, space.super));
        }
    });
    return all;
}

/// `member` served in each way that the space lets its members choose, as it is where it lets them
/// choose none.
[[nodiscard]] inline std::vector<model::Architecture>
served_in_all_ways(const DesignSpace& space, const model::Architecture& member) {
    std::vector<model::Architecture> all{member};
    for (const model::ServingGene& gene : model::serving_table) {
        if (choices_of(space, gene).empty()) continue;
        std::vector<model::Architecture> next;
        for (model::Architecture& way : all)
            for (const int choice : choices_of(space, gene)) {
                gene.of(way) = choice;
                next.push_back(way);
            }
        all = std::move(next);
    }
    return all;
}

/// 64 bits of the genes of `a` (what is not a gene is left out), the same on every machine.
[[nodiscard]] constexpr std::uint64_t hash_genes(const model::Architecture& a) noexcept {
    std::uint64_t hash = 0;
    const auto add = [&hash](int high, int low) {
        const auto bits = (static_cast<std::uint64_t>(static_cast<std::uint32_t>(high)) << 32U) |
                          static_cast<std::uint32_t>(low);
        hash = mix64((hash ^ bits) + 0x9e3779b97f4a7c15U);
    };
    for (const model::GeneRow& gene : model::gene_table)
        if (!gene.is_of_layers())
            add(gene.of(a, model::Side::encoder), gene.of(a, model::Side::decoder));
    // Genes of a layer come in pairs; those that it need not have, only if it has one of them.
    const auto add_layer = [&](model::Side side, int layer, bool required) {
        std::array<int, model::gene_table.size() + 1> values{};
        auto* end = values.begin();
        for (const model::GeneRow& gene : model::gene_table)
            if (gene.is_of_layers() && gene.is_required() == required && !gene.name(side).empty())
                *end++ = gene.of(a, side, layer);
        if (!required && std::all_of(values.begin(), end, [](int v) { return v == 0; })) return;
        for (auto* value = values.begin(); value < end; value += 2) add(value[0], value[1]);
    };
    for (const model::Side side : model::sides)
        for (int i = 0; i < layer_count(a, side); ++i)
            for (const bool required : {true, false}) add_layer(side, i, required);
    for (const model::ServingGene& gene : model::serving_table)
        if (gene.of(a) != gene.usual()) add(gene.before, gene.of(a));
    return hash;
}

/// Makes members of one space keys of `std::unordered_map`.
///
///     std::unordered_map<model::Architecture, double, GenesHash> losses;
struct GenesHash {
    [[nodiscard]] constexpr std::size_t operator()(const model::Architecture& a) const noexcept {
        return static_cast<std::size_t>(hash_genes(a));
    }
};

}  // namespace hat::elastic
