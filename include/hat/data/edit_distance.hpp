// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace hat::data {

/// One step on the way from a hypothesis to its reference.
///
/// keep      a word that both have
/// replace   one word by another
/// insert    a word that only the reference has
/// remove    a word that only the hypothesis has
enum class Edit : std::uint8_t { keep, replace, insert, remove };

/// The fewest edits from a hypothesis to its reference, in their order.
struct EditPath {
    std::int64_t edits = 0;  ///< those that change something
    std::vector<Edit> path{};
};

/// Levenshtein's distance of words, near the diagonal only: row i of the table is computed
/// `beam_width` to either side of where it crosses the diagonal, as sacreBLEU's TER does it.
/// Of equally short ways it takes: keep or replace, remove, insert.
///
/// Cost    50 comparisons a word, or as many as one side is longer than the other
template <class Word>
[[nodiscard]] EditPath edit_path(const std::vector<Word>& hypothesis,
                                 const std::vector<Word>& reference) {
    constexpr std::int64_t beam_width = 25;
    constexpr std::int64_t infinity = std::numeric_limits<std::int64_t>::max() / 2;
    struct Cell {
        std::int64_t cost = infinity;
        Edit edit = Edit::keep;
    };
    /// The cells of a row that are not infinite: `first`, `first + 1`, ….
    struct Row {
        std::int64_t first = 0;
        std::vector<Cell> cells{};

        [[nodiscard]] Cell at(std::int64_t j) const {
            const std::int64_t i = j - first;
            return i < 0 || i >= std::ssize(cells) ? Cell{} : cells[static_cast<std::size_t>(i)];
        }
    };
    const std::int64_t rows = std::ssize(hypothesis);
    const std::int64_t columns = std::ssize(reference);
    const double slope = rows == 0 ? 1.0 : static_cast<double>(columns) / static_cast<double>(rows);
    // Rows must overlap where the reference is very much longer.
    const std::int64_t width = static_cast<double>(beam_width) < slope / 2
                                   ? static_cast<std::int64_t>(std::ceil(slope / 2 + beam_width))
                                   : beam_width;

    std::vector<Row> table(static_cast<std::size_t>(rows) + 1);
    for (std::int64_t j = 0; j <= columns; ++j) table[0].cells.push_back({j, Edit::insert});
    for (std::int64_t i = 1; i <= rows; ++i) {
        const Row& above = table[static_cast<std::size_t>(i) - 1];
        Row& row = table[static_cast<std::size_t>(i)];
        const auto diagonal = static_cast<std::int64_t>(std::floor(static_cast<double>(i) * slope));
        row.first = std::max<std::int64_t>(0, diagonal - width);
        const std::int64_t end = i == rows ? columns + 1 : std::min(columns + 1, diagonal + width);
        for (std::int64_t j = row.first; j < end; ++j) {
            Cell cell;
            const auto offer = [&cell](std::int64_t cost, Edit edit) {
                if (cost < cell.cost) cell = {cost, edit};
            };
            if (j > 0) {
                const bool same = hypothesis[static_cast<std::size_t>(i) - 1] ==
                                  reference[static_cast<std::size_t>(j) - 1];
                offer(above.at(j - 1).cost + (same ? 0 : 1), same ? Edit::keep : Edit::replace);
            }
            offer(above.at(j).cost + 1, Edit::remove);
            if (j > 0) offer(row.at(j - 1).cost + 1, Edit::insert);
            row.cells.push_back(cell);
        }
    }

    EditPath result{.edits = table.back().at(columns).cost};
    for (std::int64_t i = rows, j = columns; i > 0 || j > 0;) {
        const Edit edit = table[static_cast<std::size_t>(i)].at(j).edit;
        result.path.push_back(edit);
        i -= edit == Edit::insert ? 0 : 1;
        j -= edit == Edit::remove ? 0 : 1;
    }
    std::reverse(result.path.begin(), result.path.end());
    return result;
}

}  // namespace hat::data
