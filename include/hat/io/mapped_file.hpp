// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <span>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace hat::io {

/// A file's content as read-only memory, loaded page by page as it is touched.
///
/// Files that are replaced by renaming, as `AtomicFile` does, keep their old content here. A file
/// that another program cuts short while it is mapped ends this one with SIGBUS.
class MappedFile {
public:
    /// Throws  `Error` if it cannot be opened or is not a regular file.
    explicit MappedFile(const std::string& path) {
        const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (descriptor < 0) fail(path, ": cannot open: ", std::strerror(errno));
        struct stat status {};
        const bool regular = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
        void* memory = nullptr;
        if (regular && status.st_size > 0)
            memory = ::mmap(nullptr, static_cast<std::size_t>(status.st_size), PROT_READ,
                            MAP_PRIVATE, descriptor, 0);
        const int error = errno;
        ::close(descriptor);
        if (!regular) fail(path, ": not a regular file");
        if (memory == MAP_FAILED) fail(path, ": cannot map: ", std::strerror(error));
        bytes_ = {static_cast<const std::byte*>(memory), static_cast<std::size_t>(status.st_size)};
    }

    MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
    MappedFile& operator=(MappedFile&& other) noexcept {
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    ~MappedFile() {
        if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
    }

    [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }

private:
    std::span<const std::byte> bytes_;
};

}  // namespace hat::io
