// SPDX-License-Identifier: Apache-2.0
// Needs: yaml-cpp
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/elastic/design_space.hpp>
#include <hat/elastic/spaces.hpp>
#include <hat/elastic/training_recipe.hpp>
#include <hat/io/architecture_fields.hpp>
#include <hat/io/architecture_yaml.hpp>
#include <hat/io/atomic_file.hpp>
#include <hat/io/text_file.hpp>
#include <hat/io/yaml.hpp>
#include <hat/model/genes.hpp>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>
#include <system_error>

/// Design spaces as YAML, in the form of the published files of HAT (arXiv:2005.14187): fairseq's
/// options of the super network, the choices of every gene, and how to train.
///
///     encoder-embed-dim: 640
///     encoder-ffn-embed-dim: 3072
///     …
///     encoder-embed-choice: [640, 512]
///     decoder-arbitrary-ende-attn-choice: [-1, 1, 2]
///
/// Norms, sharing, positions and activation are fairseq's options, too (`share-all-embeddings`,
/// `encoder-normalize-before`, …), each with its default. Of our own are
///
///     activation-fn: swish
///     attends-to-real-layers: True            see `model::Architecture`
///     source-vocab-size, target-vocab-size    where the data is known
///     embedding-dim: 128                      and embedding-dextra-depth, -width, -groups
///     dextra-variant: define                  of those units; DExTra's are DeLighT's
///     encoder-dextra-depth-choice: [0, 4]     and -width-choice (2000: twice as wide),
///                                             -groups-choice, encoder-qkv-dim-choice, and of the
///                                             decoder
///     encoder-layers: 0                       a language model: no option of an encoder
///     weight-bits-choice: [32, 8]             how members are served: 32, 16 or 8
///     listed-tokens-choice: [0, 512]          tokens of a sentence's shortlist; 0: all tokens
namespace hat::elastic {

/// What a file holds.
struct DesignSpaceFile {
    DesignSpace space;
    TrainingRecipe recipe{};

    friend bool operator==(const DesignSpaceFile&, const DesignSpaceFile&) = default;
};

namespace detail {

/// The options of a super network in a published file.
class SuperNetworkReader {
public:
    explicit SuperNetworkReader(const io::YamlMap& map) : map_(map) {}

    [[nodiscard]] model::Architecture read() const {
        model::Architecture super;
        super.source_vocab_size = optional_integer("source-vocab-size", 0);
        super.target_vocab_size = optional_integer("target-vocab-size", 0);
        super.encoder.layer_count = layers("encoder-layers", 0);
        super.decoder.layer_count = layers("decoder-layers", 1);
        const bool has_encoder = super.has_encoder();
        super.decoder.embed_dim = map_.integer("decoder-embed-dim");
        super.encoder.embed_dim = has_encoder ? map_.integer("encoder-embed-dim") : 0;
        super.qkv_dim = optional_integer("qkv-dim", super.decoder.embed_dim);
        if (has_encoder && !map_.contains("qkv-dim") &&
            super.encoder.embed_dim != super.decoder.embed_dim)
            fail(map_.address("qkv-dim"),
                 "is missing, and the embed dims, which it else equals, differ");
        if (has_encoder) read_encoder_layers(super);
        read_decoder_layers(super);
        read_options(super);
        return super;
    }

private:
    [[nodiscard]] int optional_integer(const char* key, int otherwise) const {
        return map_.contains(key) ? map_.integer(key) : otherwise;
    }
    [[nodiscard]] bool flag(const char* key) const {
        return map_.contains(key) && parse_flag(map_.word(key), map_.address(key));
    }
    [[nodiscard]] int layers(const char* key, int least) const {
        const int count = map_.integer(key);
        if (count < least || count > model::max_layers)
            fail(map_.address(key), count, " is not in ", least, " … ", model::max_layers);
        return count;
    }

