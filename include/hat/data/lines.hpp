// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/data/utf8.hpp>
#include <hat/io/byte_order_mark.hpp>
#include <hat/io/text_file.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace hat::data {

namespace detail {

/// No text has such lines: whoever gives a file without any means another one.
inline constexpr std::size_t max_line_bytes = std::size_t{1} << 26;

/// Appends a line, without the CR that may end it.
///
/// Throws  `Error` with its number if it is not UTF-8
inline void add_line(std::vector<std::string>& lines, std::string_view line,
                     std::string_view name) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (const std::size_t bad = find_invalid_utf8(line); bad != std::string_view::npos)
        fail(name, ":", lines.size() + 1, ": byte ", bad + 1, " of the line is not valid UTF-8");
    lines.emplace_back(line);
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
        detail::add_line(lines, text.substr(0, end), name);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

/// The lines of the file at `path`, which is read piece by piece.
///
/// Throws  `Error` if it cannot be read, is empty, or has a line that is not UTF-8
[[nodiscard]] inline std::vector<std::string> read_lines(const std::string& path) {
    std::vector<std::string> lines;
    std::string begun;  // the line that goes on in the next piece
    const auto begun_line = [&] {
        return lines.empty() ? io::skip_byte_order_mark(begun) : std::string_view(begun);
    };
    io::visit_file(path, [&](std::string_view piece) {
        for (auto end = piece.find('\n'); end != piece.npos; end = piece.find('\n')) {
            begun += piece.substr(0, end);
            detail::add_line(lines, begun_line(), path);
            begun.clear();
            piece.remove_prefix(end + 1);
        }
        begun += piece;
        if (begun.size() > detail::max_line_bytes)
            fail(path, ":", lines.size() + 1, ": the line is longer than ", detail::max_line_bytes,
                 " bytes");
    });
    if (!begun_line().empty()) detail::add_line(lines, begun_line(), path);
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
