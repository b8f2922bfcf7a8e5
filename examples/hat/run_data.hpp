// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/io/json.hpp>
#include <hat/io/text_file.hpp>

#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

/// Where a run's data is, found again from any working directory.
namespace hat::program {

/// The way from the directory of a run to that of its data: it stays right as long as both stay
/// where they are, or move together. Empty if there is none.
[[nodiscard]] inline std::string data_from_run(const std::string& data, const std::string& run) {
    std::error_code error;
    const auto way = std::filesystem::relative(data, run, error);
    return error ? std::string() : way.generic_string();
}

/// The data that the run in `run` was trained on. Runs of older versions tell only the path that
/// was given, which is looked for from here and from beside the run.
///
/// Throws  `Error` if it is no longer there.
[[nodiscard]] inline std::string data_of_run(const std::string& run) {
    namespace fs = std::filesystem;
    const std::string path = run + "/config.json";
    const auto config = io::parse_json(io::read_file(path), path);
    const auto given = io::json_get<std::string>(config, "data", path);
    std::vector<fs::path> places;
    if (config.contains("data_from_run"))
        if (const auto way = io::json_get<std::string>(config, "data_from_run", path); !way.empty())
            places.push_back(fs::path(run) / way);
    places.emplace_back(given);
    places.push_back(fs::path(run) / ".." / given);
    for (const fs::path& place : places)
        if (std::error_code error; fs::is_directory(place, error))
            return place.lexically_normal().generic_string();
    fail(path, ": its data, ", given, ", is not there any more; --data says where it is");
}

}  // namespace hat::program
