// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <string>
#include <string_view>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace hat::io {

namespace detail {

/// "path: what: the reason the system gives for `error`".
[[noreturn]] HAT_COLD inline void fail_with_errno(const std::string& path, const char* what,
                                                  int error) {
    fail(path, ": ", what, ": ", std::strerror(error));
}

[[nodiscard]] inline std::string parent_directory(std::string_view path) {
    while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
    const auto slash = path.rfind('/');
    if (slash == std::string_view::npos) return ".";
    return std::string(path.substr(0, slash == 0 ? 1 : slash));
}

/// Removes a file, or a directory with all it holds; what cannot be removed stays.
inline void remove_all(const std::string& path) noexcept {
    const auto remove = [](const char* entry, const struct stat*, int, FTW*) {
        std::remove(entry);
        return 0;
    };
    constexpr int most_open = 8;
    ::nftw(path.c_str(), remove, most_open, FTW_DEPTH | FTW_PHYS);
}

inline constexpr std::string_view temporary_mark = ".tmp-";
inline constexpr std::size_t temporary_digits = 16;

/// The target of the temporary called `name`; empty if that is none.
[[nodiscard]] inline std::string_view target_of(std::string_view name) noexcept {
    const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    if (name.size() <= temporary_mark.size() + temporary_digits) return {};
    const std::string_view digits = name.substr(name.size() - temporary_digits);
    name.remove_suffix(temporary_digits);
    if (!name.ends_with(temporary_mark) || !std::all_of(digits.begin(), digits.end(), is_digit))
        return {};
    return name.substr(0, name.size() - temporary_mark.size());
}

/// Removes the temporary at `path` if nobody holds it. Where a file system has no locks, that is
/// if nothing has changed it for a day.
inline void remove_if_abandoned(const std::string& path) noexcept {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (descriptor < 0) return;
    const bool is_locked = ::flock(descriptor, LOCK_EX | LOCK_NB) == 0;
    bool is_abandoned = is_locked;
    if (!is_locked && errno != EWOULDBLOCK) {
        constexpr std::time_t day_seconds = 86400;
        struct stat status {};
        is_abandoned =
            ::fstat(descriptor, &status) == 0 && status.st_mtime < std::time(nullptr) - day_seconds;
    }
    if (is_abandoned) remove_all(path);
    ::close(descriptor);
}

}  // namespace detail

/// Removes what writers that were killed have left in `directory` of the targets for whose names
/// `is_target(name)` holds.
template <class IsTarget>
void remove_abandoned(const std::string& directory, const IsTarget& is_target) {
    DIR* const stream = ::opendir(directory.c_str());
    if (stream == nullptr) return;
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(stream)) {  // NOLINT: the stream is this thread's
        const std::string_view target = detail::target_of(entry->d_name);
        if (!target.empty() && is_target(target)) names.emplace_back(entry->d_name);
    }
    ::closedir(stream);
    for (const std::string& name : names)
        detail::remove_if_abandoned((directory + '/').append(name));
}

/// The path that `path` stands for: itself, or what it is a link to, which is then replaced in its
/// own place. Slashes at the end are left out.
///
/// Throws  `Error` if it is a link to nothing.
[[nodiscard]] inline std::string behind_link(std::string path) {
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0 || !S_ISLNK(status.st_mode)) return path;
    char* const resolved = ::realpath(path.c_str(), nullptr);
    if (resolved == nullptr) detail::fail_with_errno(path, "is a link that leads nowhere", errno);
    path = resolved;
    std::free(resolved);  // NOLINT: as realpath wants it
    return path;
}

/// A file or directory beside its target that is to take its place once it is whole.
///
/// Its name is "target.tmp-" and 16 random digits: no two writers meet, be they in other containers
/// or on other machines. It is locked as long as it is held, so that those which nobody holds can
/// be told to be of writers that were killed. They are removed when the next one of that target is
/// made.
class Temporary {
public:
    /// What is to be replaced.
    enum class Kind { file, directory };

    /// Throws  `Error` if the directory of `target` takes none.
    Temporary(std::string target, Kind kind) : target_(std::move(target)) {
        const std::string_view name = std::string_view(target_).substr(target_.rfind('/') + 1);
        remove_abandoned(detail::parent_directory(target_),
                         [&](std::string_view other) { return other == name; });
        constexpr int attempts = 100;
        for (int i = 0; i < attempts; ++i)
            if (create(kind)) return;
        fail(target_, ": cannot create: ", attempts, " random names beside it were taken");
    }

    Temporary(const Temporary&) = delete;
    Temporary& operator=(const Temporary&) = delete;
    ~Temporary() { remove(); }

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    /// Its open file or directory, which holds the lock; −1 without.
    [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

    /// Ends the lock: what is at its path now may be removed by anybody.
    void unlock() noexcept {
        if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
    }
    /// Removes what is at its path.
    void remove() noexcept {
        if (!path_.empty()) detail::remove_all(path_);
        release();
    }
    /// It has got another name: nothing is left to remove.
    void release() noexcept {
        path_.clear();
        unlock();
    }

private:
    /// False if the name is taken, or somebody cleans up just there.
    bool create(Kind kind) {
        path_ = target_ + std::string(detail::temporary_mark) + random_digits();
        const bool is_directory = kind == Kind::directory;
        if (is_directory && ::mkdir(path_.c_str(), 0777) != 0) return reject(errno, EEXIST);
        descriptor_ =
            is_directory
                ? ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                : ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (descriptor_ < 0) {
            const int error = errno;
            if (is_directory) ::rmdir(path_.c_str());
            return reject(error, is_directory ? ENOENT : EEXIST);
        }
        if (hold()) return true;
        unlock();
        path_.clear();
        return false;
    }

    /// False if `error` is the one that another name may mend.
    bool reject(int error, int mendable) {
        path_.clear();
        if (error != mendable) detail::fail_with_errno(target_, "cannot create", error);
        return false;
    }

    [[nodiscard]] bool hold() const noexcept {
        if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) return false;
        struct stat ours {};
        struct stat named {};
        return ::fstat(descriptor_, &ours) == 0 && ::lstat(path_.c_str(), &named) == 0 &&
               ours.st_ino == named.st_ino && ours.st_dev == named.st_dev;
    }

    [[nodiscard]] std::string random_digits() const {
        std::array<unsigned char, detail::temporary_digits / 2> bytes{};
        if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
            detail::fail_with_errno(target_, "no random numbers for a name", errno);
        std::string digits;
        for (const unsigned char byte : bytes) {
            digits += "0123456789abcdef"[byte >> 4U];
            digits += "0123456789abcdef"[byte & 15U];
        }
        return digits;
    }

    std::string target_;
    std::string path_;
    int descriptor_ = -1;
};

}  // namespace hat::io
