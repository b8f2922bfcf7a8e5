// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/io/architecture_yaml.hpp>
#include <hat/io/file_status.hpp>
#include <hat/io/text_file.hpp>
#include <hat/model/architecture.hpp>
#include <hat/model/delight.hpp>
#include <hat/model/presets.hpp>

#include <array>
#include <optional>
#include <string>

namespace hat::program {

/// What DeLighT's translators, and its language models, were published with.
inline constexpr std::array delight_widths{128, 256, 384, 512, 640};
inline constexpr std::array delight_lm_widths{128, 256, 384, 512, 1024};

/// What has a name; N is a width that was published for DeLighT's translators of WMT and IWSLT'14
/// or for its language models.
inline constexpr const char* architecture_names =
    "tiny, base, big, delight-small, delight-N or delight-iwslt-N (N: 128, 256, 384, 512, 640), "
    "tiny-lm, delight-wikitext103-N (N: 128, 256, 384, 512, 1024)";

/// The preset of that name; none if there is none.
///
/// Throws  `Error` if it cannot be built with that vocabulary.
inline std::optional<model::Architecture> find_preset(const std::string& name, int vocab_size) {
    if (name == "tiny") return model::transformer_tiny(vocab_size);
    if (name == "base") return model::transformer_base(vocab_size);
    if (name == "big") return model::transformer_big(vocab_size);
    if (name == "tiny-lm") return model::transformer_tiny_lm(vocab_size);
    if (name == "delight-small") return model::delight_small(vocab_size);
    for (const int width : delight_widths) {
        if (name == "delight-" + std::to_string(width))
            return model::delight_wmt(width, vocab_size);
        if (name == "delight-iwslt-" + std::to_string(width))
            return model::delight_iwslt(width, vocab_size, vocab_size);
    }
    for (const int width : delight_lm_widths)
        if (name == "delight-wikitext103-" + std::to_string(width))
            return model::delight_wikitext103(width, vocab_size);
    return std::nullopt;
}

/// All names in full, ", " between them.
inline std::string preset_names() {
    std::string names = "tiny, base, big, tiny-lm, delight-small";
    for (const int width : delight_widths) names += ", delight-" + std::to_string(width);
    for (const int width : delight_widths) names += ", delight-iwslt-" + std::to_string(width);
    for (const int width : delight_lm_widths)
        names += ", delight-wikitext103-" + std::to_string(width);
    return names;
}

/// The vocabulary size where neither a flag nor a file says one. WikiText-103's networks have bands
/// for the words that they were published with.
inline int usual_vocab_size(const std::string& name) {
    constexpr int usual = 32768;
    return name.starts_with("delight-wikitext103-") ? model::wikitext103_vocab_size : usual;
}

inline bool is_preset(const std::string& name) {
    return find_preset(name, usual_vocab_size(name)).has_value();
}

/// The architecture that a flag names: a YAML file or a preset. Vocabulary sizes that a file leaves
/// out are `vocab_size`.
///
/// Throws  `Error` if it is neither, or describes no network that can be built.
inline model::Architecture architecture_argument(const std::string& name, int vocab_size) {
    std::optional<model::Architecture> preset;
    fail_with_place([&] { preset = find_preset(name, vocab_size); }, "--architecture ", name,
                    " with a vocabulary of ", vocab_size);
    if (preset) return *preset;
    if (!io::exists(name)) {
        fail("--architecture ", readable(name),
             ": there is no such file, nor a preset of that name (", architecture_names, ")");
    }
    auto architecture = io::architecture_from_yaml(io::read_file(name), name);
    if (architecture.source_vocab_size == 0 && architecture.has_encoder()) {
        architecture.source_vocab_size = vocab_size;
    }
    if (architecture.target_vocab_size == 0) architecture.target_vocab_size = vocab_size;
    try {
        validate(architecture);
    } catch (const Error& error) {
        fail(name, ": ", error.what());
    }
    return architecture;
}

}  // namespace hat::program
