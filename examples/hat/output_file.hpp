// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/io/file_status.hpp>
#include <hat/io/temporary.hpp>
#include <hat/io/text_file.hpp>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace hat::program {

/// A file that a command is to write.
struct OutputFile {
    const char* flag;  ///< that names it
    std::string path;
    const char* kind;                        ///< what it is, with its article: "a latency plan"
    bool (*is_of_kind)(const std::string&);  ///< whether a file is one; an `Error` says no
};

/// Checks, before anything is computed, that a file may be written: nothing is there, or something
/// of the same kind that is none of the command's `inputs`.
///
/// Throws  `Error` that says what would be lost.
inline void check_output(const OutputFile& out, const std::vector<std::string>& inputs) {
    if (out.path.empty()) fail(out.flag, ": names no file");
    static_cast<void>(io::behind_link(out.path));
    if (!io::exists(out.path)) return;
    const auto is_output = [&](const std::string& input) {
        std::error_code error;
        return std::filesystem::equivalent(input, out.path, error) && !error;
    };
    if (std::any_of(inputs.begin(), inputs.end(), is_output))
        fail(out.path, ": is what this command reads, which would be lost; choose another ",
             out.flag);
    if (!io::is_regular_file(out.path)) fail(out.path, ": cannot write: not a regular file");
    std::error_code error;
    if (std::filesystem::file_size(out.path, error) == 0 && !error) return;
    bool is_of_kind = false;
    try {
        is_of_kind = out.is_of_kind(out.path);
    } catch (const Error&) {
        is_of_kind = false;
    }
    if (!is_of_kind)
        fail(out.path, ": is there already and is not ", out.kind,
             ", so that it would be lost; choose another ", out.flag, ", or remove it");
}

/// The first line of a file, or as much of it as may be one.
[[nodiscard]] inline std::string first_line(const std::string& path) {
    io::InputFile file(path);
    std::string piece(std::size_t{1} << 12U, '\0');
    piece.resize(file.read(piece));
    piece.resize(std::min(piece.find('\n'), piece.size()));
    if (piece.ends_with('\r')) piece.pop_back();
    return piece;
}

}  // namespace hat::program
