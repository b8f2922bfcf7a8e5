// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/io/json.hpp>
#include <hat/io/safetensors.hpp>
#include <hat/model/network.hpp>

#include "support/bits_hash.hpp"
#include "support/delight_model.hpp"
#include "support/golden_files.hpp"
#include "support/reference_model.hpp"
#include "support/toy_model.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace hat::support {

/// A translator of a golden file.
struct GoldenNetwork {
    model::Network network;
    std::vector<model::Architecture> subs;  ///< some of its SubTransformers, or all of it
    OwnedSources sentences;                 ///< which the reference implementation was given
};

namespace detail {

inline OwnedSources stored_sentences(const io::SafetensorsFile& file, const std::string& name) {
    const Sentences stored(file, name);
    OwnedSources sentences;
    for (int s = 0; s < stored.ragged().sentences(); ++s)
        sentences.push_back(
            stored.tokens().subspan(static_cast<std::size_t>(stored.ragged().begin(s)),
                                    static_cast<std::size_t>(stored.ragged().length(s))));
    return sentences;
}

inline GoldenNetwork hat_network(const io::SafetensorsFile& file) {
    GoldenNetwork golden{reference_network(file, "param/"), {}, {}};
    for (const io::Json& config : metadata_json(file, "configs"))
        if (golden.subs.size() < 3)
            golden.subs.push_back(reference_sub(config, golden.network.architecture()));
    golden.sentences = stored_sentences(file, "src_tokens");
    return golden;
}

inline GoldenNetwork delight_network(const io::SafetensorsFile& file) {
    GoldenNetwork golden{model::Network(delight_architecture(file)), {}, {}};
    load_delight(DeLighTTensors(file, "param."), golden.network);
    golden.subs.push_back(golden.network.architecture());
    golden.sentences = stored_sentences(file, "in.src_tokens");
    return golden;
}

}  // namespace detail

/// The translators of the golden files, among them a trained one of each toolkit; where files are
/// not there, says so.
///
/// Throws  as `golden_files`
[[nodiscard]] inline std::vector<GoldenNetwork> golden_networks() {
    std::vector<GoldenNetwork> networks;
    const auto add = [&](const char* kind, GoldenNetwork (*read)(const io::SafetensorsFile&)) {
        for (const auto& path : golden_files(kind))
            networks.push_back(read(io::SafetensorsFile::open(path.string())));
    };
    add("hat/beam*.safetensors", detail::hat_network);
    add("hat/model_*.safetensors", detail::hat_network);
    add("delight/d_*.safetensors", detail::delight_network);
    add("delight/g_beam_*.safetensors", detail::delight_network);
    add("delight/i_nmt_*.safetensors", detail::delight_network);
    return networks;
}

/// A hash of what the files gave.
[[nodiscard]] inline std::uint64_t hash_of(const std::vector<GoldenNetwork>& networks) {
    BitsHash hash;
    for (const GoldenNetwork& golden : networks) {
        for (const auto& entry : golden.network.table())
            hash.add(golden.network.values().matrix(entry));
        for (const int token : golden.sentences.tokens) hash.add(static_cast<std::uint64_t>(token));
    }
    return hash.value();
}

}  // namespace hat::support
