// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Models of DeLighT's golden files (arXiv:2008.00623): settings in the metadata, parameters under
/// the reference's names, in its layouts.

#include <hat/core/error.hpp>
#include <hat/io/architecture_fields.hpp>
#include <hat/io/safetensors.hpp>
#include <hat/model/architecture.hpp>
#include <hat/model/delight.hpp>
#include <hat/model/network.hpp>

#include "support/reference.hpp"
#include "support/reference_model.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace hat::support {

namespace detail {

inline int thousandths(double multiplier) {
    return static_cast<int>(std::lround(multiplier * 1000));
}

/// Blocks of one side ("enc", "dec") as the metadata's plan lists them.
template <class Layer>
void delight_layers(const io::Json& plan, const io::Json& args, const std::string& side, int dim,
                    bool has_memory, Layer* layers, int& count) {
    count = static_cast<int>(plan.size());
    for (int i = 0; i < count; ++i) {
        const io::Json& block = plan.at(static_cast<std::size_t>(i));
        Layer& layer = layers[i];
        layer.ffn_dim = dim / args.at("delight_" + side + "_ffn_red").template get<int>();
        layer.heads = 1;
        layer.dextra_depth = block.at("N").template get<int>();
        layer.dextra_width = thousandths(block.at("w").template get<double>());
        layer.dextra_groups = args.at("delight_" + side + "_max_groups").template get<int>();
        if constexpr (requires { layer.cross_heads; }) {
            layer.cross_heads = has_memory ? 1 : 0;
            layer.attended_layers = has_memory ? 1 : 0;
        }
    }
}

}  // namespace detail

/// The network that a file's metadata describes.
///
/// Throws  `Error` if the library has no such network.
[[nodiscard]] inline model::Architecture delight_architecture(const io::SafetensorsFile& file) {
    const io::Json args = metadata_json(file, "args");
    const io::Json plan = metadata_json(file, "plan");
    const bool has_encoder = plan.contains("encoder") && !plan.at("encoder").empty();
    const int vocab = std::stoi(file.metadata("vocab"));
    const int dim = args.at("delight_emb_out_dim").get<int>();

    model::Architecture a;
    a.target_vocab_size = vocab;
    a.decoder.embed_dim = dim;
    a.qkv_dim = dim / 2;
    if (has_encoder) {
        a.source_vocab_size = vocab;
        a.encoder.embed_dim = dim;
        detail::delight_layers(plan.at("encoder"), args, "enc", dim, true,
                               a.encoder.layer_shapes.data(), a.encoder.layer_count);
    }
    detail::delight_layers(plan.at("decoder"), args, "dec", dim, has_encoder,
                           a.decoder.layer_shapes.data(), a.decoder.layer_count);
    a.sharing = args.value("share_all_embeddings", false) ? model::Sharing::all
                : args.value("share_decoder_input_output_embed", false)
                    ? model::Sharing::decoder_input_output
                    : model::Sharing::none;
    const bool pre = args.value("decoder_normalize_before", false);
    a.norm = pre ? model::Norm::pre : model::Norm::post;
    a.encoder.final_norm = pre && has_encoder;
    a.decoder.final_norm = pre && !args.value("no_decoder_final_norm", false);
    a.activation =
        io::parse_enum<Activation>(args.at("act_type").get<std::string>(), "golden model: act: ");
    if (args.value("define_iclr", false)) a.dextra_variant = nn::DExTraVariant::define;
    a.embedding.dim = args.at("delight_emb_map_dim").get<int>();
    a.embedding.dextra_depth = args.at("delight_emb_depth").get<int>();
    a.embedding.dextra_width = detail::thousandths(args.at("delight_emb_width_mult").get<double>());
    a.embedding.dextra_groups = args.at("delight_emb_max_groups").get<int>();
    a.embedding.unscaled = args.value("no_scale_embedding", false);
    if (args.contains("adaptive_softmax_cutoff") &&
        args.at("adaptive_softmax_cutoff").is_string()) {
        std::istringstream cutoffs(args.at("adaptive_softmax_cutoff").get<std::string>());
        a.adaptive.bands = 1;
        for (std::string number; std::getline(cutoffs, number, ',');)
            a.adaptive.cutoffs.at(static_cast<std::size_t>(a.adaptive.bands++ - 1)) =
                std::stoi(number);
        a.adaptive.factor = args.at("adaptive_softmax_factor").get<int>();
        if (args.value("adaptive_input", false)) a.sharing = model::Sharing::decoder_input_output;
    }
    validate(a);
    return a;
}

