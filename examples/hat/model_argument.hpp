// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/io/content_hash.hpp>
#include <hat/io/file_hashes.hpp>
#include <hat/io/file_status.hpp>
#include <hat/io/json.hpp>
#include <hat/io/model_directory.hpp>
#include <hat/io/text_file.hpp>
#include <hat/io/vocabulary_hash.hpp>
#include <hat/model/network.hpp>

#include "output_directory.hpp"

#include <string>
#include <string_view>

namespace hat::program {

/// The model directory that a flag means: `path` itself, or the model of the run that it is.
///
/// Throws  `Error` if that is a run whose training has not ended.
[[nodiscard]] inline std::string model_path(const std::string& path) {
    const auto is_model = [](const std::string& directory) {
        return io::exists(directory + "/config.json");
    };
    const std::string inside = path + "/model";
    if (is_model(inside)) return inside;
    // `hat tune` has its run beside the model: tuned.run and tuned.
    constexpr std::string_view run = ".run";
    const std::string plain = without_slash(path);
    const bool is_tuning = plain.ends_with(run);
    const std::string tuned = plain.substr(0, plain.size() - (is_tuning ? run.size() : 0));
    if (is_tuning && is_model(tuned)) return tuned;
    if (io::exists(path + "/checkpoints"))
        fail(path,
             ": has checkpoints, but no model before its training has ended: --resume goes on "
             "with it");
    if (!io::exists(path) && io::exists(plain + ".run/config.json"))
        fail(path, ": is not there before its training, in ", plain,
             ".run, has ended: --resume goes on with it");
    return path;
}

/// A model directory or run, opened, and its network.
struct LoadedModel {
    io::ModelDirectory directory;
    model::Network network;

    /// Throws  `Error` if there is none at `path`, or it is damaged.
    explicit LoadedModel(const std::string& path)
        : directory(io::ModelDirectory::open(model_path(path))),
          network(directory.config().architecture) {
        directory.load_weights(network.table(), network.values());
    }
};

/// Checks that a model reads and writes text with the vocabulary that data was encoded with; `flag`
/// begins the message.
///
/// Throws  `Error` that says what differs.
inline void check_vocabulary(const io::ModelDirectory& model, const std::string& flag,
                             const io::TextFiles& data) {
    const std::string difference = io::vocabulary_difference(model.text_files(), data);
    if (difference == "text.json")
        fail(flag, ": treats text in another way than the data: their text.json differ");
    if (!difference.empty()) fail(flag, ": has another ", difference, " than the data");
}

/// Checks that the design space at `path` is the one that `model` was trained in, as its provenance
/// has it; models of older versions do not say.
///
/// Throws  `Error` if it was edited or exchanged.
inline void check_space(const std::string& path, const io::ModelDirectory& model) {
    const auto& provenance = model.config().provenance;
    const auto training = provenance.find("training");
    if (training == provenance.end()) return;
    const io::Json settings = io::parse_json_or_discard(training->second);
    if (!settings.is_object() || !settings.contains("space")) return;
    const io::Json& space = settings["space"];
    if (!space.is_string() || space.get<std::string>().find('\n') == std::string::npos) return;
    io::check_hash(path, io::content_hash(io::read_file(path)),
                   io::content_hash(space.get<std::string>()), "this training");
}

/// What a model is, for settings that are to tell its content.
inline std::string model_content(const io::ModelDirectory& model) {
    return model.hash("weights.safetensors");
}

}  // namespace hat::program
