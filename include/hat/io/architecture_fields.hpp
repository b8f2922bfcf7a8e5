// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/activation.hpp>
#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/model/architecture.hpp>
#include <hat/model/genes.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

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

/// Throws  `Error` if there is no word for it
template <class Enum>
[[nodiscard]] constexpr const char* enum_word(Enum value) {
    const auto index = static_cast<std::size_t>(value);
    if (index >= enum_words<Enum>.size())
        fail("io/architecture_fields.hpp: value ", index, " of an enumeration has no word there");
    return enum_words<Enum>[index];
}

/// fairseq's words for the activations, and behind them one of our own.
inline constexpr std::array published_activations{
    std::pair{"relu", Activation::relu},
    std::pair{"gelu", Activation::gelu},
    std::pair{"gelu_accurate", Activation::gelu_tanh},
    std::pair{"tanh", Activation::tanh},
    std::pair{"linear", Activation::linear},
    std::pair{"swish", Activation::swish},
};
static_assert(published_activations.size() == enum_words<Activation>.size(),
              "an activation has a word of ours and one for published files");
/// Those that fairseq has, too.
inline constexpr auto fairseq_activations = std::span(published_activations).first<5>();

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
/// `fields.value(name, x)` is called for what must be given (x an int, a bool or an enumeration)
/// and `fields.layers(name, count, at)` for one number a layer, `at(i)` being layer i's; either
/// with a further argument, false, for what has a default: numbers of layers that are all 0 are
/// left out then. A reader may change what it is shown; `Shape` is `Architecture` then, and `const
/// Architecture` for a writer.
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
    const auto option = [&](const char* name, auto& x) { fields.value(name, x, false); };
    const auto layers = [&](const model::GeneRow& gene, model::Side side) {
        std::string name(gene.name(side));
        if (!name.ends_with('s')) name += 's';
        const auto at = [&](int i) -> auto& {
            return gene.of(a, side, i);
        };
        fields.layers(name.c_str(), layer_count(a, side), at, gene.is_required());
    };
    option("source_vocab_size", a.source_vocab_size);
    option("target_vocab_size", a.target_vocab_size);
    count("encoder_layers", a.encoder.layer_count);
    count("decoder_layers", a.decoder.layer_count);
    if (a.has_encoder()) fields.value("encoder_embed_dim", a.encoder.embed_dim);
    fields.value("decoder_embed_dim", a.decoder.embed_dim);
    fields.value("qkv_dim", a.qkv_dim);
    for (const bool required : {true, false})
        for (const model::Side side : model::sides)
            for (const model::GeneRow& gene : model::gene_table)
                if (gene.is_of_layers() && gene.is_required() == required &&
                    gene.exists(side, a.has_encoder()))
                    layers(gene, side);
    option("embedding_dim", a.embedding.dim);
    option("embedding_dextra_depth", a.embedding.dextra_depth);
    option("embedding_dextra_width", a.embedding.dextra_width);
    option("embedding_dextra_groups", a.embedding.dextra_groups);
    option("dextra_variant", a.dextra_variant);
    option("sharing", a.sharing);
    option("norm", a.norm);
    option("encoder_final_norm", a.encoder.final_norm);
    option("decoder_final_norm", a.decoder.final_norm);
    option("activation", a.activation);
    option("encoder_positions", a.encoder.positions);
    option("decoder_positions", a.decoder.positions);
    option("max_source_positions", a.encoder.max_positions);
    option("max_target_positions", a.decoder.max_positions);
    option("adaptive_bands", a.adaptive.bands);
    if (a.adaptive.bands != 0) {
        constexpr int most = nn::AdaptiveBands::most;
        if (a.adaptive.bands < 2 || a.adaptive.bands > most)
            fail(fields.address("adaptive_bands"), a.adaptive.bands, " is not in 2 … ", most);
        fields.value("adaptive_factor", a.adaptive.factor);
        fields.layers(
            "adaptive_cutoffs", a.adaptive.bands - 1, [&a](int i) -> auto& {
                return a.adaptive.cutoffs[static_cast<std::size_t>(i)];
            });
    }
    option("unscaled_embeddings", a.embedding.unscaled);
    option("scale_embedding_by_super_dim", a.embedding.scaled_by_super_dim);
    option("encoder_super_dim", a.origin.encoder_dim);
    option("decoder_super_dim", a.origin.decoder_dim);
    option("encoder_identity_layers", a.origin.identity_layers);
    option("attends_to_real_layers", a.attends_to_real_layers);
    option("elastic_units", a.elastic_units);
    // Files of networks that are served as usual are what they were before there was a choice.
    for (const model::ServingGene& gene : model::serving_table)
        if (auto& value = gene.of(a); !std::is_const_v<Shape> || value != gene.usual())
            option(gene.name.data(), value);
}

/// Whether the published files write the gene's 1, 2 and 3 as −1, 1 and 2.
[[nodiscard]] constexpr bool counts_attended_layers(const model::GeneRow& gene) noexcept {
    return gene.of_decoder_layer == &model::DecoderLayerShape::attended_layers;
}
[[nodiscard]] constexpr int published_attention(int attended_layers) noexcept {
    return attended_layers == 1 ? -1 : attended_layers - 1;
}
/// The number of last encoder layers that is written so; 0 if none is.
[[nodiscard]] constexpr int attended_layers(int published) noexcept {
    return published == -1 ? 1 : published == 1 || published == 2 ? published + 1 : 0;
}

/// "encoder-ffn-embed-dim-all-subtransformer", words joined by `hyphen`.
[[nodiscard]] inline std::string published_key(const model::GeneRow& gene, model::Side side,
                                               char hyphen) {
    std::string key = std::string(side_name(side)) + '-' + std::string(gene.published) +
                      (gene.is_of_layers() ? "-all-subtransformer" : "-subtransformer");
    std::replace(key.begin(), key.end(), '-', hyphen);
    return key;
}

/// What is wrong with the genes of a published file.
enum class PublishedFault : std::uint8_t { layer_count, list_size, attention };

/// The genes of a SubTransformer as the reference names them; lists may be longer than there are
/// layers. `source` has `integer(key)` and `integers(key)`, and
/// `reject(key, PublishedFault, int found, int layers)` throws.
template <class Source, class Reject>
[[nodiscard]] model::Architecture published_genes(const Source& source, char hyphen,
                                                  const Reject& reject) {
    model::Architecture genes;
    const auto read = [&](const model::GeneRow& gene, model::Side side) {
        const std::string key = published_key(gene, side, hyphen);
        int& layers = layer_count(genes, side);
        if (!gene.is_of_layers()) {
            int& value = gene.of(genes, side) = source.integer(key);
            if (&value == &layers && (layers < 1 || layers > model::max_layers))
                reject(key, PublishedFault::layer_count, layers, layers);
            return;
        }
        const std::vector<int> values = source.integers(key);
        if (values.size() < static_cast<std::size_t>(layers))
            reject(key, PublishedFault::list_size, static_cast<int>(values.size()), layers);
        for (int i = 0; i < layers; ++i) {
            const int written = values[static_cast<std::size_t>(i)];
            int& value = gene.of(genes, side, i) = written;
            if (!counts_attended_layers(gene)) continue;
            value = attended_layers(written);
            if (value == 0) reject(key, PublishedFault::attention, written, layers);
        }
    };
    for (const bool of_layers : {false, true})
        for (const model::GeneRow& gene : model::gene_table)
            for (const model::Side side : model::sides)
                if (!gene.published.empty() && gene.is_of_layers() == of_layers &&
                    !gene.name(side).empty())
                    read(gene, side);
    return genes;
}

}  // namespace hat::io
