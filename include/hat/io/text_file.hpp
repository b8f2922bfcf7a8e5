// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace hat::io {

/// A file that is read once, from its first byte to its last: a regular one, or the pipe or
/// terminal behind `<(…)` and /dev/stdin.
///
/// Nothing else is opened, and nothing waited for that does not come: a directory, a socket, a disk
/// or a pipe without a writer is an error.
class InputFile {
public:
    /// Throws  `Error` if it cannot be opened or is larger than `limit_bytes`.
    explicit InputFile(std::string path, std::size_t limit_bytes = no_limit)
        : path_(std::move(path)),
          limit_bytes_(limit_bytes), descriptor_{::open(path_.c_str(), O_RDONLY | O_CLOEXEC |
                                                                           O_NONBLOCK | O_NOCTTY)} {
        if (descriptor_.number < 0) fail(path_, ": cannot open: ", std::strerror(errno));
        check_kind();
    }
    InputFile(const InputFile&) = delete;
    InputFile& operator=(const InputFile&) = delete;
    ~InputFile() = default;

    static constexpr std::size_t no_limit = ~std::size_t{0};

    /// Reads what comes next into `piece`; its length, 0 at the end.
    ///
    /// Throws  `Error` if that fails, or more than `limit_bytes` have come.
    std::size_t read(std::string& piece) {
        if (first_) {
            piece.front() = *std::exchange(first_, std::nullopt);
            return 1;
        }
        for (;;) {
            const ssize_t size = ::read(descriptor_.number, piece.data(), piece.size());
            if (size < 0 && errno == EINTR) continue;
            if (size < 0) fail(path_, ": cannot read: ", std::strerror(errno));
            read_bytes_ += static_cast<std::size_t>(size);
            if (read_bytes_ > limit_bytes_) fail_as_larger();
            return static_cast<std::size_t>(size);
        }
    }

private:
    struct Descriptor {
        explicit Descriptor(int of) noexcept : number(of) {}
        Descriptor(const Descriptor&) = delete;
        Descriptor& operator=(const Descriptor&) = delete;
        ~Descriptor() {
            if (number >= 0) ::close(number);
        }
        int number;
    };

    void check_kind() {
        struct stat status {};
        if (::fstat(descriptor_.number, &status) != 0)
            fail(path_, ": cannot read: ", std::strerror(errno));
        if (S_ISDIR(status.st_mode)) fail(path_, ": cannot read: ", std::strerror(EISDIR));
        if (S_ISREG(status.st_mode)) {
            if (static_cast<std::size_t>(status.st_size) > limit_bytes_) fail_as_larger();
            return;
        }
        if (S_ISFIFO(status.st_mode)) return wait_for_writer();
        if (!S_ISCHR(status.st_mode)) fail(path_, ": cannot read: neither a file nor a pipe");
        wait_from_now_on();
    }

    /// An end right at the beginning tells that there is no writer; not yet, where somebody opens
    /// it just now.
    void wait_for_writer() {
        constexpr int tries = 100;
        constexpr int pause_ms = 10;
        for (int i = 0; i < tries; ++i) {
            char byte = 0;
            const ssize_t size = ::read(descriptor_.number, &byte, 1);
            if (size == 1) first_ = byte;
            if (size == 1 || (size < 0 && errno == EAGAIN)) return wait_from_now_on();
            ::poll(nullptr, 0, pause_ms);
        }
        fail(path_, ": is a pipe that nobody writes to");
    }

    void wait_from_now_on() const {
        const int flags = ::fcntl(descriptor_.number, F_GETFL);
        ::fcntl(descriptor_.number, F_SETFL, flags & ~O_NONBLOCK);
    }

    [[noreturn]] void fail_as_larger() const {
        fail(path_, ": is larger than ", limit_bytes_, " bytes");
    }

    std::string path_;
    std::size_t limit_bytes_;
    std::size_t read_bytes_ = 0;
    Descriptor descriptor_;
    std::optional<char> first_{};  ///< of a pipe, read to see that somebody writes to it
};

/// Calls `visit` with the content of the file at `path`, piece after piece.
///
/// Throws  `Error` as `InputFile`; what `visit` throws
template <class Visit>
void visit_file(const std::string& path, Visit visit,
                std::size_t limit_bytes = InputFile::no_limit) {
    InputFile file(path, limit_bytes);
    std::string piece(std::size_t{1} << 16, '\0');
    while (const std::size_t size = file.read(piece))
        visit(std::string_view(piece).substr(0, size));
}

/// The whole content of the file at `path`, byte by byte.
///
/// Throws  `Error` if it cannot be read or is larger than `limit_bytes`.
[[nodiscard]] inline std::string read_file(const std::string& path,
                                           std::size_t limit_bytes = std::size_t{1} << 28) {
    std::string text;
    visit_file(
        path, [&](std::string_view piece) { text += piece; }, limit_bytes);
    return text;
}

}  // namespace hat::io
