// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/data/placeholders.hpp>

#include "flags.hpp"

#include <CLI/CLI.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>
#include <optional>
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
/// how many.
class PairProtection {
public:
    /// Throws  `Error` if a pattern is none
    explicit PairProtection(const std::vector<std::string>& patterns) {
        if (!patterns.empty()) placeholders_.emplace(patterns);
    }

    /// Replaces what is protected in a pair; false if it is to be left out.
    bool keeps(std::string& source, std::string& target) {
        if (!placeholders_) return true;
        const data::MaskedPair kind = placeholders_->mask(source, target);
        if (kind == data::MaskedPair::masked) {
            ++pairs_;
            strings_ += static_cast<std::int64_t>(data::count_symbols(source));
        }
        if (kind != data::MaskedPair::uneven) return true;
        const bool is_out =
            data::Placeholders::has_symbol(source) || data::Placeholders::has_symbol(target);
        ++(is_out ? ambiguous_ : uneven_);
        return !is_out;
    }

    /// Says on stderr what was done; `name` begins it.
    void tell(const char* name) const {
        if (!placeholders_) return;
        std::fprintf(stderr, "%s: %lld protected strings in %lld pairs are symbols\n", name,
                     static_cast<long long>(strings_), static_cast<long long>(pairs_));
        if (uneven_ > 0)
            std::fprintf(stderr,
                         "%s: %lld pairs do not hold the same protected strings on both sides, and "
                         "stay as they are\n",
                         name, static_cast<long long>(uneven_));
        if (ambiguous_ > 0)
            std::fprintf(
                stderr,
                "%s: left out %lld pairs with other protected strings on both sides, one of "
                "which reads like a symbol (⟦0⟧)\n",
                name, static_cast<long long>(ambiguous_));
    }

private:
    std::optional<data::Placeholders> placeholders_{};
    std::int64_t pairs_ = 0;
    std::int64_t strings_ = 0;
    std::int64_t uneven_ = 0;
    std::int64_t ambiguous_ = 0;
};

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
