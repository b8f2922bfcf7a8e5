// SPDX-License-Identifier: Apache-2.0
// Needs: zlib
#pragma once

#include <hat/data/lines.hpp>
#include <hat/io/gzip_file.hpp>
#include <hat/io/text_file.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace hat::data {

/// Whether a file is packed, as its name says.
[[nodiscard]] inline bool is_gzip_name(std::string_view path) noexcept {
    return path.ends_with(".gz");
}

/// The lines of a file, which is a gzip archive if its name ends in ".gz"; see `FileLines`.
class PackedLines {
public:
    /// Throws  `Error` if the file cannot be opened
    explicit PackedLines(const std::string& path) {
        if (is_gzip_name(path))
            lines_.emplace<FileLines<io::GzipFile>>(path);
        else
            lines_.emplace<FileLines<io::InputFile>>(path);
    }

    /// The next line, which stays until the next call; false if there is none.
    ///
    /// Throws  `Error` if the file cannot be read or unpacked, or the line is not UTF-8
    bool next(std::string_view& line) {
        auto* const packed = std::get_if<FileLines<io::GzipFile>>(&lines_);
        return packed != nullptr ? packed->next(line) : plain().next(line);
    }
    /// Of the last line; 0 before the first.
    [[nodiscard]] std::int64_t number() {
        const auto* const packed = std::get_if<FileLines<io::GzipFile>>(&lines_);
        return packed != nullptr ? packed->number() : plain().number();
    }

private:
    FileLines<io::InputFile>& plain() { return std::get<FileLines<io::InputFile>>(lines_); }

    std::variant<std::monostate, FileLines<io::InputFile>, FileLines<io::GzipFile>> lines_;
};

}  // namespace hat::data
