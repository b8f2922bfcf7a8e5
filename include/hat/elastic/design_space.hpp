// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/model/architecture.hpp>

#include <algorithm>
#include <cstddef>
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
    }
    for (int i = 0; i < genes.decoder_layer_count; ++i) {
        auto& layer = genes.decoder_layer_shapes[static_cast<std::size_t>(i)];
        visit(Gene{"decoder_ffn_dim", i}, layer.ffn_dim, space.decoder_ffn_dims);
        visit(Gene{"decoder_heads", i}, layer.heads, space.decoder_heads);
        if (has_encoder)
            visit(Gene{"decoder_cross_heads", i}, layer.cross_heads, space.decoder_cross_heads);
    }
    for (int i = 0; has_encoder && i < genes.decoder_layer_count; ++i) {
        visit(Gene{"decoder_attended_layers", i},
              genes.decoder_layer_shapes[static_cast<std::size_t>(i)].attended_layers,
              space.decoder_attended_layers);
    }
}

/// The member whose every gene is the largest choice (of what it attends to: `attended_layers`, or
/// the largest choice if that is 0).
[[nodiscard]] inline model::Architecture largest(const DesignSpace& space,
                                                 int attended_layers = 0) {
    model::Architecture genes;
    for_each_gene(space, genes, [](Gene, int& value, const Choices& choices) {
        value = *std::max_element(choices.begin(), choices.end());
    });
    if (attended_layers > 0)
        for (auto& layer : genes.decoder_layer_shapes) layer.attended_layers = attended_layers;
    return sub_architecture(genes, space.super);
}

/// The member whose every gene is the smallest choice; `attended_layers` as in `largest`.
[[nodiscard]] inline model::Architecture smallest(const DesignSpace& space,
                                                  int attended_layers = 0) {
    model::Architecture genes;
    for_each_gene(space, genes, [](Gene, int& value, const Choices& choices) {
        value = *std::min_element(choices.begin(), choices.end());
    });
    if (attended_layers > 0)
        for (auto& layer : genes.decoder_layer_shapes) layer.attended_layers = attended_layers;
    return sub_architecture(genes, space.super);
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
        for (auto value = choices.begin(); value != choices.end(); ++value)
            if (std::find(choices.begin(), value, *value) != value)
                fail("design space: ", gene, " lists ", *value, " twice");
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
