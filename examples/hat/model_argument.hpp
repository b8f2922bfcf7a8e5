// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/io/file_status.hpp>
#include <hat/io/model_directory.hpp>
#include <hat/io/text_file.hpp>
#include <hat/model/network.hpp>

#include "data_directory.hpp"

#include <string>

namespace hat::program {

/// The model directory that a flag means: `path` itself, or `path`/model if it is a run.
///
/// Throws  `Error` if it is a run whose training has not ended.
[[nodiscard]] inline std::string model_path(const std::string& path) {
    const std::string inside = path + "/model";
    if (io::exists(inside + "/config.json")) return inside;
    if (io::exists(path + "/checkpoints"))
        fail(path,
             ": has checkpoints, but no model before its training has ended: --resume goes on "
             "with it");
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

/// Checks that a model reads and writes the pieces that the data is made of; `flag` begins the
/// message.
///
/// Throws  `Error` if its subword model is another one, or text is treated in another way.
inline void check_subword(const io::ModelDirectory& model, const std::string& flag,
                          const TrainingData& data) {
    const io::TextFiles files = model.text_files();
    if (files == data.text_files()) return;
    const auto subword = files.find("subword.model");
    if (subword == files.end() || subword->second != data.subword.bytes())
        fail(flag, ": has another subword model than the data");
    fail(flag, ": treats text in another way than the data: their text.json differ");
}

}  // namespace hat::program
