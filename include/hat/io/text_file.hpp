// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

namespace hat::io {

/// Calls `visit` with the content of the file at `path`, piece after piece.
///
/// Throws  `Error` if it cannot be read; what `visit` throws
template <class Visit>
void visit_file(const std::string& path, Visit visit) {
    std::FILE* file = std::fopen(path.c_str(), "rb");
    if (file == nullptr) fail(path, ": cannot open: ", std::strerror(errno));
    struct Closer {
        std::FILE* file;
        ~Closer() { std::fclose(file); }
    } const closer{file};
    std::string piece(std::size_t{1} << 16, '\0');
    errno = 0;
    while (const std::size_t size = std::fread(piece.data(), 1, piece.size(), file))
        visit(std::string_view(piece).substr(0, size));
    if (std::ferror(file) != 0) fail(path, ": cannot read: ", std::strerror(errno));
}

/// The whole content of the file at `path`, byte by byte.
///
/// Throws  `Error` if it cannot be read or is larger than `limit_bytes`.
[[nodiscard]] inline std::string read_file(const std::string& path,
                                           std::size_t limit_bytes = std::size_t{1} << 32) {
    std::string text;
    visit_file(path, [&](std::string_view piece) {
        text += piece;
        if (text.size() > limit_bytes) fail(path, ": is larger than ", limit_bytes, " bytes");
    });
    return text;
}

}  // namespace hat::io
