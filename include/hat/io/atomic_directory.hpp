// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/io/atomic_file.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

namespace hat::io {

/// A directory of files that appears whole or not at all.
///
/// The files are written to a temporary directory beside it; `commit` puts that in the place of
/// `path`. On file systems that can exchange two names (all common ones of Linux) there is no
/// moment without a whole directory at `path`.
///
///     AtomicDirectory directory("model", model_directory_names);
///     write_file(directory / "config.json", …);
///     …
///     directory.commit();
class AtomicDirectory {
public:
    /// `names` are the files that such a directory may hold.
    ///
    /// Throws  `Error` as `check`, or if the parent directory does not take a directory.
    AtomicDirectory(std::string path, std::span<const std::string_view> names)
        : path_(std::move(path)) {
        while (path_.size() > 1 && path_.back() == '/') path_.pop_back();
        check(path_, names);
        std::string temporary = detail::temporary_name(path_);
        std::error_code error;
        if (!std::filesystem::create_directory(temporary, error) || error)
            fail(path_, ": cannot create: ", error.message());
        temporary_ = std::move(temporary);
    }

    AtomicDirectory(const AtomicDirectory&) = delete;
    AtomicDirectory& operator=(const AtomicDirectory&) = delete;

    ~AtomicDirectory() {
        std::error_code ignored;
        if (!temporary_.empty()) std::filesystem::remove_all(temporary_, ignored);
    }

    /// Checks that `path` is free, or a directory without any file but `names`: what is replaced is
    /// lost, so it may be nothing else. For programs that want to know before they compute.
    ///
    /// Throws  `Error` naming what is in the way.
    static void check(const std::string& path, std::span<const std::string_view> names) {
        namespace fs = std::filesystem;
        std::error_code error;
        if (path.empty()) fail("the name of the directory to write is empty");
        if (!fs::exists(fs::symlink_status(path, error))) return;
        if (!fs::is_directory(path, error)) fail(path, ": is there already and is no directory");
        fs::directory_iterator entry(path, error);
        for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
            const std::string name = entry->path().filename().string();
            if (std::find(names.begin(), names.end(), name) == names.end())
                fail(path, ": is there already and holds \"", name, "\", which would be lost");
        }
        if (error) fail(path, ": cannot read: ", error.message());
    }

    /// Where to write the file called `name`.
    [[nodiscard]] std::string operator/(std::string_view name) const {
        return (temporary_ + '/').append(name);
    }

    /// Puts what was written at `path` and removes what stood there.
    ///
    /// Throws  `Error` if that is not possible; `path` is then what it was.
    void commit() {
        detail::sync_directory(temporary_);
        exchange();
        detail::sync_directory(detail::parent_directory(path_));
        std::error_code ignored;
        std::filesystem::remove_all(temporary_, ignored);  // the old directory, if there was one
        temporary_.clear();
    }

private:
    /// Swaps the names of the temporary directory and of `path_`, or just gives it that name.
    void exchange() {
        if (::access(path_.c_str(), F_OK) != 0) return rename(temporary_, path_);
        if (::renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, path_.c_str(), RENAME_EXCHANGE) ==
            0)
            return;
        if (errno != EINVAL && errno != ENOSYS)
            detail::fail_with_errno(path_, "cannot replace", errno);
        const std::string old = detail::temporary_name(path_);
        rename(path_, old);
        rename(temporary_, path_);
        temporary_ = old;
    }

    void rename(const std::string& from, const std::string& to) const {
        if (std::rename(from.c_str(), to.c_str()) != 0)
            detail::fail_with_errno(path_, "cannot replace", errno);
    }

    std::string path_;
    std::string temporary_;
};

}  // namespace hat::io
