// SPDX-License-Identifier: Apache-2.0
#include <hat/io/architecture_yaml.hpp>
#include <hat/io/json.hpp>
#include <hat/io/text_file.hpp>
#include <hat/model/counts.hpp>
#include <hat/model/presets.hpp>

#include "support/golden.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <string>

using namespace hat::io;
using hat::model::Architecture;

namespace {

/// `count` as the README prints it: in units of `unit`, with two decimals.
std::string printed(double count, double unit) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.2f", count / unit);
    return text.data();
}

/// The super network of a published model, with one word a vocabulary: counts leave those out.
Architecture super_network(const Json& settings, const std::string& where) {
    const auto get = [&](const char* key) { return json_get<int>(settings, key, where); };
    Architecture super = hat::model::uniform({.encoder_layers = get("encoder_layers"),
                                              .decoder_layers = get("decoder_layers"),
                                              .embed_dim = get("encoder_embed_dim"),
                                              .ffn_dim = get("encoder_ffn_embed_dim"),
                                              .heads = get("encoder_attention_heads"),
                                              .qkv_dim = get("qkv_dim"),
                                              .attended_layers = 3},
                                             1, 1);
    super.decoder.embed_dim = get("decoder_embed_dim");
    for (int i = 0; i < super.decoder.layer_count; ++i)
        super.decoder.layer_shapes[static_cast<std::size_t>(i)].ffn_dim =
            get("decoder_ffn_embed_dim");
    return super;
}

}  // namespace

TEST_SUITE("golden/published_models") {
    TEST_CASE("parameters and FLOPs of every published model equal the README's") {
        hat::support::Golden golden("hat_published_models.json");
        for (const auto& path : golden.files()) {
            const Json models = parse_json(read_file(path.string()), path.string());
            std::size_t values = 0;
            for (const Json& model : models) {
                const auto name = json_get<std::string>(model, "name", path.string());
                CAPTURE(name);
                const Architecture super =
                    super_network(json_field(model, "super", name), name + ": super");
                // JSON is YAML too, so the model is read as the published file would be.
                const std::string yaml = json_field(model, "config", name).dump();
                const Architecture sub = published_from_yaml(yaml, name, super);
                CHECK(published_from_yaml(published_to_yaml(sub), name, super) == sub);

                const std::int64_t parameters = layer_parameters(sub);
                const std::int64_t flops =
                    published_flops(sub, json_get<int>(model, "seq_len", name));
                CHECK(parameters == json_get<std::int64_t>(model, "params_exact", name));
                CHECK(flops == json_get<std::int64_t>(model, "flops_exact", name));
                CHECK(printed(static_cast<double>(parameters), 1e6) ==
                      printed(json_get<double>(model, "params_m", name), 1));
                CHECK(printed(static_cast<double>(flops), 1e9) ==
                      printed(json_get<double>(model, "flops_g", name), 1));
                values += 4;
            }
            golden.add(path, values);
        }
    }
}
