// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/data/lines.hpp>
#include <hat/io/line_reader.hpp>

#include <iterator>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

namespace hat::program {

inline constexpr const char* standard_input = "standard input";

/// All lines of standard input.
///
/// Throws  `Error` with the number of the first line that is not UTF-8 or has more than 1 GiB, or
///         if reading fails
inline std::vector<std::string> read_standard_input() {
    io::LineReader reader(STDIN_FILENO, standard_input);
    std::vector<std::string> lines;
    while (auto line = reader.next()) {
        if (line->dropped_bytes > 0)
            fail(standard_input, ":", line->number, ": the line has ",
                 line->text.size() + line->dropped_bytes, " bytes, expected at most 2^30");
        lines.emplace_back(
            data::detail::checked_line(line->text, std::ssize(lines) + 1, standard_input));
    }
    return lines;
}

}  // namespace hat::program
