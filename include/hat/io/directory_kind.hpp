// SPDX-License-Identifier: Apache-2.0
// Needs: nlohmann-json
#pragma once

#include <hat/core/error.hpp>
#include <hat/io/json.hpp>
#include <hat/io/text_file.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>

namespace hat::io {

/// What a directory's config.json calls itself in "format".
inline constexpr const char* data_format = "hat data";
inline constexpr const char* run_format = "hat run";
inline constexpr const char* model_format = "hat model";

/// What is at a path, as far as a program must know that is to write there.
enum class DirectoryKind : std::uint8_t {
    free,   ///< nothing, or an empty directory
    data,   ///< what trainings read
    run,    ///< a training: its checkpoints, its log
    model,  ///< what translates
    other   ///< anything else
};

/// The kind in words, for messages: "holds …".
[[nodiscard]] inline const char* kind_name(DirectoryKind kind) noexcept {
    switch (kind) {
    case DirectoryKind::free:
        return "nothing";
    case DirectoryKind::data:
        return "training data";
    case DirectoryKind::run:
        return "a training";
    case DirectoryKind::model:
        return "a model";
    case DirectoryKind::other:
        break;
    }
    return "something else";
}

namespace detail {

/// By "format"; data and runs from before they had one are known by their settings.
[[nodiscard]] inline DirectoryKind kind_of_config(const Json& config) {
    if (!config.is_object()) return DirectoryKind::other;
    if (config.contains("format")) {
        const Json& format = config["format"];
        if (format == data_format) return DirectoryKind::data;
        if (format == run_format) return DirectoryKind::run;
        if (format == model_format) return DirectoryKind::model;
        return DirectoryKind::other;
    }
    if (config.contains("learning_rate")) return DirectoryKind::run;
    return config.contains("vocab_size") ? DirectoryKind::data : DirectoryKind::other;
}

}  // namespace detail

/// What the directory at `path` says of itself in its config.json. One that is damaged is `other`,
/// and so is all that is no directory.
[[nodiscard]] inline DirectoryKind directory_kind(const std::string& path) {
    namespace fs = std::filesystem;
    std::error_code error;
    if (!fs::exists(fs::symlink_status(path, error))) return DirectoryKind::free;
    if (!fs::is_directory(path, error)) return DirectoryKind::other;
    if (fs::is_empty(path, error)) return DirectoryKind::free;
    const std::string file = path + "/config.json";
    if (!fs::is_regular_file(file, error)) return DirectoryKind::other;
    try {
        constexpr std::size_t limit_bytes = std::size_t{1} << 24;
        return detail::kind_of_config(parse_json(read_file(file, limit_bytes), file));
    } catch (const Error&) {
        return DirectoryKind::other;
    }
}

}  // namespace hat::io
