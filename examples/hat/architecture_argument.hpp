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

#include <functional>
#include <string>
#include <vector>

namespace hat::program {

/// The vocabulary size where neither a flag, a file nor a preset says one.
inline constexpr int usual_vocab_size = 32768;

/// An architecture and the name that asks for it.
struct Preset {
    std::string name;
    std::function<model::Architecture(int vocab_size)> make;
    int vocab_size = usual_vocab_size;  ///< where no flag says one
};

/// All that have a name: those of DeLighT for the widths that were published.
inline const std::vector<Preset>& presets() {
    static const std::vector<Preset> all = [] {
        std::vector<Preset> named{{"tiny", model::transformer_tiny},
                                  {"base", model::transformer_base},
                                  {"big", model::transformer_big},
                                  {"tiny-lm", model::transformer_tiny_lm},
                                  {"delight-small", model::delight_small}};
        for (const int width : {128, 256, 384, 512, 640}) {
            named.push_back({"delight-" + std::to_string(width),
                             [width](int v) { return model::delight_wmt(width, v); }});
            named.push_back({"delight-iwslt-" + std::to_string(width),
                             [width](int v) { return model::delight_iwslt(width, v, v); }});
        }
        for (const int width : {128, 256, 384, 512, 1024})
            named.push_back({"delight-wikitext103-" + std::to_string(width),
                             [width](int v) { return model::delight_wikitext103(width, v); },
                             model::wikitext103_vocab_size});
        return named;
    }();
    return all;
}

/// The preset of that name; null if there is none.
inline const Preset* find_preset(const std::string& name) {
    for (const Preset& preset : presets())
        if (preset.name == name) return &preset;
    return nullptr;
}

/// All names, ", " between them.
inline std::string preset_names() {
    std::string names;
    for (const Preset& preset : presets()) names += (names.empty() ? "" : ", ") + preset.name;
    return names;
}

/// The vocabulary size of a preset, or the usual one, where no flag says one.
inline int vocab_size_of(const std::string& name) {
    const Preset* const preset = find_preset(name);
    return preset ? preset->vocab_size : usual_vocab_size;
}

/// The architecture that a flag names: a YAML file or a preset. Vocabulary sizes that a file leaves
/// out are `vocab_size`.
///
/// Throws  `Error` if it is neither, or describes no network that can be built.
inline model::Architecture architecture_argument(const std::string& name, int vocab_size) {
    if (const Preset* const preset = find_preset(name)) {
        model::Architecture architecture;
        fail_with_place([&] { architecture = preset->make(vocab_size); }, "--architecture ", name,
                        " with a vocabulary of ", vocab_size);
        return architecture;
    }
    if (!io::exists(name)) {
        fail("--architecture ", readable(name),
             ": there is no such file, nor a preset of that name (", preset_names(), ")");
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
