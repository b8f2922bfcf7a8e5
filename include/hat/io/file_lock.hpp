// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace hat::io {

/// The right to be the only one at work on something, among all processes that ask for it by the
/// same file. The system takes it back when the process ends, however it ends.
///
///     const FileLock lock("run/lock", "run");
///
/// The file is empty, is made if need be, and goes with the lock; one that a killed process left
/// behind is in nobody's way. On a file system without locks nobody is kept away; a note on stderr
/// says so.
class FileLock {
public:
    /// `what` is locked, as messages call it.
    ///
    /// Throws  `Error` at once if another process has the lock, or the file cannot be made.
    FileLock(std::string path, std::string_view what) : path_(std::move(path)) {
        do {
            close();
            descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
            if (descriptor_ < 0) fail(path_, ": cannot create: ", std::strerror(errno));
            if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) continue;
            const int error = errno;
            close();
            if (error == EWOULDBLOCK)
                fail(what, ": another process is at work on it and holds ", path_,
                     "; try again when that has ended");
            ::unlink(path_.c_str());
            if (error != ENOSYS && error != ENOLCK && error != EOPNOTSUPP)
                fail(path_, ": cannot lock: ", std::strerror(error));
            std::fprintf(stderr,
                         "note: %s: its file system has no locks; see that no other process "
                         "works on it\n",
                         std::string(what).c_str());
            return;
        } while (!is_at_path());  // its last owner removed it while we opened it
    }

    FileLock(const FileLock&) = delete;
    FileLock& operator=(const FileLock&) = delete;

    ~FileLock() {
        if (is_at_path()) ::unlink(path_.c_str());
        close();
    }

private:
    /// Whether `path_` still names the file that is open.
    [[nodiscard]] bool is_at_path() const noexcept {
        struct stat open {};
        struct stat named {};
        return descriptor_ >= 0 && ::fstat(descriptor_, &open) == 0 &&
               ::stat(path_.c_str(), &named) == 0 && open.st_dev == named.st_dev &&
               open.st_ino == named.st_ino;
    }
    void close() noexcept {
        if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
    }

    std::string path_;
    int descriptor_ = -1;
};

}  // namespace hat::io
