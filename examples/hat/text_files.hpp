// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/data/packed_lines.hpp>
#include <hat/data/spooled_text.hpp>
#include <hat/data/unicode.hpp>
#include <hat/io/json.hpp>

#include "prepare_resources.hpp"
#include "protection.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

/// The files that `hat prepare` reads, each once, from its first to its last line.
namespace hat::program {

/// One file after the other is a text.
using TextFileNames = std::vector<std::string>;

/// "a.en, b.en".
[[nodiscard]] inline std::string joined(const TextFileNames& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
}

/// As configurations name them: one name, or a list of several.
[[nodiscard]] inline io::Json names_json(const TextFileNames& names) {
    return names.size() == 1 ? io::Json(names.front()) : io::Json(names);
}

inline CLI::Option* add_files_flag(CLI::App& command, const char* name, TextFileNames& names,
                                   const char* what) {
    return command.add_option(name, names, what)->type_name("FILE …");
}

/// Two texts, of which the k-th file of one is a translation of the k-th of the other.
struct PairFiles {
    TextFileNames sources, targets;
    const char* source_flag = "--source";
    const char* target_flag = "--target";
};

namespace detail {

/// Reads one file and its translation.
class PairReader {
public:
    PairReader(const std::string& source, const std::string& target)
        : source_path_(source), target_path_(target), source_(source), target_(target) {}

    /// False at the end of both.
    ///
    /// Throws  `Error` if they differ in length or are empty
    bool next(std::string_view& source, std::string_view& target) {
        const bool has_source = source_.next(source);
        const bool has_target = target_.next(target);
        if (has_source && has_target) return true;
        while (has_source && source_.next(source)) continue;
        while (has_target && target_.next(target)) continue;
        if (source_.number() == 0) fail_as_empty(source_path_);
        if (target_.number() == 0) fail_as_empty(target_path_);
        if (source_.number() != target_.number())
            fail(source_path_, " has ", source_.number(), " lines and ", target_path_, " has ",
                 target_.number(), ", expected as many in both");
        return false;
    }
    [[nodiscard]] std::int64_t number() { return source_.number(); }

    [[noreturn]] static void fail_as_empty(const std::string& path) {
        fail(path, ": the file is empty, expected lines of text");
    }

private:
    const std::string& source_path_;
    const std::string& target_path_;
    data::PackedLines source_, target_;
};

}  // namespace detail

/// Reads all pairs, with symbols for what `patterns` protect; `name` begins what is told of that.
///
/// Throws  `Error` if a file cannot be read, is empty or has a line that is not UTF-8; if two
///         differ in length; at an empty line, unless such pairs are to be dropped; or if no pair
///         is left
inline data::SpooledText read_pairs(const PairFiles& files, bool drop_empty,
                                    const std::vector<std::string>& patterns, const char* name,
                                    const PrepareResources& resources) {
    if (files.sources.size() != files.targets.size())
        fail(files.source_flag, " names ", files.sources.size(), " files and ", files.target_flag,
             " ", files.targets.size(), ", expected as many");
    data::SpooledText text(resources.out, data::SpooledText::pairs, resources.block_bytes());
    PairProtection protection(patterns);
    std::string masked_source;
    std::string masked_target;
    std::int64_t all = 0;
    for (std::size_t k = 0; k < files.sources.size(); ++k) {
        const std::string& source_path = files.sources[k];
        const std::string& target_path = files.targets[k];
        detail::PairReader pairs(source_path, target_path);
        std::int64_t dropped = 0;
        for (std::string_view source, target; pairs.next(source, target);) {
            const bool source_is_blank = data::is_blank(source);
            if (source_is_blank || data::is_blank(target)) {
                if (!drop_empty)
                    fail(source_is_blank ? source_path : target_path, ":", pairs.number(),
                         ": the line is empty, expected text");
                ++dropped;
                continue;
            }
            ++all;
            if (patterns.empty()) {
                text.push_back(source, target);
            } else {
                masked_source = source;
                masked_target = target;
                if (protection.keeps(masked_source, masked_target))
                    text.push_back(masked_source, masked_target);
            }
        }
        if (dropped > 0)
            std::fprintf(stderr, "%s: left out %lld pairs with an empty line\n",
                         source_path.c_str(), static_cast<long long>(dropped));
    }
    if (all == 0)
        fail(joined(files.sources), " and ", joined(files.targets),
             " have no pair without an empty line");
    protection.tell(name);
    if (text.size() == 0) fail("prepare: no ", name, " pair is left");
    return text;
}

/// Reads all lines; those that are blank are empty.
///
/// Throws  `Error` if a file cannot be read, is not UTF-8, or has no other lines
inline data::SpooledText read_text(const TextFileNames& files, const PrepareResources& resources) {
    data::SpooledText text(resources.out, data::SpooledText::lines, resources.block_bytes());
    for (const std::string& path : files) {
        data::PackedLines lines(path);
        bool has_text = false;
        for (std::string_view line; lines.next(line);) {
            const bool is_blank = data::is_blank(line);
            has_text = has_text || !is_blank;
            text.push_back(is_blank ? std::string_view() : line);
        }
        if (lines.number() == 0) detail::PairReader::fail_as_empty(path);
        if (!has_text) fail(path, ": all lines are empty, expected text");
    }
    return text;
}

}  // namespace hat::program
