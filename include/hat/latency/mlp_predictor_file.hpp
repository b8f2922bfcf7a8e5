// SPDX-License-Identifier: Apache-2.0
// Needs: nlohmann-json
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/io/json.hpp>
#include <hat/io/safetensors.hpp>
#include <hat/io/slab.hpp>
#include <hat/latency/features.hpp>
#include <hat/latency/mlp_predictor.hpp>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace hat::latency {

namespace detail {

/// The features that the file names, or the published ten.
[[nodiscard]] inline std::vector<MlpInput> named_inputs(const io::SafetensorsFile& file,
                                                        const std::string& path) {
    std::vector<MlpInput> inputs;
    if (const auto named = file.metadata().find("features"); named != file.metadata().end()) {
        const std::string where = path + ": features";
        const auto names = io::parse_json(named->second, where);
        if (!names.is_array()) fail(where, ": expected an array, found ", names.type_name());
        for (const auto& json : names) {
            const auto name = io::json_as<std::string>(json, where);
            const int feature = find_latency_feature(name);
            if (feature < 0) fail(where, ": ", in_quotes(name), " is not known to this version");
            for (const MlpInput& other : inputs)
                if (other.feature == feature) fail(where, ": ", in_quotes(name), " appears twice");
            inputs.push_back({feature});
        }
    } else {
        for (int i = 0; i < published_feature_count; ++i) inputs.push_back({i});
    }
    return inputs;
}

inline void read_norms(const io::SafetensorsFile& file, const std::string& path,
                       std::vector<MlpInput>& inputs) {
    const std::string where = path + ": feature_norm";
    const auto norms = io::parse_json(file.metadata("feature_norm"), where);
    if (!norms.is_array() || norms.size() != inputs.size())
        fail(where, ": expected ", inputs.size(), " numbers");
    for (std::size_t i = 0; i < inputs.size(); ++i)
        inputs[i].norm = io::json_as<double>(norms[i], where);
}

[[nodiscard]] inline bool are_published(const std::vector<MlpInput>& inputs) noexcept {
    if (inputs.size() != published_feature_count) return false;
    for (std::size_t i = 0; i < inputs.size(); ++i)
        if (inputs[i].feature != static_cast<int>(i)) return false;
    return true;
}

}  // namespace detail

/// Opens a file that `save_mlp_predictor` wrote, or one of the published predictors in this form.
///
/// Throws  `Error` naming what is missing, of the wrong shape, or a feature that is not known.
[[nodiscard]] inline MlpPredictor load_mlp_predictor(const std::string& path) {
    constexpr int max_width = MlpPredictor::max_width;
    const auto file = io::SafetensorsFile::open(path);
    std::vector<MlpInput> inputs = detail::named_inputs(file, path);
    const auto& first = file.tensor("first_layer.weight").shape;
    if (first.size() != 2 || first[0] < 1 || first[0] > max_width)
        fail(path, ": tensor \"first_layer.weight\" has shape ", io::shape_text(first),
             ", expected [1 … ", max_width, ", ", inputs.size(), "]");
    detail::read_norms(file, path, inputs);
    int hidden = 1;
    while (file.contains("layers." + std::to_string(hidden - 1) + ".weight")) ++hidden;
    const std::string where = path + ": lat_norm";
    const auto latency_norm =
        io::json_as<double>(io::parse_json(file.metadata("lat_norm"), where), where);
    MlpPredictor predictor(static_cast<int>(first[0]), hidden, std::move(inputs), latency_norm);
    io::copy_tensors(file, predictor.table(), predictor.weights());
    predictor.update();
    return predictor;
}

/// Writes the weights under the reference's names, and which features they are of unless these are
/// the published ten. `metadata` may say more.
///
/// Throws  `Error` if the file cannot be written.
inline void save_mlp_predictor(const std::string& path, const MlpPredictor& predictor,
                               io::Metadata metadata = {}) {
    io::Json names = io::Json::array();
    io::Json norms = io::Json::array();
    for (const MlpInput& input : predictor.inputs()) {
        names.push_back(latency_feature_table[static_cast<std::size_t>(input.feature)].name);
        norms.push_back(input.norm);
    }
    if (!detail::are_published(predictor.inputs())) metadata["features"] = io::json_text(names);
    metadata["feature_norm"] = io::json_text(norms);
    metadata["lat_norm"] = io::json_text(io::Json(predictor.latency_norm_ms()));
    std::vector<io::TensorView> tensors;
    io::append_tensors(tensors, predictor.table(), predictor.weights());
    io::write_safetensors(path, tensors, metadata);
}

}  // namespace hat::latency
