// SPDX-License-Identifier: Apache-2.0
// Needs: yaml-cpp
#pragma once

#include <hat/core/error.hpp>
#include <hat/io/architecture_fields.hpp>
#include <hat/io/atomic_file.hpp>
#include <hat/io/yaml.hpp>
#include <hat/model/architecture.hpp>
#include <hat/model/genes.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
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
    void value(const char* name, const T& x, bool /*is_required*/ = true) {
        text += yaml_key(name) + ": ";
        if constexpr (std::is_enum_v<T>)
            text += enum_word(x);
        else if constexpr (std::is_same_v<T, bool>)
            text += x ? "true" : "false";
        else
            text += std::to_string(x);
        text += '\n';
    }
    template <class At>
    void layers(const char* name, int count, At at, bool is_required = true) {
        if (!is_required && !any_layer(count, at)) return;
        text += yaml_key(name) + ": " + flow_list(count, at) + '\n';
    }
    [[nodiscard]] std::string address(const char* name) const {
        return "architecture: " + yaml_key(name) + ": ";
    }
};

struct YamlFieldReader {
    const YamlMap& map;

    template <class T>
    void value(const char* name, T& x, bool is_required = true) {
        const std::string key = yaml_key(name);
        if (!is_required && !map.contains(key)) return;
        if constexpr (std::is_enum_v<T>)
            x = parse_enum<T>(map.word(key), map.address(key));
        else if constexpr (std::is_same_v<T, bool>)
            x = map.flag(key);
        else
            x = map.integer(key);
    }
    template <class At>
    void layers(const char* name, int count, At at, bool is_required = true) {
        if (!is_required && !map.contains(yaml_key(name))) return;
        const std::vector<int> values = map.integers(yaml_key(name), count);
        for (int i = 0; i < count; ++i) at(i) = values[static_cast<std::size_t>(i)];
    }
    [[nodiscard]] std::string address(const char* name) const {
        return map.address(yaml_key(name));
    }
};

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
    std::string text;
    for (const model::GeneRow& gene : model::gene_table) {
        if (gene.published.empty()) continue;
        for (const model::Side side : model::sides) {
            if (gene.name(side).empty()) continue;
            const auto at = [&](int i) {
                const int value = gene.of(architecture, side, i);
                return counts_attended_layers(gene) ? published_attention(value) : value;
            };
            text += published_key(gene, side, '-') + ": " +
                    (gene.is_of_layers() ? detail::flow_list(layer_count(architecture, side), at)
                                         : std::to_string(at(-1))) +
                    '\n';
        }
        if (gene.published != "self-attention-heads") text += '\n';  // the other heads follow
    }
    return text;
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
    const model::Architecture genes = published_genes(
        map, '-', [&](const std::string& key, PublishedFault fault, int found, int layers) {
            const std::string address = map.address(key);
            if (fault == PublishedFault::layer_count)
                fail(address, found, " is not in 1 … ", model::max_layers);
            if (fault == PublishedFault::attention)
                fail(address, "expected -1, 1 or 2, found ", found);
            fail(address, "expected at least ", layers, " values, one a layer, found ", found);
        });
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
