// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace hat::program {

/// Characters to insert, delete, replace, or swap with their neighbour to get from `a` to `b`.
///
/// See  Damerau, "A technique for computer detection and correction of spelling errors" (1964)
[[nodiscard]] inline std::size_t spelling_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        before.swap(last);
        last.swap(row);
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            row[j] = std::min({last[j] + 1, row[j - 1] + 1,
                               last[j - 1] + static_cast<std::size_t>(a[i - 1] != b[j - 1])});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], before[j - 2] + 1);
        }
    }
    return row[b.size()];
}

/// The one of `names` that `word` is most likely a misspelling or the beginning of; empty if it is
/// like none of them.
[[nodiscard]] inline std::string nearest_name(std::string_view word,
                                              const std::vector<std::string>& names) {
    std::string nearest;
    if (word.size() > 64) return nearest;
    std::size_t least = word.size() / 3 + 2;
    for (const std::string& name : names) {
        const bool begun = word.size() > 2 && name.starts_with(word);
        const std::size_t distance = begun ? 1 : spelling_distance(word, name);
        if (distance >= least) continue;
        least = distance;
        nearest = name;
    }
    return nearest;
}

}  // namespace hat::program
