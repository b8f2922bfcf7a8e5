// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/data/utf8.hpp>
#include <hat/io/text_file.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace hat::data {

/// The lines of `text`, without the LF or CR LF that ends them; the last may lack it. `name` says
/// in errors where the text is from.
///
/// Throws  `Error` with the number of the first line that is not UTF-8
[[nodiscard]] inline std::vector<std::string> split_lines(std::string_view text,
                                                          std::string_view name) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (const std::size_t bad = find_invalid_utf8(line); bad != std::string_view::npos)
            fail(name, ":", lines.size() + 1, ": byte ", bad + 1,
                 " of the line is not valid UTF-8");
        lines.emplace_back(line);
    }
    return lines;
}

/// The lines of the file at `path`.
///
/// Throws  `Error` if it cannot be read, is empty, or has a line that is not UTF-8
[[nodiscard]] inline std::vector<std::string> read_lines(const std::string& path) {
    const std::string text = io::read_file(path);
    if (text.empty()) fail(path, ": the file is empty, expected lines of text");
    return split_lines(text, path);
}

/// The lines as one text, each with LF at its end.
[[nodiscard]] inline std::string join_lines(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) (text += line) += '\n';
    return text;
}

}  // namespace hat::data
