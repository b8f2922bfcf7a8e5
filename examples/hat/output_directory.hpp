// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/io/atomic_directory.hpp>
#include <hat/io/directory_kind.hpp>
#include <hat/io/file_status.hpp>

#include <CLI/CLI.hpp>

#include <span>
#include <string>
#include <string_view>

namespace hat::program {

/// Adds the flag that lets a command replace what it made before.
inline void add_overwrite_flag(CLI::App& command, bool& overwrite) {
    command.add_flag("--overwrite", overwrite,
                     "replace what is at --out, if it is of the same kind");
}

/// A directory's path without slashes at its end, so that names can be made of it.
[[nodiscard]] inline std::string without_slash(std::string path) {
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    return path;
}

/// Checks, before anything is computed, that a directory of `kind` may be written to `path`, whose
/// files may have `names`: nothing is there, or with `overwrite` another one of its kind.
///
/// Throws  `Error` that says what would be lost.
inline void check_output(const std::string& path, io::DirectoryKind kind,
                         std::span<const std::string_view> names, bool overwrite) {
    using io::DirectoryKind;
    const std::string plain = without_slash(path);
    const DirectoryKind found = io::directory_kind(plain);
    // What has no config.json may be left from a run of the same command that did not end.
    const bool is_left_over = found == DirectoryKind::other && !io::exists(plain + "/config.json");
    if (found != DirectoryKind::free && found != kind && !is_left_over)
        fail(plain, ": holds ", kind_name(found), ", which would be lost; choose another --out");
    io::AtomicDirectory::check(plain, names);
    if (found != DirectoryKind::free && !overwrite)
        fail(plain, ": holds ", kind_name(found),
             " already; replace it with --overwrite, or choose another --out");
}

}  // namespace hat::program
