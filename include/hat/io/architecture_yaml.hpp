// SPDX-License-Identifier: Apache-2.0
// Needs: yaml-cpp
#pragma once

#include <hat/core/error.hpp>
#include <hat/io/architecture_fields.hpp>
#include <hat/io/atomic_file.hpp>
#include <hat/io/yaml.hpp>
#include <hat/model/architecture.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <type_traits>
#include <vector>

/// Two forms of an architecture as YAML.
///
/// *Ours* has every field of `Architecture`, words joined by hyphens; what has a default may be
/// left out, and one number may stand for all layers. Without vocabulary sizes, the caller fills
/// them in from the data.
///
///     encoder-layers: 4
///     decoder-layers: 4
///     encoder-embed-dim: 128
///     decoder-embed-dim: 128
///     qkv-dim: 128
///     encoder-ffn-dims: 256
///     encoder-heads: [4, 4, 4, 4]
///     …
///
/// The *published* form of HAT (arXiv:2005.14187) has ten keys that end in `-subtransformer` and
/// choose a SubTransformer; the rest comes from its super network.
namespace hat::io {

namespace detail {

/// "encoder_ffn_dims" → "encoder-ffn-dims".
[[nodiscard]] inline std::string yaml_key(std::string_view name) {
    std::string key(name);
    std::replace(key.begin(), key.end(), '_', '-');
    return key;
}

/// "[1, 2, 3]": `count` numbers, the i-th being at(i).
template <class At>
[[nodiscard]] std::string flow_list(int count, At at) {
    std::string text = "[";
    for (int i = 0; i < count; ++i) {
        if (i > 0) text += ", ";
        text += std::to_string(at(i));
    }
    return text + "]";
}

struct YamlFieldWriter {
    std::string text;

    template <class T>
    void value(const char* name, const T& x) {
        text += yaml_key(name) + ": ";
        if constexpr (std::is_enum_v<T>)
            text += enum_word(x);
        else if constexpr (std::is_same_v<T, bool>)
            text += x ? "true" : "false";
        else
            text += std::to_string(x);
        text += '\n';
    }
    template <class T>
    void option(const char* name, const T& x) {
        value(name, x);
    }
    template <class At>
    void layers(const char* name, int count, At at) {
        text += yaml_key(name) + ": " + flow_list(count, at) + '\n';
    }
    template <class At>
    void layer_options(const char* name, int count, At at) {
        if (any_layer(count, at)) layers(name, count, at);
    }
    [[nodiscard]] std::string address(const char* name) const {
        return "architecture: " + yaml_key(name) + ": ";
    }
};

struct YamlFieldReader {
    const YamlMap& map;

