// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/data/utf8.hpp>
#include <hat/io/byte_order_mark.hpp>
#include <hat/io/text_file.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hat::data {

namespace detail {

/// No text has such lines: whoever gives a file without any means another one.
inline constexpr std::size_t max_line_bytes = std::size_t{1} << 26;

/// A line without the CR that may end it.
///
/// Throws  `Error` with its number if it is not UTF-8
inline std::string_view checked_line(std::string_view line, std::int64_t number,
                                     std::string_view name) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (const std::size_t bad = find_invalid_utf8(line); bad != std::string_view::npos)
        fail(name, ":", number, ": byte ", bad + 1, " of the line is not valid UTF-8");
    return line;
}

}  // namespace detail

/// The lines of `text`, without the LF or CR LF that ends them; the last may lack it. A byte order
/// mark before the first is no part of it. `name` says in errors where the text is from.
///
/// Throws  `Error` with the number of the first line that is not UTF-8
[[nodiscard]] inline std::vector<std::string> split_lines(std::string_view text,
                                                          std::string_view name) {
    std::vector<std::string> lines;
    text = io::skip_byte_order_mark(text);
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.emplace_back(detail::checked_line(text.substr(0, end), std::ssize(lines) + 1, name));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

/// The lines of a file, one after the other, as `split_lines` cuts them; no more of it is held than
/// a piece and a line. `Input` is what it is read through: `io::InputFile`, or what has its `read`.
///
///     FileLines<> lines("train.en");
///     for (std::string_view line; lines.next(line);) …
template <class Input = io::InputFile>
class FileLines {
public:
    /// Throws  `Error` if the file cannot be opened
    explicit FileLines(std::string path) : path_(std::move(path)), input_(path_) {}

    /// The next line, which stays until the next call; false if there is none.
    ///
    /// Throws  `Error` if the file cannot be read, or the line is not UTF-8
    bool next(std::string_view& line) {
        begun_.clear();
        for (;;) {
            const std::size_t end = piece_.find('\n');
            const std::string_view part = piece_.substr(0, end);
            if (end != std::string_view::npos && begun_.empty()) {
                piece_.remove_prefix(end + 1);
                return take(part, line);
            }
            begun_ += part;
            if (begun_.size() > detail::max_line_bytes)
                fail(path_, ":", number_ + 1, ": the line is longer than ", detail::max_line_bytes,
                     " bytes");
            if (end != std::string_view::npos) {
                piece_.remove_prefix(end + 1);
                return take(begun_, line);
            }
            piece_ = std::string_view(buffer_).substr(0, input_.read(buffer_));
            if (piece_.empty()) return !without_mark(begun_).empty() && take(begun_, line);
        }
    }

    /// Of the last line; 0 before the first.
    [[nodiscard]] std::int64_t number() const noexcept { return number_; }
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
    [[nodiscard]] std::string_view without_mark(std::string_view text) const {
        return number_ == 0 ? io::skip_byte_order_mark(text) : text;
    }
    bool take(std::string_view text, std::string_view& line) {
        line = detail::checked_line(without_mark(text), number_ + 1, path_);
        ++number_;
        return true;
    }

    std::string path_;
    Input input_;
    std::string buffer_ = std::string(std::size_t{1} << 16U, '\0');
    std::string_view piece_;  ///< what is left of the buffer
    std::string begun_;       ///< the line that goes on in the next piece
    std::int64_t number_ = 0;
};

/// The lines of the file at `path`, which is read piece by piece.
///
/// Throws  `Error` if it cannot be read, is empty, or has a line that is not UTF-8
[[nodiscard]] inline std::vector<std::string> read_lines(const std::string& path) {
    FileLines<> file(path);
    std::vector<std::string> lines;
    for (std::string_view line; file.next(line);) lines.emplace_back(line);
    if (lines.empty()) fail(path, ": the file is empty, expected lines of text");
    return lines;
}

/// The lines as one text, each with LF at its end.
[[nodiscard]] inline std::string join_lines(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) (text += line) += '\n';
    return text;
}

}  // namespace hat::data
