// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/io/mapped_file.hpp>
#include <hat/io/temporary.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <unistd.h>
#include <utility>

namespace hat::io {

/// Bytes put aside on the disk: a file without a name in the directory of a target, which the
/// system removes with the process, however that ends.
///
///     Spool spool("data");
///     spool.write(text);
///     SpoolReader reader(spool, 0, spool.size());
class Spool {
public:
    /// Beside `target`, which messages name.
    ///
    /// Throws  `Error` if its directory takes no file
    explicit Spool(std::string target) : target_(std::move(target)) {
        const std::string directory = detail::parent_directory(target_);
        descriptor_ = ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        if (descriptor_ < 0) open_named(directory);
        buffer_.reserve(buffer_bytes);
    }
    Spool(Spool&& other) noexcept
        : target_(std::move(other.target_)), descriptor_(std::exchange(other.descriptor_, -1)),
          size_(std::exchange(other.size_, 0)), buffer_(std::move(other.buffer_)) {}
    Spool& operator=(Spool&&) = delete;
    ~Spool() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }

    /// Throws  `Error` if the disk is full, here or in a later call
    void write(const void* data, std::size_t bytes) {
        if (buffer_.size() + bytes > buffer_bytes) flush();
        if (bytes >= buffer_bytes)
            write_through(static_cast<const char*>(data), bytes);
        else
            buffer_.append(static_cast<const char*>(data), bytes);
        size_ += bytes;
    }
    void write(std::string_view text) { write(text.data(), text.size()); }

    /// Bytes that were written.
    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

    /// Lets all be read that was written.
    void flush() {
        write_through(buffer_.data(), buffer_.size());
        buffer_.clear();
    }
    /// Reads bytes from `offset` on; how many, 0 only at the end of what was flushed.
    ///
    /// Throws  `Error` if that fails
    [[nodiscard]] std::size_t read(std::uint64_t offset, char* to, std::size_t most) const {
        for (;;) {
            const ssize_t got = ::pread(descriptor_, to, most, static_cast<off_t>(offset));
            if (got >= 0) return static_cast<std::size_t>(got);
            if (errno != EINTR) detail::fail_with_errno(target_, "cannot read", errno);
        }
    }
    /// All that was written, as memory that outlives the spool.
    [[nodiscard]] MappedFile map() {
        flush();
        return {descriptor_, target_};
    }

private:
    static constexpr std::size_t buffer_bytes = std::size_t{1} << 16U;

    /// For file systems that have only files with names: it loses its name at once.
    void open_named(const std::string& directory) {
        std::string name = directory + "/hat.tmp-XXXXXX";
        descriptor_ = ::mkostemp(name.data(), O_CLOEXEC);
        if (descriptor_ < 0) detail::fail_with_errno(target_, "cannot write", errno);
        ::unlink(name.c_str());
    }

    void write_through(const char* data, std::size_t bytes) {
        while (bytes > 0) {
            const ssize_t written = ::write(descriptor_, data, bytes);
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) detail::fail_with_errno(target_, "cannot write", errno);
            data += written;
            bytes -= static_cast<std::size_t>(written);
        }
    }

    std::string target_;
    int descriptor_ = -1;
    std::uint64_t size_ = 0;
    std::string buffer_;
};

/// A part of a spool, read from its beginning to its end by pieces of a buffer.
class SpoolReader {
public:
    /// Bytes `begin` … `end` − 1 of `spool`, which was flushed and must outlive it.
    SpoolReader(const Spool& spool, std::uint64_t begin, std::uint64_t end,
                std::size_t buffer_bytes = std::size_t{1} << 18U)
        : spool_(&spool), next_(begin), end_(end),
          buffer_(std::max<std::size_t>(buffer_bytes, 64), '\0') {}

    /// The next piece; empty at the end.
    ///
    /// Throws  `Error` if the spool cannot be read, or ends too early
    [[nodiscard]] std::string_view next() {
        const auto wanted = std::min<std::uint64_t>(buffer_.size(), end_ - next_);
        if (wanted == 0) return {};
        const auto got = spool_->read(next_, buffer_.data(), static_cast<std::size_t>(wanted));
        if (got == 0) fail("a temporary file was cut short by another program");
        next_ += got;
        return std::string_view(buffer_).substr(0, got);
    }
    /// Copies `size` bytes to `to`; false if there are none left.
    ///
    /// Throws  as `next`; `Error` if there are fewer
    bool read(void* to, std::size_t size) {
        char* place = static_cast<char*>(to);
        if (piece_.empty() && (piece_ = next()).empty()) return false;
        for (;;) {
            const std::size_t part = std::min(size, piece_.size());
            std::copy_n(piece_.data(), part, place);
            piece_.remove_prefix(part);
            place += part;
            size -= part;
            if (size == 0) return true;
            if ((piece_ = next()).empty()) fail("a temporary file was cut short");
        }
    }

private:
    const Spool* spool_;
    std::uint64_t next_;
    std::uint64_t end_;
    std::string buffer_;
    std::string_view piece_;  ///< of `read`: what is left of the buffer
};

}  // namespace hat::io
