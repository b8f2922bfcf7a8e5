// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>

#include <cerrno>
#include <cstring>
#include <string>
#include <sys/stat.h>

/// What stands at a path. (std::filesystem tells the same, but takes a compiler long to read.)
namespace hat::io {

namespace detail {

enum class FileType { none, regular, directory, other };

/// Throws  `Error` if it cannot be found out whether there is anything
inline FileType file_type(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0)
        return S_ISREG(status.st_mode)   ? FileType::regular
               : S_ISDIR(status.st_mode) ? FileType::directory
                                         : FileType::other;
    const int error = errno;
    // A name that no file can have is that of none.
    const bool is_none = error == ENOENT || error == ENOTDIR || error == ENAMETOOLONG;
    if (!is_none) fail(path, ": cannot be looked for: ", std::strerror(error));
    return FileType::none;
}

}  // namespace detail

/// What tells one content of a file from another on one machine without reading it: device, number,
/// size and time of change; empty if there is none.
[[nodiscard]] inline std::string file_identity(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return {};
    std::string text;
    for (const auto number :
         {static_cast<long long>(status.st_dev), static_cast<long long>(status.st_ino),
          static_cast<long long>(status.st_size), static_cast<long long>(status.st_mtime)})
        text += std::to_string(number) + '.';
    return text;
}

/// Whether there is a file, folder or anything else at `path`.
///
/// Throws  `Error` if that cannot be found out
[[nodiscard]] inline bool exists(const std::string& path) {
    return detail::file_type(path) != detail::FileType::none;
}

/// Whether there is a folder at `path`, or a link to one.
[[nodiscard]] inline bool is_directory(const std::string& path) {
    return detail::file_type(path) == detail::FileType::directory;
}

/// Whether there is a file of bytes at `path`, or a link to one.
[[nodiscard]] inline bool is_regular_file(const std::string& path) {
    return detail::file_type(path) == detail::FileType::regular;
}

}  // namespace hat::io
