// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/io/byte_order_mark.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <poll.h>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace hat::io {

/// A line of a stream, without the LF or CR LF that ends it.
struct Line {
    std::string text;
    std::uint64_t number = 0;         ///< the first one is 1
    std::uint64_t dropped_bytes = 0;  ///< behind `text`, of a line longer than the limit
};

/// The lines of a file, pipe or terminal as they come, so that a program can answer what it was
/// given before it waits for more.
///
///     LineReader reader(STDIN_FILENO, "standard input");
///     while (auto line = reader.next()) {               // waits
///         std::vector<Line> lines{std::move(*line)};
///         while (lines.size() < 1024 && (line = reader.next_at_hand())) lines.push_back(*line);
///         answer(lines);
///     }
///
/// The last line may lack its LF. A byte order mark at the start is skipped. However long a line
/// is, no more than `limit_bytes` of it are held.
class LineReader {
public:
    /// Reads from an open descriptor, which stays the caller's; `name` begins messages. Once there
    /// is something to read from descriptor `stop`, if any, nothing more is read: the whole lines
    /// that were taken are the last ones.
    LineReader(int descriptor, std::string name, std::size_t limit_bytes = std::size_t{1} << 30,
               int stop = -1)
        : descriptor_(descriptor), name_(std::move(name)), limit_(limit_bytes), stop_(stop) {}

    LineReader(const LineReader&) = delete;  // what is read is a view of its buffer
    LineReader& operator=(const LineReader&) = delete;

    /// The next line, or nothing at the end.
    ///
    /// Throws  `Error` if the stream cannot be read
    [[nodiscard]] std::optional<Line> next() {
        while (!take())
            if (is_at_end_ || !read()) return last();
        return std::exchange(line_, {});
    }

    /// The next line if it can be had without waiting, or nothing.
    ///
    /// Throws  `Error` if the stream cannot be read
    [[nodiscard]] std::optional<Line> next_at_hand() {
        while (!take()) {
            if (!is_at_end_ && !is_readable(0)) return std::nullopt;
            if (is_at_end_ || !read()) return last();
        }
        return std::exchange(line_, {});
    }

    /// Whether it was told to stop before the end.
    [[nodiscard]] bool is_stopped() const noexcept { return is_stopped_; }

private:
    /// Moves bytes to `line_` up to the end of a line. Returns whether it is whole.
    bool take() {
        if (bytes_.empty()) return false;
        const std::size_t end = bytes_.find('\n');
        append(bytes_.substr(0, end));
        bytes_.remove_prefix(end == std::string_view::npos ? bytes_.size() : end + 1);
        if (end == std::string_view::npos) return false;
        finish();
        return true;
    }

    void append(std::string_view bytes) {
        is_begun_ = true;
        const std::size_t kept = std::min(bytes.size(), limit_ - line_.text.size());
        if (kept < bytes.size() && line_.dropped_bytes == 0) first_dropped_ = bytes[kept];
        line_.text.append(bytes.substr(0, kept));
        line_.dropped_bytes += bytes.size() - kept;
    }

    void finish() {
        is_begun_ = false;
        line_.number = ++number_;
        if (number_ == 1)
            line_.text.erase(0, line_.text.size() - skip_byte_order_mark(line_.text).size());
        if (line_.dropped_bytes == 1 && first_dropped_ == '\r')
            line_.dropped_bytes = 0;
        else if (line_.dropped_bytes > 0)
            drop_cut_character();
        else if (line_.text.ends_with('\r'))
            line_.text.pop_back();
    }

    /// Of a line that was cut within a character, what there is of it.
    void drop_cut_character() {
        if (!is_continuation(static_cast<unsigned char>(first_dropped_))) return;
        const auto drop = [&] {
            const auto byte = static_cast<unsigned char>(line_.text.back());
            line_.text.pop_back();
            ++line_.dropped_bytes;
            return byte;
        };
        for (int i = 0; i < 4 && !line_.text.empty(); ++i)
            if (!is_continuation(drop())) break;
    }

    /// Whether a byte of UTF-8 begins no character.
    static bool is_continuation(unsigned char byte) noexcept { return (byte & 0xC0U) == 0x80U; }

    /// What no LF ends, if anything.
    std::optional<Line> last() {
        if (!is_begun_ || is_stopped_) return std::nullopt;
        finish();
        if (number_ == 1 && line_.text.empty()) return std::nullopt;  // nothing but the mark
        return std::exchange(line_, {});
    }

    /// Reads once, waiting for input if need be. Returns whether there was any.
    bool read() {
        for (;;) {
            if (stop_ >= 0) {
                static_cast<void>(is_readable(-1));
                if (is_stopped_) return false;
            }
            const ssize_t n = ::read(descriptor_, buffer_.data(), buffer_.size());
            if (n >= 0) {
                bytes_ = std::string_view(buffer_).substr(0, static_cast<std::size_t>(n));
                is_at_end_ = n == 0;
                return n > 0;
            }
            if (errno == EAGAIN || errno == EWOULDBLOCK)
                static_cast<void>(is_readable(-1));
            else if (errno != EINTR)
                fail(name_, ": cannot be read: ", std::strerror(errno));
        }
    }

    /// Whether reading would not wait; tells an end and an error alike, which reading finds out. To
    /// be told to stop is an end.
    [[nodiscard]] bool is_readable(int timeout_ms) {
        std::array<pollfd, 2> inputs{pollfd{.fd = descriptor_, .events = POLLIN, .revents = 0},
                                     pollfd{.fd = stop_, .events = POLLIN, .revents = 0}};
        int ready = 0;
        do ready = ::poll(inputs.data(), inputs.size(), timeout_ms);
        while (ready < 0 && errno == EINTR);
        if (inputs[1].revents != 0) is_at_end_ = is_stopped_ = true;
        return ready != 0;
    }

    int descriptor_;
    std::string name_;
    std::size_t limit_;
    int stop_;
    std::string buffer_ = std::string(std::size_t{1} << 16, '\0');
    std::string_view bytes_;  ///< what is left in the buffer
    Line line_;               ///< as far as it has come
    char first_dropped_ = 0;  ///< of the bytes of this line behind the limit
    bool is_begun_ = false;
    bool is_at_end_ = false;
    bool is_stopped_ = false;
    std::uint64_t number_ = 0;
};

}  // namespace hat::io
