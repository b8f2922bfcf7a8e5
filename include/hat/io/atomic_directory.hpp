// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/io/atomic_file.hpp>
#include <hat/io/temporary.hpp>

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
/// moment without a whole directory at `path`. Where that is a link, the directory behind it is
/// replaced.
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
        : path_(std::move(path)), names_(names.begin(), names.end()),
          target_(checked_target(path_, names)), temporary_(target_, Temporary::Kind::directory) {}

    /// Checks that `path` is free, or a directory without any file but `names`: what is replaced is
    /// lost, so it may be nothing else. For programs that want to know before they compute.
    ///
    /// Throws  `Error` naming what is in the way.
    static void check(const std::string& path, std::span<const std::string_view> names) {
        namespace fs = std::filesystem;
        std::error_code error;
        if (path.empty()) fail("the name of the directory to write is empty");
        static_cast<void>(behind_link(path));
        if (!fs::exists(fs::symlink_status(path, error))) return;
        if (!fs::is_directory(path, error)) fail(path, ": is there already and is no directory");
        fs::directory_iterator entry(path, error);
        for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
            std::string name = entry->path().filename().string();
            // What a writer that was killed has left of a file goes with the rest.
            if (const auto target = detail::target_of(name); !target.empty())
                name.resize(target.size());
            if (std::find(names.begin(), names.end(), name) == names.end())
                fail(path, ": is there already and holds ", in_quotes(name),
                     ", which would be lost");
        }
        if (error) fail(path, ": cannot read: ", error.message());
    }

    /// Where to write the file called `name`.
    [[nodiscard]] std::string operator/(std::string_view name) const {
        return (temporary_.path() + '/').append(name);
    }

    /// Puts what was written at `path` and removes what stood there.
    ///
    /// Throws  `Error` if that is not possible, or files that would be lost have come there
    /// meanwhile; `path` is then what it was.
    void commit() {
        detail::sync_directory(temporary_.path());
        check(path_, names_);
        if (take_place())
            temporary_.release();
        else
            exchange();
        detail::sync_directory(detail::parent_directory(target_));
        temporary_.remove();  // the old directory, if there was one
    }

private:
    [[nodiscard]] static std::string checked_target(const std::string& path,
                                                    std::span<const std::string_view> names) {
        std::string target = behind_link(path);
        check(target, names);
        return target;
    }

    /// Gives the temporary directory the name of the target; false if that is taken.
    [[nodiscard]] bool take_place() const {
        const char* const from = temporary_.path().c_str();
        if (::renameat2(AT_FDCWD, from, AT_FDCWD, target_.c_str(), RENAME_NOREPLACE) == 0)
            return true;
        if (errno == EEXIST) return false;
        if (!is_unsupported(errno)) detail::fail_with_errno(path_, "cannot replace", errno);
        if (::access(target_.c_str(), F_OK) == 0) return false;
        rename(temporary_.path(), target_);
        return true;
    }

    /// Swaps the names of the temporary directory and of the target.
    void exchange() {
        const char* const from = temporary_.path().c_str();
        const int result = ::renameat2(AT_FDCWD, from, AT_FDCWD, target_.c_str(), RENAME_EXCHANGE);
        if (result == 0) return temporary_.unlock();
        if (!is_unsupported(errno)) detail::fail_with_errno(path_, "cannot replace", errno);
        // Not a name that is cleaned up: for a moment, nothing else is whole.
        const std::string old = temporary_.path() + ".old";
        rename(target_, old);
        if (std::rename(from, target_.c_str()) != 0) {
            const int error = errno;
            std::rename(old.c_str(), target_.c_str());
            detail::fail_with_errno(path_, "cannot replace", error);
        }
        temporary_.release();
        detail::remove_all(old);
    }

    /// Whether the file system cannot rename in that way.
    [[nodiscard]] static bool is_unsupported(int error) noexcept {
        return error == EINVAL || error == ENOSYS;
    }

    void rename(const std::string& from, const std::string& to) const {
        if (std::rename(from.c_str(), to.c_str()) != 0)
            detail::fail_with_errno(path_, "cannot replace", errno);
    }

    std::string path_;
    std::vector<std::string_view> names_;
    std::string target_;
    Temporary temporary_;
};

}  // namespace hat::io