    void read_encoder_layers(model::Architecture& super) const {
        const model::EncoderLayerShape shape{.ffn_dim = map_.integer("encoder-ffn-embed-dim"),
                                             .heads = map_.integer("encoder-attention-heads")};
        std::fill_n(super.encoder.layer_shapes.begin(), super.encoder.layer_count, shape);
    }

    void read_decoder_layers(model::Architecture& super) const {
        const int heads = map_.integer("decoder-attention-heads");
        model::DecoderLayerShape shape{.ffn_dim = map_.integer("decoder-ffn-embed-dim"),
                                       .heads = heads};
        if (super.has_encoder()) {
            shape.cross_heads = heads;
            shape.attended_layers = 1;
        }
        std::fill_n(super.decoder.layer_shapes.begin(), super.decoder.layer_count, shape);
    }

    void read_options(model::Architecture& super) const {
        const bool share_all = flag("share-all-embeddings");
        const bool share_decoder = flag("share-decoder-input-output-embed");
        super.sharing = share_all       ? model::Sharing::all
                        : share_decoder ? model::Sharing::decoder_input_output
                                        : model::Sharing::none;

        const bool encoder_first = flag("encoder-normalize-before");
        const bool decoder_first = flag("decoder-normalize-before");
        if (super.has_encoder() && encoder_first != decoder_first)
            fail(map_.address("decoder-normalize-before"),
                 "norms stand before sublayers on both sides or on none");
        super.norm = decoder_first ? model::Norm::pre : model::Norm::post;
        super.encoder.final_norm = encoder_first;
        super.decoder.final_norm = !flag("no-decoder-final-norm") && decoder_first;

        const bool none = flag("no-token-positional-embeddings");
        const auto positions = [&](const char* learned) {
            return flag(learned) ? model::Positions::learned : model::Positions::sinusoidal;
        };
        super.encoder.positions = positions("encoder-learned-pos");
        super.decoder.positions = positions("decoder-learned-pos");
        if (none) super.encoder.positions = super.decoder.positions = model::Positions::none;
        const int source_positions = optional_integer("max-source-positions", 1024);
        const int target_positions = optional_integer("max-target-positions", 1024);
        if (super.encoder.positions == model::Positions::learned)
            super.encoder.max_positions = source_positions;
        if (super.decoder.positions == model::Positions::learned)
            super.decoder.max_positions = target_positions;

        super.embedding.scaled_by_super_dim = flag("vocab-original-scaling");
        super.attends_to_real_layers = flag("attends-to-real-layers");
        super.embedding.dim = optional_integer("embedding-dim", 0);
        super.embedding.dextra_depth = optional_integer("embedding-dextra-depth", 0);
        super.embedding.dextra_width = optional_integer("embedding-dextra-width", 0);
        super.embedding.dextra_groups = optional_integer("embedding-dextra-groups", 0);
        if (map_.contains("dextra-variant"))
            super.dextra_variant = io::parse_enum<nn::DExTraVariant>(
                map_.word("dextra-variant"), map_.address("dextra-variant"));
        super.embedding.unscaled = flag("no-scale-embedding");
        if (map_.contains("activation-fn")) super.activation = activation();
    }

    [[nodiscard]] Activation activation() const {
        constexpr const char* key = "activation-fn";
        const std::string word = map_.word(key);
        std::string known;
        for (const auto& [name, activation] : io::published_activations) {
            if (word == name) return activation;
            (known += known.empty() ? "" : ", ") += name;
        }
        fail(map_.address(key), "expected one of ", known, "; found ", in_quotes(word));
    }

