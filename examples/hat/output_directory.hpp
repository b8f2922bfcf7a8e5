// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/io/atomic_directory.hpp>
#include <hat/io/directory_kind.hpp>
#include <hat/io/file_lock.hpp>
#include <hat/io/file_status.hpp>
#include <hat/io/temporary.hpp>

#include <CLI/CLI.hpp>

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

namespace hat::program {

/// Adds the flag that lets a command replace what it made before.
inline CLI::Option* add_overwrite_flag(CLI::App& command, bool& overwrite) {
    return command.add_flag("--overwrite", overwrite,
                            "replace what is at --out, if it is of the same kind");
}

/// A directory's path without slashes at its end, so that names can be made of it.
[[nodiscard]] inline std::string without_slash(std::string path) {
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    return path;
}

/// Makes the directories above `path` if need be.
inline void make_parent(const std::string& path) {
    const std::string parent = io::detail::parent_directory(path);
    std::error_code error;
    std::filesystem::create_directories(parent, error);
    if (error) fail(parent, ": cannot make the directory: ", error.message());
}

/// Checks a folder in which a command writes files among others.
///
/// Throws  `Error` if it is there, and is no folder or one that holds something of ours as a whole
inline void check_folder(const char* flag, const std::string& folder) {
    const auto found = io::directory_kind(folder);
    if (found != io::DirectoryKind::free && found != io::DirectoryKind::other)
        fail(flag, " ", folder, ": holds ", kind_name(found), "; choose another folder");
    if (found != io::DirectoryKind::free && !io::is_directory(folder))
        fail(folder, ": is there already and is no directory");
}

/// The file whose lock is the right to write the directory at `path`: that of the run whose model
/// it is, or one beside it, as the directory is replaced as a whole.
[[nodiscard]] inline std::string lock_path(const std::string& path) {
    const std::string target = io::behind_link(path);
    const std::string parent = io::detail::parent_directory(target);
    const bool is_of_run = std::filesystem::path(target).filename() == "model" &&
                           io::directory_kind(parent) == io::DirectoryKind::run;
    return is_of_run ? parent + "/lock" : target + ".lock";
}

/// The directory that a command is to write, and the right to be the only one that writes it.
class OutputDirectory {
public:
    /// Checks, before anything is computed, that a directory of `kind` may be written to `path`,
    /// whose files may have `names`: nothing is there, or with `overwrite` another one of its kind.
    /// Directories above it are made if need be.
    ///
    /// Throws  `Error` that says what would be lost, or that another process is at work there.
    OutputDirectory(const std::string& path, io::DirectoryKind kind,
                    std::span<const std::string_view> names, bool overwrite) {
        const std::string plain = without_slash(path);
        check(plain, kind, names, overwrite);
        make_parent(plain);
        lock_.emplace(lock_path(plain), plain);
        check(plain, kind, names, overwrite);  // who was at work there may have ended since
    }

private:
    static void check(const std::string& path, io::DirectoryKind kind,
                      std::span<const std::string_view> names, bool overwrite) {
        using io::DirectoryKind;
        const DirectoryKind found = io::directory_kind(path);
        // What has no config.json may be left from a run of the same command that did not end.
        const bool is_left_over =
            found == DirectoryKind::other && !io::exists(path + "/config.json");
        if (found != DirectoryKind::free && found != kind && !is_left_over)
            fail(path, ": holds ", kind_name(found), ", which would be lost; choose another --out");
        io::AtomicDirectory::check(path, names);
        if (found != DirectoryKind::free && !overwrite)
            fail(path, ": holds ", kind_name(found),
                 " already; replace it with --overwrite, or choose another --out");
    }

    std::optional<io::FileLock> lock_{};
};

}  // namespace hat::program