/// The settings of a file's translator as they stand in its metadata.
[[nodiscard]] inline model::DeLighTShape delight_shape(const io::SafetensorsFile& file) {
    const io::Json args = metadata_json(file, "args");
    const auto number = [&](const std::string& name) {
        return args.at("delight_" + name).get<int>();
    };
    const auto width = [&](const std::string& name) {
        return detail::thousandths(args.at("delight_" + name + "_width_mult").get<double>());
    };
    const auto side = [&](const std::string& name) -> model::DeLighTSide {
        return {.min_depth = number(name + "_min_depth"),
                .max_depth = number(name + "_max_depth"),
                .width_thousandths = width(name),
                .blocks = number(name + "_layers"),
                .ffn_reduction = number(name + "_ffn_red"),
                .max_groups = number(name + "_max_groups")};
    };
    const model::Architecture planned = delight_architecture(file);
    return {.embed_dim = number("emb_out_dim"),
            .encoder = side("enc"),
            .decoder = side("dec"),
            .embedding_dim = number("emb_map_dim"),
            .embedding_depth = number("emb_depth"),
            .embedding_width_thousandths = width("emb"),
            .embedding_max_groups = number("emb_max_groups"),
            .variant = planned.dextra_variant,
            .activation = planned.activation,
            .sharing = planned.sharing};
}

/// Tensors of a file under the names and in the layouts of the library.
class DeLighTTensors {
public:
    /// `prefix` is "param.", "grad.", …; a file of a single block lacks `without` in names.
    DeLighTTensors(const io::SafetensorsFile& file, std::string prefix, std::string without = {})
        : file_(file), prefix_(std::move(prefix)), without_(std::move(without)) {}

    /// The tensor that is called `name` in the library.
    [[nodiscard]] std::vector<double> operator()(const std::string& name) const {
        if (const auto end = name.rfind("encoder_attn.in_proj_"); end != name.npos) {
            const std::string attention = name.substr(0, end) + "encoder_attn.linear_";
            const std::string kind = name.ends_with("weight") ? ".weights" : ".bias";
            std::vector<double> joined = read(attention + "q" + kind);
            const std::vector<double> rest = read(attention + "kv" + kind);
            joined.insert(joined.end(), rest.begin(), rest.end());
            return joined;
        }
        return read(reference_name(name));
    }

private:
    static void replace(std::string& text, const std::string& from, const std::string& to) {
        if (const auto at = text.find(from); at != text.npos) text.replace(at, from.size(), to);
    }

    [[nodiscard]] static std::string reference_name(std::string name) {
        if (name == "decoder.embed_out") return "decoder.embed_out.weights";
        if (name.ends_with("embed_tokens.weight")) {
            replace(name, "embed_tokens.weight", "embed_tokens.map_layer.weight");
            return name;
        }
        if (name.find(".adaptive_softmax.") != name.npos) return name;
        if (const auto at = name.find("embed_tokens.");
            at != name.npos && name.find(".dextra_layer.") == name.npos)
            return name.insert(at + std::string("embed_tokens.").size(), "map_layer.");
        if (name.starts_with("decoder.layers.")) replace(name, "dextra_layer.", "dextra_layer_sa.");
        replace(name, "self_attn.in_proj_weight", "self_attn.linear_kqv.weight");
        replace(name, "self_attn.in_proj_bias", "self_attn.linear_kqv.bias");
        const bool is_norm =
            name.find("_norm.") != name.npos || name.find("normalization_fn.") != name.npos;
        if (!is_norm && name.ends_with(".weight")) name += 's';
        return name;
    }

    [[nodiscard]] std::vector<double> read(const std::string& name) const {
        const std::size_t begin = name.starts_with(without_) ? without_.size() : 0;
        const io::TensorView& tensor = file_.tensor(prefix_ + name.substr(begin));
        const float* const from = reinterpret_cast<const float*>(tensor.bytes.data());
        std::vector<double> values(from, from + tensor.size());
        if (tensor.shape.size() != 3 || !name.ends_with("weights")) return values;
        // [groups, inputs / groups, outputs / groups] → [outputs, inputs / groups]
        const auto groups = static_cast<std::size_t>(tensor.shape[0]);
        const auto inputs = static_cast<std::size_t>(tensor.shape[1]);
        const auto outputs = static_cast<std::size_t>(tensor.shape[2]);
        for (std::size_t g = 0; g < groups; ++g)
            for (std::size_t i = 0; i < inputs; ++i)
                for (std::size_t o = 0; o < outputs; ++o)
                    values[(g * outputs + o) * inputs + i] =
                        static_cast<double>(from[(g * inputs + i) * outputs + o]);
        return values;
    }

    const io::SafetensorsFile& file_;
    std::string prefix_;
    std::string without_;
};

/// Gives one tensor of `network` its values.
///
/// Throws  `Error` if it is missing or of another size.
inline void load_delight(const DeLighTTensors& tensors, const TensorTable::Entry& entry,
                         model::Network& network) {
    const std::vector<double> values = tensors(entry.name);
    if (values.size() != static_cast<std::size_t>(entry.size()))
        fail("golden model: ", entry.name, " has ", values.size(), " values, expected ",
             entry.size());
    std::transform(values.begin(), values.end(), network.values().matrix(entry).data(),
                   [](double x) { return static_cast<float>(x); });
}

/// Gives `network` the parameters of a file.
inline void load_delight(const DeLighTTensors& tensors, model::Network& network) {
    for (const auto& entry : network.table()) load_delight(tensors, entry, network);
}

}  // namespace hat::support
