// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hat::data {

/// Right translations of the same sentences by one or several hands: line i of each translates
/// sentence i.
using References = std::span<const std::vector<std::string>>;

/// All translations of sentence `i`. Precondition: each of the references has it.
[[nodiscard]] inline std::vector<std::string_view> references_of(References references,
                                                                 std::size_t i) {
    std::vector<std::string_view> lines;
    lines.reserve(references.size());
    for (const std::vector<std::string>& reference : references) lines.emplace_back(reference[i]);
    return lines;
}

/// Throws  `Error` unless there are references, each with a line for every hypothesis; `metric`
///         begins the message
inline void check_references(std::string_view metric, std::size_t hypotheses,
                             References references) {
    if (references.empty()) fail(metric, ": there are no references");
    for (const std::vector<std::string>& reference : references)
        if (reference.size() != hypotheses)
            fail(metric, ": found ", hypotheses, " hypotheses and ", reference.size(),
                 " references, expected one reference for every hypothesis");
}

}  // namespace hat::data
