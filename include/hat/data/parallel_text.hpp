// SPDX-License-Identifier: Apache-2.0
// Needs: utf8proc
#pragma once

#include <hat/core/error.hpp>
#include <hat/data/corpus.hpp>
#include <hat/data/lines.hpp>
#include <hat/data/unicode.hpp>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace hat::data {

/// Line `i` of `target` translates line `i` of `source`.
struct ParallelText {
    std::vector<std::string> source;
    std::vector<std::string> target;
    int dropped = 0;  // pairs left out because a side was empty

    [[nodiscard]] int size() const noexcept { return static_cast<int>(source.size()); }
};

/// What to do with a pair of which one side is blank: nothing but white space and characters that
/// are not seen.
enum class EmptyLines { error, drop };

/// Reads two files of which one translates the other, line by line.
///
/// Throws  `Error` if a file cannot be read, is empty or has a line that is not UTF-8; if they
///         differ in length; and at an empty line, unless such pairs are to be dropped
[[nodiscard]] inline ParallelText read_parallel_text(const std::string& source_path,
                                                     const std::string& target_path,
                                                     EmptyLines empty_lines = EmptyLines::error) {
    std::vector<std::string> source = read_lines(source_path);
    std::vector<std::string> target = read_lines(target_path);
    if (source.size() != target.size())
        fail(source_path, " has ", source.size(), " lines and ", target_path, " has ",
             target.size(), ", expected as many in both");

    ParallelText text;
    for (std::size_t i = 0; i < source.size(); ++i) {
        const bool source_is_blank = is_blank(source[i]);
        if (source_is_blank || is_blank(target[i])) {
            if (empty_lines == EmptyLines::error)
                fail(source_is_blank ? source_path : target_path, ":", i + 1,
                     ": the line is empty, expected text");
            ++text.dropped;
            continue;
        }
        text.source.push_back(std::move(source[i]));
        text.target.push_back(std::move(target[i]));
    }
    if (text.source.empty())
        fail(source_path, " and ", target_path, " have no pair without an empty line");
    return text;
}

/// Both sides of a text, line by line; see `encode` of one side in corpus.hpp.
template <class SourceSubword, class TargetSubword>
[[nodiscard]] Corpus encode(const ParallelText& text, const SourceSubword& source,
                            const TargetSubword& target) {
    return {encode(text.source, source), encode(text.target, target)};
}

}  // namespace hat::data
