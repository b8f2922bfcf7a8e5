// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/data/clean.hpp>
#include <hat/data/corpus.hpp>
#include <hat/data/held_out.hpp>
#include <hat/data/parallel_text.hpp>

#include "flags.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

/// What `hat prepare` leaves out of a text: pairs that are no good, and held-out ones that leak.
namespace hat::program {

/// Thresholds of the flags; what is not given is as --clean says, or filters nothing.
struct CleaningFlags {
    bool clean = false;
    bool keep_leaks = false;
    std::optional<int> max_characters, min_identical, max_copies;
    std::optional<double> min_letters, max_ratio, max_unknown;

    [[nodiscard]] data::CleanOptions options() const {
        const data::CleanOptions usual = clean ? data::usual_cleaning : data::CleanOptions{};
        return {.max_characters = max_characters.value_or(usual.max_characters),
                .min_letters = min_letters.value_or(usual.min_letters),
                .min_identical = min_identical.value_or(usual.min_identical),
                .max_ratio = max_ratio.value_or(usual.max_ratio),
                .max_copies = max_copies.value_or(usual.max_copies)};
    }
    /// Share of unknown tokens that a side may have; 0: any.
    [[nodiscard]] double unknown_share() const { return max_unknown.value_or(clean ? 0.1 : 0.0); }
};

inline void add_cleaning_flags(CLI::App& command, CleaningFlags& flags) {
    const NumberFlags number(command);
    const auto add = [&](const char* name, auto& value, auto range, const char* what) {
        number.without_default(name, value, range, what)->group("Cleaning");
    };
    const Range<int> count{.low = 0};
    const Range<double> share{.low = 0.0, .high = 1.0};
    command
        .add_flag("--clean", flags.clean,
                  "leave out training pairs by all the filters below, with their usual thresholds "
                  "where none is given; one of 0 turns its filter off. Of a language model's text: "
                  "lines, by --max-characters and --max-copies")
        ->group("Cleaning");
    add("--max-characters", flags.max_characters, count,
        "leave out pairs with a longer side [usual: 1000]");
    add("--min-letters", flags.min_letters, share,
        "leave out pairs with a smaller share of letters on a side, white space not counted "
        "[usual: 0.2]");
    add("--min-identical", flags.min_identical, count,
        "leave out pairs whose sides are the same and have so many letters [usual: 1]");
    add("--max-ratio", flags.max_ratio, Range<double>{.low = 0.0},
        "leave out pairs of which a side has more than so many times the characters that are usual "
        "beside the other, fewer than 10 taken for 10 [usual: 3]");
    add("--max-copies", flags.max_copies, count,
        "leave out pairs that came so often before; of a language model's text, such lines of 40 "
        "characters and more [usual: 1]");
    add("--max-unknown", flags.max_unknown, share,
        "leave out pairs with a larger share of unknown tokens on a side, bytes of characters that "
        "have no piece among them [usual: 0.1]");
    command
        .add_flag("--keep-leaks", flags.keep_leaks,
                  "keep validation pairs whose source stands in the training text; of a language "
                  "model, validation lines of 40 characters and more that stand there")
        ->group("Cleaning");
}

namespace detail {

/// Says what a filter left out, if it did.
inline void tell_cleaning(const data::CleanFilter& filter, const data::CleanOptions& options,
                          const char* unit) {
    const auto tell = [&](data::CleanFault fault, const char* why, const std::string& limit) {
        if (const auto count = filter.count(fault); count > 0)
            std::fprintf(stderr, "clean: left out %lld %s %s\n", static_cast<long long>(count),
                         unit, (why + limit).c_str());
    };
    const auto number = [](double value) {
        std::array<char, 32> text{};
        std::snprintf(text.data(), text.size(), "%g", value);
        return std::string(text.data());
    };
    using enum data::CleanFault;
    tell(too_long, "too long: --max-characters ", number(options.max_characters));
    tell(few_letters, "with few letters: --min-letters ", number(options.min_letters));
    tell(identical, "with identical sides: --min-identical ", number(options.min_identical));
    tell(ratio, "of unlike length: --max-ratio ", number(options.max_ratio));
    tell(copy, "that repeat another: --max-copies ", number(options.max_copies));
}

}  // namespace detail

/// Leaves out of a training text what the flags say, and tells how much for which reason.
///
/// Throws  `Error` if nothing is left
inline void clean(data::ParallelText& text, const CleaningFlags& flags) {
    const data::CleanOptions options = flags.options();
    data::CleanFilter filter(options, data::length_ratio(text));
    data::clean(text, filter);
    detail::tell_cleaning(filter, options, "pairs");
    if (text.size() == 0) fail("prepare: cleaning left no pair; raise its thresholds");
}

/// The same of the lines of a text.
inline void clean(std::vector<std::string>& lines, const CleaningFlags& flags) {
    const data::CleanOptions options = flags.options();
    data::CleanFilter filter(options);
    std::erase_if(lines, [&](const std::string& line) { return !filter.keeps(line); });
    detail::tell_cleaning(filter, options, "lines");
    if (lines.empty()) fail("prepare: cleaning left no line; raise its thresholds");
}

/// Warns of validation pairs whose source stands in the training text, and leaves them out unless
/// they are to be kept.
///
/// Throws  `Error` if none would be left
inline void leave_out_leaks(data::ParallelText& validation, const data::ParallelText& training,
                            const CleaningFlags& flags) {
    const std::vector<data::Leak> leaks = data::find_leaks(validation, training);
    const auto pairs = std::ranges::count(leaks, data::Leak::pair);
    const auto sources = pairs + std::ranges::count(leaks, data::Leak::source);
    if (sources == 0) return;
    std::fprintf(stderr,
                 "warning: the source of %td of %d validation pairs stands in the training text "
                 "(with the same translation: %td); they are %s\n",
                 sources, validation.size(), pairs,
                 flags.keep_leaks ? "kept (--keep-leaks)" : "left out (--keep-leaks keeps them)");
    if (flags.keep_leaks) return;
    if (sources == validation.size())
        fail("prepare: every validation pair stands in the training text; --keep-leaks keeps them");
    std::vector<bool> is_out;
    for (const data::Leak leak : leaks) is_out.push_back(leak != data::Leak::none);
    data::leave_out(validation.source, is_out);
    data::leave_out(validation.target, is_out);
}

/// The same of lines that are long enough to tell a copy.
inline void leave_out_leaks(std::vector<std::string>& validation,
                            const std::vector<std::string>& training, const CleaningFlags& flags) {
    const std::vector<bool> leaks = data::find_leaks(validation, training);
    const auto count = std::ranges::count(leaks, true);
    if (count == 0) return;
    std::fprintf(stderr,
                 "warning: %td of %zu validation lines stand in the training text (of those with "
                 "%d characters and more); they are %s\n",
                 count, validation.size(), data::telling_characters,
                 flags.keep_leaks ? "kept (--keep-leaks)" : "left out (--keep-leaks keeps them)");
    if (flags.keep_leaks) return;
    if (static_cast<std::size_t>(count) == validation.size())
        fail("prepare: every validation line stands in the training text; --keep-leaks keeps them");
    data::leave_out(validation, leaks);
}

/// Removes the training pairs with a large share of unknown tokens on a side; `is_unknown(id)`.
template <class IsUnknown>
void leave_out_unknown(data::Corpus& corpus, const IsUnknown& is_unknown,
                       const CleaningFlags& flags) {
    const double most = flags.unknown_share();
    if (most == 0) return;
    const auto count =
        data::drop_pairs(corpus, [&](std::span<const int> source, std::span<const int> target) {
            const auto is_too_much = [&](std::span<const int> ids) {
                return static_cast<double>(std::ranges::count_if(ids, is_unknown)) >
                       most * static_cast<double>(ids.size());
            };
            return is_too_much(source) || is_too_much(target);
        });
    if (count > 0)
        std::fprintf(stderr, "clean: left out %d pairs with unknown tokens: --max-unknown %g\n",
                     count, most);
    if (corpus.size() == 0) fail("prepare: cleaning left no pair; raise --max-unknown");
}

}  // namespace hat::program
