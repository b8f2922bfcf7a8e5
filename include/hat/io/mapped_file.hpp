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
/// Files that are replaced by renaming, as `AtomicFile` does, keep their old content here (not on a
/// network's file system where another machine does so). A file that another program cuts short
/// while it is mapped ends this one with SIGBUS.
class MappedFile {
public:
    /// Throws  `Error` if it cannot be opened or is not a regular file.
    explicit MappedFile(const std::string& path) {
        const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (descriptor < 0) fail(path, ": cannot open: ", std::strerror(errno));
        const int error = map(descriptor);
        ::close(descriptor);
        if (error == not_regular) fail(path, ": not a regular file");
        if (error != 0) fail(path, ": cannot map: ", std::strerror(error));
    }
    /// The same of an open file, whose descriptor stays the caller's; `name` begins the message.
    MappedFile(int descriptor, const std::string& name) {
        const int error = map(descriptor);
        if (error == not_regular) fail(name, ": not a regular file");
        if (error != 0) fail(name, ": cannot map: ", std::strerror(error));
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

    /// Gives back the memory of the pages that `part` of these bytes touches: they are loaded again
    /// when they are read again.
    void forget(std::span<const std::byte> part) const noexcept {
        if (part.empty()) return;
        const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
        const auto begin = static_cast<std::size_t>(part.data() - bytes_.data()) / page * page;
        const auto end = static_cast<std::size_t>(part.data() - bytes_.data()) + part.size();
        auto* const first = const_cast<std::byte*>(bytes_.data()) + begin;  // NOLINT: as it wants
        ::madvise(first, end - begin, MADV_DONTNEED);
    }
    /// visit(piece) with all bytes, from the first to the last; what was visited is forgotten.
    template <class Visit>
    void visit_pieces(const Visit& visit) const {
        constexpr std::size_t most = std::size_t{1} << 23U;
        for (auto rest = bytes_; !rest.empty();) {
            const auto piece = rest.first(rest.size() < most ? rest.size() : most);
            visit(piece);
            forget(piece);
            rest = rest.subspan(piece.size());
        }
    }

private:
    static constexpr int not_regular = -1;

    /// What went wrong: nothing, `not_regular` or an error of the system.
    int map(int descriptor) noexcept {
        struct stat status {};
        if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) return not_regular;
        if (status.st_size == 0) return 0;
        const auto size = static_cast<std::size_t>(status.st_size);
        void* const memory = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
        if (memory == MAP_FAILED) return errno;
        bytes_ = {static_cast<const std::byte*>(memory), size};
        return 0;
    }

    std::span<const std::byte> bytes_;
};

}  // namespace hat::io
