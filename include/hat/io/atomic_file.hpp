// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace hat::io {

namespace detail {

/// "path: what: the reason the system gives for `error`".
[[noreturn]] HAT_COLD inline void fail_with_errno(const std::string& path, const char* what,
                                                  int error) {
    fail(path, ": ", what, ": ", std::strerror(error));
}

/// A name beside `path` that no other writer uses at this time.
[[nodiscard]] inline std::string temporary_name(std::string path) {
    static std::atomic<int> count{0};
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    return path + ".tmp-" + std::to_string(::getpid()) + "-" + std::to_string(count++);
}

[[nodiscard]] inline std::string parent_directory(std::string_view path) {
    while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
    const auto slash = path.rfind('/');
    if (slash == std::string_view::npos) return ".";
    return std::string(path.substr(0, slash == 0 ? 1 : slash));
}

/// Makes what was created, renamed or removed in `directory` last through a power cut.
inline void sync_directory(const std::string& directory) {
    const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) fail_with_errno(directory, "cannot open the directory", errno);
    const int result = ::fsync(descriptor);
    const int error = errno;
    ::close(descriptor);
    // Some file systems cannot sync a directory; they order the rename by themselves.
    if (result != 0 && error != EINVAL) fail_with_errno(directory, "cannot write", error);
}

}  // namespace detail

/// A file that appears whole or not at all.
///
/// Writes to a temporary file in the same directory; `commit` brings that to the disk and renames
/// it. Without `commit` (an exception, a full disk) the temporary file is removed and what stood
/// at `path` before is untouched.
///
///     AtomicFile file("weights.bin");
///     file.write(header);
///     file.write(data, size);
///     file.commit();
class AtomicFile {
public:
    /// Throws  `Error` if the directory does not take a file, or `path` is there but is no file.
    explicit AtomicFile(std::string path)
        : path_(std::move(path)), temporary_(detail::temporary_name(path_)) {
        struct stat status {};
        if (::stat(path_.c_str(), &status) == 0 && !S_ISREG(status.st_mode))
            fail(path_, ": cannot write: not a regular file");
        descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (descriptor_ < 0) detail::fail_with_errno(path_, "cannot create", errno);
        buffer_.reserve(buffer_bytes);
    }

    AtomicFile(const AtomicFile&) = delete;
    AtomicFile& operator=(const AtomicFile&) = delete;

    ~AtomicFile() {
        if (descriptor_ >= 0) ::close(descriptor_);
        if (!temporary_.empty()) ::unlink(temporary_.c_str());
    }

    /// Throws  `Error` if the disk is full, here or in a later call.
    void write(const void* data, std::size_t bytes) {
        if (buffer_.size() + bytes > buffer_bytes) flush();
        if (bytes >= buffer_bytes)
            write_through(static_cast<const char*>(data), bytes);
        else
            buffer_.append(static_cast<const char*>(data), bytes);
    }
    void write(std::string_view text) { write(text.data(), text.size()); }

    /// Replaces `path` by what was written.
    ///
    /// Throws  `Error` if that did not reach the disk; `path` is then what it was.
    void commit() {
        flush();
        if (::fsync(descriptor_) != 0) detail::fail_with_errno(path_, "cannot write", errno);
        const int descriptor = std::exchange(descriptor_, -1);
        if (::close(descriptor) != 0) detail::fail_with_errno(path_, "cannot write", errno);
        if (std::rename(temporary_.c_str(), path_.c_str()) != 0)
            detail::fail_with_errno(path_, "cannot replace", errno);
        temporary_.clear();
        detail::sync_directory(detail::parent_directory(path_));
    }

private:
    static constexpr std::size_t buffer_bytes = std::size_t{1} << 16;

    void flush() {
        write_through(buffer_.data(), buffer_.size());
        buffer_.clear();
    }

    void write_through(const char* data, std::size_t bytes) {
        while (bytes > 0) {
            const ssize_t written = ::write(descriptor_, data, bytes);
            if (written < 0) {
                if (errno == EINTR) continue;
                detail::fail_with_errno(path_, "cannot write", errno);
            }
            data += written;
            bytes -= static_cast<std::size_t>(written);
        }
    }

    std::string path_;
    std::string temporary_;
    std::string buffer_;
    int descriptor_ = -1;
};

/// Replaces the file at `path` by `text`, whole or not at all.
///
/// Throws  `Error` as `AtomicFile`.
inline void write_file(const std::string& path, std::string_view text) {
    AtomicFile file(path);
    file.write(text);
    file.commit();
}

}  // namespace hat::io
