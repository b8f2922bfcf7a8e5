// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/io/temporary.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace hat::io {

namespace detail {

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
/// at `path` before is untouched. Where `path` is a link, the file behind it is replaced.
///
///     AtomicFile file("weights.bin");
///     file.write(header);
///     file.write(data, size);
///     file.commit();
class AtomicFile {
public:
    /// Throws  `Error` if the directory does not take a file, or `path` is there but is no file.
    explicit AtomicFile(std::string path)
        : path_(std::move(path)), target_(checked_target(path_)),
          temporary_(target_, Temporary::Kind::file) {
        buffer_.reserve(buffer_bytes);
    }

    /// Where it lies until `commit`, for another program to write.
    [[nodiscard]] const std::string& temporary_path() const noexcept { return temporary_.path(); }

    /// Throws  `Error` if the disk is full, here or in a later call.
    void write(const void* data, std::size_t bytes) {
        if (buffer_.size() + bytes > buffer_bytes) flush();
        if (bytes >= buffer_bytes)
            write_through(static_cast<const char*>(data), bytes);
        else
            buffer_.append(static_cast<const char*>(data), bytes);
    }
    void write(std::string_view text) { write(text.data(), text.size()); }

    /// Brings what was written to the disk, and leaves `path` as it is. Where several files belong
    /// together, this comes before the first `commit`, which then needs no room.
    ///
    /// Throws  `Error` if there is no room
    void finish() {
        flush();
        if (::fsync(temporary_.descriptor()) != 0)
            detail::fail_with_errno(path_, "cannot write", errno);
    }

    /// Replaces `path` by what was written.
    ///
    /// Throws  `Error` if that did not reach the disk; `path` is then what it was.
    void commit() {
        finish();
        if (std::rename(temporary_.path().c_str(), target_.c_str()) != 0)
            detail::fail_with_errno(path_, "cannot replace", errno);
        temporary_.release();
        detail::sync_directory(detail::parent_directory(target_));
    }

private:
    static constexpr std::size_t buffer_bytes = std::size_t{1} << 16;

    [[nodiscard]] static std::string checked_target(const std::string& path) {
        if (path.empty()) fail("the name of the file to write is empty");
        struct stat status {};
        if (path.back() == '/' || (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)))
            fail(path, ": cannot write: not a regular file");
        return behind_link(path);
    }

    void flush() {
        write_through(buffer_.data(), buffer_.size());
        buffer_.clear();
    }

    void write_through(const char* data, std::size_t bytes) {
        while (bytes > 0) {
            const ssize_t written = ::write(temporary_.descriptor(), data, bytes);
            if (written < 0) {
                if (errno == EINTR) continue;
                detail::fail_with_errno(path_, "cannot write", errno);
            }
            data += written;
            bytes -= static_cast<std::size_t>(written);
        }
    }

    std::string path_;
    std::string target_;
    Temporary temporary_;
    std::string buffer_;
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