    const io::YamlMap& map_;
};

/// "encoder-ffn-embed-dim-choice"; the words are the published ones, or those of our names.
[[nodiscard]] inline std::string choices_key(const model::GeneRow& gene, model::Side side) {
    std::string words(gene.published.empty() ? gene.short_name() : gene.published);
    if (words == "embed-dim") words = "embed";
    return io::detail::yaml_key(side_name(side) + ("-" + words) + "-choice");
}

[[nodiscard]] inline std::string choices_key(const model::ServingGene& gene) {
    return io::detail::yaml_key(gene.name) + "-choice";
}

[[nodiscard]] inline std::string super_to_yaml(const model::Architecture& super) {
    std::string text;
    const auto line = [&text](const char* key, const std::string& value) {
        ((text += key) += ": ") += value + '\n';
    };
    const auto number = [&](const char* key, int value) { line(key, std::to_string(value)); };
    const auto flag = [&](const char* key, bool on) {
        if (on) line(key, "True");
    };
    const bool has_encoder = super.has_encoder();
    if (super.source_vocab_size > 0) number("source-vocab-size", super.source_vocab_size);
    if (super.target_vocab_size > 0) number("target-vocab-size", super.target_vocab_size);
    flag("share-all-embeddings", super.sharing == model::Sharing::all);
    flag("share-decoder-input-output-embed", super.sharing == model::Sharing::decoder_input_output);
    const bool pre = super.norm == model::Norm::pre;
    flag("encoder-normalize-before", pre && has_encoder);
    flag("decoder-normalize-before", pre);
    flag("no-decoder-final-norm", pre && !super.decoder.final_norm);
    for (const auto& [name, activation] : io::published_activations)
        if (activation == super.activation && activation != Activation::relu)
            line("activation-fn", name);
    flag("no-token-positional-embeddings", super.decoder.positions == model::Positions::none);
    if (super.encoder.positions == model::Positions::learned) {
        flag("encoder-learned-pos", true);
        number("max-source-positions", super.encoder.max_positions);
    }
    if (super.decoder.positions == model::Positions::learned) {
        flag("decoder-learned-pos", true);
        number("max-target-positions", super.decoder.max_positions);
    }
    flag("vocab-original-scaling", super.embedding.scaled_by_super_dim);
    flag("attends-to-real-layers", super.attends_to_real_layers);
    flag("no-scale-embedding", super.embedding.unscaled);
    if (super.embedding.dim > 0) {
        number("embedding-dim", super.embedding.dim);
        number("embedding-dextra-depth", super.embedding.dextra_depth);
        number("embedding-dextra-width", super.embedding.dextra_width);
        number("embedding-dextra-groups", super.embedding.dextra_groups);
    }
    if (super.dextra_variant != nn::DExTraVariant::dextra)
        line("dextra-variant", io::enum_word(super.dextra_variant));

    const auto& encoder = super.encoder.layer_shapes[0];
    const auto& decoder = super.decoder.layer_shapes[0];
    if (has_encoder) number("encoder-embed-dim", super.encoder.embed_dim);
    number("decoder-embed-dim", super.decoder.embed_dim);
    if (has_encoder) number("encoder-ffn-embed-dim", encoder.ffn_dim);
    number("decoder-ffn-embed-dim", decoder.ffn_dim);
    number("encoder-layers", super.encoder.layer_count);
    number("decoder-layers", super.decoder.layer_count);
    if (has_encoder) number("encoder-attention-heads", encoder.heads);
    number("decoder-attention-heads", decoder.heads);
    number("qkv-dim", super.qkv_dim);
    return text;
}

}  // namespace detail

/// The file that `text` is. `where` begins messages.
///
/// Throws  `Error` naming line and key of what is missing, unknown or of the wrong kind, or the
///         gene whose choices do not fit.
[[nodiscard]] inline DesignSpaceFile design_space_from_yaml(const std::string& text,
                                                            const std::string& where) {
    const io::YamlMap map = io::YamlMap::parse(text, where);
    DesignSpaceFile file;
    DesignSpace& space = file.space;
    space.super = detail::SuperNetworkReader(map).read();
    for_each_choices(space, [&](const model::GeneRow& gene, model::Side side, Choices& choices) {
        const std::string key = detail::choices_key(gene, side);
        const bool is_there =
            gene.is_required() ? gene.exists(side, space.super.has_encoder()) : map.contains(key);
        if (is_there) choices = map.integers(key);
        for (int& choice : choices) {
            if (!io::counts_attended_layers(gene)) continue;
            const int layers = io::attended_layers(choice);
            if (layers == 0) fail(map.address(key), "expected -1, 1 or 2, found ", choice);
            choice = layers;
        }
    });
    for (const model::ServingGene& gene : model::serving_table)
        if (const std::string key = detail::choices_key(gene); map.contains(key))
            choices_of(space, gene) = map.integers(key);
    for (int i = 0; i < space.super.decoder.layer_count; ++i)
        for (const int layers : space.decoder_attended_layers) {
            int& most =
                space.super.decoder.layer_shapes[static_cast<std::size_t>(i)].attended_layers;
            most = std::max(most, layers);
        }
    make_room_for_units(space);
    if (space.super.elastic_units && space.super.dextra_variant != nn::DExTraVariant::dextra)
        fail(map.address("dextra-variant"), "expected dextra where ",
             space.encoder_dextra_depths.empty() ? "decoder" : "encoder",
             "-dextra-depth-choice makes units elastic, found ",
             in_quotes(map.word("dextra-variant")));
    file.recipe = read_recipe(map);
    map.reject_unread();
    try {
        validate(space);
    } catch (const Error& error) {
        fail(where, ": ", error.what());
    }
    return file;
}

/// `file` as text that `design_space_from_yaml` reads back.
///
/// Throws  `Error` if the form cannot say what the space is: a super network whose layers differ,
///         or positions on one side only.
[[nodiscard]] inline std::string design_space_to_yaml(const DesignSpaceFile& file) {
    std::string text = recipe_to_yaml(file.recipe);
    if (!text.empty()) text += '\n';
    text += detail::super_to_yaml(file.space.super) + '\n';
    const auto list = [&text](const std::string& key, const Choices& choices, auto written) {
        if (choices.empty()) return;
        const auto at = [&](int i) { return written(choices[static_cast<std::size_t>(i)]); };
        text += key + ": " + io::detail::flow_list(static_cast<int>(choices.size()), at) + '\n';
    };
    for_each_choices(
        file.space, [&](const model::GeneRow& gene, model::Side side, const Choices& choices) {
            list(detail::choices_key(gene, side), choices, [&](int choice) {
                return io::counts_attended_layers(gene) ? io::published_attention(choice) : choice;
            });
        });
    for (const model::ServingGene& gene : model::serving_table)
        list(detail::choices_key(gene), choices_of(file.space, gene), [](int c) { return c; });
    if (design_space_from_yaml(text, "design space as YAML") != file)
        fail("design space: YAML cannot describe its super network, whose layers must be alike, "
             "with "
             "as many heads for self- as for cross-attention");
    return text;
}

/// Throws  `Error` as `design_space_from_yaml`, or if the file cannot be read.
[[nodiscard]] inline DesignSpaceFile read_design_space(const std::string& path) {
    constexpr std::size_t max_bytes = 1'000'000;
    return design_space_from_yaml(io::read_file(path, max_bytes), path);
}

/// Throws  `Error` as `design_space_to_yaml`, or if the file cannot be written.
inline void write_design_space(const std::string& path, const DesignSpaceFile& file) {
    io::write_file(path, design_space_to_yaml(file));
}

/// The space that a flag names: one that is built in, or a YAML file.
///
/// Throws  `Error` if it is neither, or as `read_design_space`.
[[nodiscard]] inline DesignSpaceFile find_design_space(const std::string& name_or_path) {
    if (is_built_in_space(name_or_path)) return {.space = built_in_space(name_or_path)};
    std::error_code error;
    if (!std::filesystem::exists(name_or_path, error))
        fail("design space ", readable(name_or_path),
             ": there is no such file, nor a space of that name (", built_in_space_names(), ")");
    return read_design_space(name_or_path);
}

}  // namespace hat::elastic