    template <class T>
    void value(const char* name, T& x) {
        const std::string key = yaml_key(name);
        if constexpr (std::is_enum_v<T>)
            x = parse_enum<T>(map.word(key), map.address(key));
        else if constexpr (std::is_same_v<T, bool>)
            x = map.flag(key);
        else
            x = map.integer(key);
    }
    template <class T>
    void option(const char* name, T& x) {
        if (map.contains(yaml_key(name))) value(name, x);
    }
    template <class At>
    void layers(const char* name, int count, At at) {
        const std::vector<int> values = map.integers(yaml_key(name), count);
        for (int i = 0; i < count; ++i) at(i) = values[static_cast<std::size_t>(i)];
    }
    template <class At>
    void layer_options(const char* name, int count, At at) {
        if (map.contains(yaml_key(name))) layers(name, count, at);
    }
    [[nodiscard]] std::string address(const char* name) const {
        return map.address(yaml_key(name));
    }
};

/// The number of last encoder layers that the published value −1, 1 or 2 stands for.
[[nodiscard]] inline int attended_layers(int published, const std::string& address) {
    if (published != -1 && published != 1 && published != 2)
        fail(address, "expected -1, 1 or 2, found ", published);
    return published == -1 ? 1 : published + 1;
}

[[nodiscard]] constexpr int published_attention(int attended_layers) noexcept {
    return attended_layers == 1 ? -1 : attended_layers - 1;
}

/// The first `count` values of a published list, which may be longer.
[[nodiscard]] inline std::vector<int> published_list(const YamlMap& map, const char* key,
                                                     int count) {
    std::vector<int> values = map.integers(key);
    if (values.size() < static_cast<std::size_t>(count))
        fail(map.address(key), "expected at least ", count, " values, one a layer, found ",
             values.size());
    values.resize(static_cast<std::size_t>(count));
    return values;
}

[[nodiscard]] inline int published_layers(const YamlMap& map, const char* key) {
    const int layers = map.integer(key);
    if (layers < 1 || layers > model::max_layers)
        fail(map.address(key), layers, " is not in 1 … ", model::max_layers);
    return layers;
}

}  // namespace detail

/// The architecture in our form of YAML.
[[nodiscard]] inline std::string architecture_to_yaml(const model::Architecture& architecture) {
    detail::YamlFieldWriter writer;
    visit_fields(architecture, writer);
    return writer.text;
}

/// The architecture that `text`, in our form, describes. It may lack vocabulary sizes, so it is not
/// yet validated. `where` begins messages.
///
/// Throws  `Error` naming line and key of what is missing, unknown or of the wrong kind.
[[nodiscard]] inline model::Architecture architecture_from_yaml(const std::string& text,
                                                                const std::string& where) {
    const YamlMap map = YamlMap::parse(text, where);
    model::Architecture architecture;
    detail::YamlFieldReader reader{map};
    visit_fields(architecture, reader);
    map.reject_unread();
    return architecture;
}

/// A SubTransformer in the published form, to the letter of the reference's search program.
/// Precondition: the architecture has an encoder.
[[nodiscard]] inline std::string published_to_yaml(const model::Architecture& architecture) {
    const int encoder_layers = architecture.encoder_layer_count;
    const int decoder_layers = architecture.decoder_layer_count;
    const auto encoder = [&](auto member) {
        return detail::flow_list(encoder_layers, [&](int i) {
            return architecture.encoder_layer_shapes[static_cast<std::size_t>(i)].*member;
        });
    };
    const auto decoder = [&](auto member) {
        return detail::flow_list(decoder_layers, [&](int i) {
            return architecture.decoder_layer_shapes[static_cast<std::size_t>(i)].*member;
        });
    };
    const std::string attention = detail::flow_list(decoder_layers, [&](int i) {
        return detail::published_attention(
            architecture.decoder_layer_shapes[static_cast<std::size_t>(i)].attended_layers);
    });
    using model::DecoderLayerShape;
    using model::EncoderLayerShape;
    std::string text;
    const auto line = [&](const char* key, const std::string& value) {
        ((text += key) += ": ") += value + '\n';
    };
    line("encoder-embed-dim-subtransformer", std::to_string(architecture.encoder_embed_dim));
    line("decoder-embed-dim-subtransformer", std::to_string(architecture.decoder_embed_dim));
    text += '\n';
    line("encoder-ffn-embed-dim-all-subtransformer", encoder(&EncoderLayerShape::ffn_dim));
    line("decoder-ffn-embed-dim-all-subtransformer", decoder(&DecoderLayerShape::ffn_dim));
    text += '\n';
    line("encoder-layer-num-subtransformer", std::to_string(encoder_layers));
    line("decoder-layer-num-subtransformer", std::to_string(decoder_layers));
    text += '\n';
    line("encoder-self-attention-heads-all-subtransformer", encoder(&EncoderLayerShape::heads));
    line("decoder-self-attention-heads-all-subtransformer", decoder(&DecoderLayerShape::heads));
    line("decoder-ende-attention-heads-all-subtransformer",
         decoder(&DecoderLayerShape::cross_heads));
    text += '\n';
    line("decoder-arbitrary-ende-attn-all-subtransformer", attention);
    return text + '\n';
}

/// The SubTransformer of `super` that `text`, in the published form, chooses. `where` begins
/// messages. Like `super`, it may lack vocabulary sizes.
///
/// Throws  `Error` naming line and key of what is missing, unknown or of the wrong kind, or if
///         `super` does not hold it.
[[nodiscard]] inline model::Architecture published_from_yaml(const std::string& text,
                                                             const std::string& where,
                                                             const model::Architecture& super) {
    const YamlMap map = YamlMap::parse(text, where);
    model::Architecture genes;
    genes.encoder_embed_dim = map.integer("encoder-embed-dim-subtransformer");
    genes.decoder_embed_dim = map.integer("decoder-embed-dim-subtransformer");
    genes.encoder_layer_count = detail::published_layers(map, "encoder-layer-num-subtransformer");
    genes.decoder_layer_count = detail::published_layers(map, "decoder-layer-num-subtransformer");
    const auto list = [&](const char* key, int count, auto& shapes, auto member) {
        const std::vector<int> values = detail::published_list(map, key, count);
        for (std::size_t i = 0; i < values.size(); ++i) shapes[i].*member = values[i];
    };
    using model::DecoderLayerShape;
    using model::EncoderLayerShape;
    auto& encoder = genes.encoder_layer_shapes;
    auto& decoder = genes.decoder_layer_shapes;
    list("encoder-ffn-embed-dim-all-subtransformer", genes.encoder_layer_count, encoder,
         &EncoderLayerShape::ffn_dim);
    list("decoder-ffn-embed-dim-all-subtransformer", genes.decoder_layer_count, decoder,
         &DecoderLayerShape::ffn_dim);
    list("encoder-self-attention-heads-all-subtransformer", genes.encoder_layer_count, encoder,
         &EncoderLayerShape::heads);
    list("decoder-self-attention-heads-all-subtransformer", genes.decoder_layer_count, decoder,
         &DecoderLayerShape::heads);
    list("decoder-ende-attention-heads-all-subtransformer", genes.decoder_layer_count, decoder,
         &DecoderLayerShape::cross_heads);
    constexpr const char* attention = "decoder-arbitrary-ende-attn-all-subtransformer";
    list(attention, genes.decoder_layer_count, decoder, &DecoderLayerShape::attended_layers);
    for (int i = 0; i < genes.decoder_layer_count; ++i) {
        int& layers = decoder[static_cast<std::size_t>(i)].attended_layers;
        layers = detail::attended_layers(layers, map.address(attention));
    }
    map.reject_unread();

    const model::Architecture sub = sub_architecture(genes, super);
    model::Architecture complete = sub;
    for (int* size : {&complete.source_vocab_size, &complete.target_vocab_size})
        if (*size == 0) *size = 1;
    try {
        validate_fits_in(sub, super);
        validate(complete);
    } catch (const Error& error) {
        fail(where, ": ", error.what());
    }
    return sub;
}

/// The architecture in the file at `path`, in either form; the published one needs `super`. It may
/// lack vocabulary sizes.
///
/// Throws  `Error` as `architecture_from_yaml` and `published_from_yaml`, or if the file cannot be
/// read.
[[nodiscard]] inline model::Architecture
read_architecture_yaml(const std::string& path, const model::Architecture* super = nullptr) {
    const std::string text = read_file(path);  // once: it may be a pipe
    if (!YamlMap::parse(text, path).contains("encoder-embed-dim-subtransformer"))
        return architecture_from_yaml(text, path);
    if (super == nullptr)
        fail(path, ": is a SubTransformer in the published form, which needs its super network");
    return published_from_yaml(text, path, *super);
}

}  // namespace hat::io
