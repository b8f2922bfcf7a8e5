// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>

#include <filesystem>
#include <string>
#include <system_error>

/// What stands at a path, where std::filesystem would throw errors of its own.
namespace hat::io {

namespace detail {

/// Throws  `Error` if it cannot be found out whether there is anything
inline std::filesystem::file_type file_type(const std::string& path) {
    std::error_code error;
    const std::filesystem::file_type type = std::filesystem::status(path, error).type();
    // A name that no file can have is that of none.
    if (type == std::filesystem::file_type::none && error != std::errc::filename_too_long)
        fail(path, ": cannot be looked for: ", error.message());
    return error ? std::filesystem::file_type::not_found : type;
}

}  // namespace detail

/// Whether there is a file, folder or anything else at `path`.
///
/// Throws  `Error` if that cannot be found out
[[nodiscard]] inline bool exists(const std::string& path) {
    return detail::file_type(path) != std::filesystem::file_type::not_found;
}

/// Whether there is a folder at `path`, or a link to one.
[[nodiscard]] inline bool is_directory(const std::string& path) {
    return detail::file_type(path) == std::filesystem::file_type::directory;
}

/// Whether there is a file of bytes at `path`, or a link to one.
[[nodiscard]] inline bool is_regular_file(const std::string& path) {
    return detail::file_type(path) == std::filesystem::file_type::regular;
}

}  // namespace hat::io
