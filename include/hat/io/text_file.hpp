// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <string>

namespace hat::io {

/// The whole content of the file at `path`, byte by byte.
///
/// Throws  `Error` if it cannot be read or is larger than `limit_bytes`.
[[nodiscard]] inline std::string read_file(const std::string& path,
                                           std::size_t limit_bytes = std::size_t{1} << 32) {
    std::FILE* file = std::fopen(path.c_str(), "rb");
    if (file == nullptr) fail(path, ": cannot open: ", std::strerror(errno));
    struct Closer {
        std::FILE* file;
        ~Closer() { std::fclose(file); }
    } const closer{file};

    std::string text;
    constexpr std::size_t chunk = std::size_t{1} << 16;
    std::size_t read = 0;
    do {
        const std::size_t size = text.size();
        text.resize(size + chunk);
        errno = 0;
        read = std::fread(text.data() + size, 1, chunk, file);
        text.resize(size + read);
        if (text.size() > limit_bytes) fail(path, ": is larger than ", limit_bytes, " bytes");
    } while (read == chunk);
    if (std::ferror(file) != 0) fail(path, ": cannot read: ", std::strerror(errno));
    return text;
}

}  // namespace hat::io
