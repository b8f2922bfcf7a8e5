// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Checkpoints as the reference implementation would have written them.

#include <hat/io/json.hpp>
#include <hat/io/safetensors.hpp>
#include <hat/io/slab.hpp>
#include <hat/model/network.hpp>
#include <hat/model/presets.hpp>

#include "support/reference_model.hpp"
#include "support/torch_file.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <string>

namespace hat::support {

/// Puts a value into a pickle as Python has it.
inline void write_json(PickleWriter& pickle, const io::Json& value) {
    if (value.is_boolean())
        pickle.boolean(value.get<bool>());
    else if (value.is_number_integer())
        pickle.integer(value.get<std::int64_t>());
    else if (value.is_number())
        pickle.real(value.get<double>());
    else if (value.is_string())
        pickle.text(value.get<std::string>());
    else if (value.is_array()) {
        pickle.op("](");
        for (const io::Json& item : value) write_json(pickle, item);
        pickle.op("e");
    } else if (value.is_object()) {
        pickle.op("}(");
        for (const auto& [name, item] : value.items()) {
            pickle.text(name);
            write_json(pickle, item);
        }
        pickle.op("u");
    } else {
        pickle.none();
    }
}

/// The names that settings of a SubTransformer have in `args`, for those of a golden `config`.
[[nodiscard]] inline io::Json sub_transformer_arguments(const io::Json& config) {
    io::Json arguments = {{"train_subtransformer", true}};
    const auto copy = [&](const char* side, const std::string& name, const std::string& suffix) {
        arguments[name + suffix] = config.at(side).at(name);
    };
    for (const std::string side : {"encoder", "decoder"}) {
        copy(side.c_str(), side + "_embed_dim", "_subtransformer");
        copy(side.c_str(), side + "_layer_num", "_subtransformer");
        copy(side.c_str(), side + "_ffn_embed_dim", "_all_subtransformer");
        copy(side.c_str(), side + "_self_attention_heads", "_all_subtransformer");
    }
    copy("decoder", "decoder_ende_attention_heads", "_all_subtransformer");
    copy("decoder", "decoder_arbitrary_ende_attn", "_all_subtransformer");
    return arguments;
}

/// Settings of a small SuperTransformer, as the reference keeps them.
[[nodiscard]] inline io::Json some_arguments() {
    return {{"arch", "transformersuper_wmt_en_de"},
            {"encoder_embed_dim", 8},
            {"decoder_embed_dim", 8},
            {"encoder_ffn_embed_dim", 12},
            {"decoder_ffn_embed_dim", 12},
            {"encoder_layers", 2},
            {"decoder_layers", 2},
            {"encoder_attention_heads", 4},
            {"decoder_attention_heads", 4},
            {"qkv_dim", 8},
            {"share_all_embeddings", true},
            {"adaptive_softmax_cutoff", nullptr},
            {"decoder_arbitrary_ende_attn_choice", {-1, 1, 2}}};
}

/// The network that they describe: of a choice of three attended layers there are two.
[[nodiscard]] inline model::Architecture some_architecture() {
    return model::uniform({.encoder_layers = 2,
                           .decoder_layers = 2,
                           .embed_dim = 8,
                           .ffn_dim = 12,
                           .heads = 4,
                           .attended_layers = 2},
                          10, 10);
}

/// A checkpoint with these settings and the weights of `network`; the versions of its modules are
/// 3, as the reference writes them.
[[nodiscard]] inline TorchFile reference_checkpoint(TorchContainer container,
                                                    const io::Json& arguments,
                                                    const model::Network& network) {
    constexpr std::array version{3.0F};
    TorchFile file(container);
    PickleWriter& pickle = file.pickle();
    pickle.op("}(").text("args").global("argparse", "Namespace").op(")\x81");
    write_json(pickle, arguments);
    pickle.op("b").text("model").global("collections", "OrderedDict").op(")R(");
    for (const char* side : {"encoder", "decoder"}) {
        pickle.text(side + std::string(".version"));
        file.floats({1}, version);
    }
    for (const auto& entry : network.table()) {
        const int storage =
            file.storage<float>("FloatStorage", std::span(network.values().data() + entry.offset,
                                                          static_cast<std::size_t>(entry.size())));
        const auto shape = io::stored_shape(entry);
        const auto strides = shape.size() == 1 ? std::vector<std::int64_t>{1}
                                               : std::vector<std::int64_t>{shape[1], 1};
        pickle.text(entry.name);
        file.tensor(storage, 0, shape, strides);
        if (network.architecture().sharing != model::Sharing::all ||
            entry.name != "encoder.embed_tokens.weight")
            continue;
        pickle.text("decoder.embed_tokens.weight");
        file.tensor(storage, 0, shape, strides);
    }
    pickle.op("uu");
    return file;
}

/// Writes the network of a golden model file as the checkpoint of the SubTransformer `config`.
inline void write_reference_checkpoint(const std::string& path, TorchContainer container,
                                       const io::SafetensorsFile& file,
                                       const model::Network& network, const io::Json& config) {
    io::Json arguments = metadata_json(file, "super");
    if (file.metadata().count("options") > 0) arguments.update(metadata_json(file, "options"));
    arguments["arch"] = "transformersuper_wmt_en_de";
    arguments["share_all_embeddings"] = file.metadata("share_all_embeddings") == "true";
    arguments["decoder_arbitrary_ende_attn_choice"] = {-1, 1, 2};
    arguments.update(sub_transformer_arguments(config));
    reference_checkpoint(container, arguments, network).write(path);
}

}  // namespace hat::support
