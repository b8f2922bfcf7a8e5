// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/data/lines.hpp>

#include <array>
#include <cstdio>
#include <string>
#include <vector>

namespace hat::program {

/// All lines of standard input.
/// Throws  `Error` with the number of the first line that is not UTF-8, or if reading fails.
inline std::vector<std::string> read_standard_input() {
    std::string text;
    std::array<char, 65536> buffer{};
    while (const std::size_t n = std::fread(buffer.data(), 1, buffer.size(), stdin)) {
        text.append(buffer.data(), n);
    }
    if (std::ferror(stdin) != 0) fail("standard input: cannot be read");
    return data::split_lines(text, "standard input");
}

}  // namespace hat::program
