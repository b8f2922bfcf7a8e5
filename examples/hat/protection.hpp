// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/data/held_out.hpp>
#include <hat/data/parallel_text.hpp>
#include <hat/data/placeholders.hpp>

#include "flags.hpp"

#include <CLI/CLI.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

/// `hat prepare --protect`: strings that are symbols for the network.
namespace hat::program {

/// Adds the flag; `patterns` must outlive the command.
inline CLI::Option* add_protect_flag(CLI::App& command, std::vector<std::string>& patterns) {
    const auto read = [&patterns](const CLI::results_t& found) {
        for (const std::string& word : found) {
            // Names may stand together with commas; expressions have commas of their own.
            const bool is_name = !word.starts_with("regex:");
            for (std::size_t begin = 0; begin <= word.size();) {
                const std::size_t comma = is_name ? word.find(',', begin) : word.npos;
                const std::size_t end = comma == word.npos ? word.size() : comma;
                patterns.push_back(word.substr(begin, end - begin));
                begin = end + 1;
            }
        }
        try {
            static_cast<void>(data::Patterns(patterns));
        } catch (const Error& error) {
            throw CLI::ValidationError("--protect", error.what());
        }
        return true;
    };
    return command
        .add_option("--protect", read,
                    "strings to bring back as they are, for which the network has symbols: markup, "
                    "url, email, printf, braces, all, or regex:… (RE2's; a group in it is what is "
                    "meant)")
        ->expected(1, -1)
        ->allow_extra_args()
        ->type_name("KIND …");
}

/// Puts symbols in the place of protected strings in all pairs whose sides hold the same, and tells
/// how many; `name` begins what is told.
inline void protect(data::ParallelText& text, const std::vector<std::string>& patterns,
                    const char* name) {
    if (patterns.empty()) return;
    const data::Placeholders placeholders(patterns);
    std::int64_t pairs = 0;
    std::int64_t strings = 0;
    std::int64_t uneven = 0;
    std::int64_t ambiguous = 0;
    std::vector<bool> is_out(text.source.size());
    for (std::size_t i = 0; i < text.source.size(); ++i) {
        std::string& source = text.source[i];
        std::string& target = text.target[i];
        const data::MaskedPair kind = placeholders.mask(source, target);
        if (kind == data::MaskedPair::masked) {
            ++pairs;
            strings += static_cast<std::int64_t>(data::count_symbols(source));
        }
        if (kind != data::MaskedPair::uneven) continue;
        is_out[i] =
            data::Placeholders::has_symbol(source) || data::Placeholders::has_symbol(target);
        ++(is_out[i] ? ambiguous : uneven);
    }
    data::leave_out(text.source, is_out);
    data::leave_out(text.target, is_out);
    std::fprintf(stderr, "%s: %lld protected strings in %lld pairs are symbols\n", name,
                 static_cast<long long>(strings), static_cast<long long>(pairs));
    if (uneven > 0)
        std::fprintf(stderr,
                     "%s: %lld pairs do not hold the same protected strings on both sides, and "
                     "stay as they are\n",
                     name, static_cast<long long>(uneven));
    if (ambiguous > 0)
        std::fprintf(stderr,
                     "%s: left out %lld pairs with other protected strings on both sides, one of "
                     "which reads like a symbol (⟦0⟧)\n",
                     name, static_cast<long long>(ambiguous));
    if (text.size() == 0) fail("prepare: no ", name, " pair is left");
}

inline const std::map<std::string, data::LostStrings> lost_strings{
    {"append", data::LostStrings::append},
    {"mark", data::LostStrings::mark},
    {"drop", data::LostStrings::drop}};

/// Adds the flag of `hat translate`; `lost` must outlive the command.
inline CLI::Option* add_lost_flag(CLI::App& command, data::LostStrings& lost) {
    return add_choice(
        command, "--lost", lost, lost_strings,
        "protected strings (prepare --protect) that a translation lacks: append them, append "
        "them in ⟦ ⟧, or drop them");
}

}  // namespace hat::program
