// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/threads.hpp>
#include <hat/data/clean.hpp>
#include <hat/data/held_out.hpp>
#include <hat/data/key_groups.hpp>
#include <hat/data/spooled_text.hpp>
#include <hat/io/content_hash.hpp>

#include "flags.hpp"
#include "prepare_resources.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
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
        "leave out pairs that came so often before, known by hashes of 128 bits; of a language "
        "model's text, such lines of 40 characters and more [usual: 1]");
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

/// Leaves out of a training text, pairs or lines, what the flags say, and tells how much for which
/// reason.
///
/// Throws  `Error` if nothing is left
inline void clean(data::SpooledText& text, const CleaningFlags& flags,
                  const PrepareResources& resources, ThreadPool& pool) {
    const data::CleanOptions options = flags.options();
    const bool is_pairs = text.sides() == data::SpooledText::pairs;
    data::LengthRatio ratio;
    if (is_pairs && options.max_ratio > 0)
        text.visit([&](const auto& pair) { ratio.add(pair.lines[0], pair.lines[1]); });
    data::CleanFilter filter(options, ratio.value());
    struct Look {
        std::optional<data::CleanFault> fault{};
        std::optional<io::ContentKey> key{};  ///< of what may be a copy
    };
    const auto look = [&](const data::SpooledText::Entry& entry) {
        const auto [source, target] = entry.lines;
        Look found{.fault = is_pairs ? filter.fault(source, target) : filter.fault(source)};
        if (found.fault || options.max_copies == 0) return found;
        if (is_pairs)
            found.key = data::pair_key(source, target);
        else if (data::LineLeaks::tells(source))
            found.key = io::content_key(source);
        return found;
    };
    data::KeyGroups copies(resources.out, resources.sort_bytes());
    text.process(pool, look, [&](const data::SpooledText::Entry& entry, const Look& found) {
        if (found.key) copies.add(*found.key, entry.number);
        if (!found.fault) return;
        filter.refuse(*found.fault);
        text.leave_out(entry.number);
    });
    copies.visit([&](const io::ContentKey&, std::int64_t number, std::int64_t nth) {
        if (nth < options.max_copies) return;
        filter.refuse(data::CleanFault::copy);
        text.leave_out(number);
    });
    detail::tell_cleaning(filter, options, is_pairs ? "pairs" : "lines");
    if (text.size() == 0)
        fail("prepare: cleaning left no ", is_pairs ? "pair" : "line", "; raise its thresholds");
}

/// Warns of validation pairs whose source stands in the training text, and leaves them out unless
/// they are to be kept.
///
/// Throws  `Error` if none would be left
inline void leave_out_leaks(data::SpooledText& validation, data::SpooledText& training,
                            const CleaningFlags& flags) {
    data::PairLeaks finder;
    validation.visit([&](const auto& pair) { finder.look_for(pair.lines[0], pair.lines[1]); });
    training.visit([&](const auto& pair) { finder.see(pair.lines[0], pair.lines[1]); });
    const std::vector<data::Leak> leaks = finder.leaks();
    const auto pairs = std::ranges::count(leaks, data::Leak::pair);
    const auto sources = pairs + std::ranges::count(leaks, data::Leak::source);
    if (sources == 0) return;
    std::fprintf(stderr,
                 "warning: the source of %td of %lld validation pairs stands in the training text "
                 "(with the same translation: %td); they are %s\n",
                 sources, static_cast<long long>(validation.size()), pairs,
                 flags.keep_leaks ? "kept (--keep-leaks)" : "left out (--keep-leaks keeps them)");
    if (flags.keep_leaks) return;
    if (sources == validation.size())
        fail("prepare: every validation pair stands in the training text; --keep-leaks keeps them");
    auto leak = leaks.begin();
    validation.visit([&](const data::SpooledText::Entry& pair) {
        if (*leak++ != data::Leak::none) validation.leave_out(pair.number);
    });
}

/// The same of lines that are long enough to tell a copy.
inline void leave_out_line_leaks(data::SpooledText& validation, data::SpooledText& training,
                                 const CleaningFlags& flags) {
    data::LineLeaks finder;
    validation.visit([&](const auto& line) { finder.look_for(line.lines[0]); });
    training.visit([&](const auto& line) { finder.see(line.lines[0]); });
    const std::vector<bool> leaks = finder.leaks();
    const auto count = std::ranges::count(leaks, true);
    if (count == 0) return;
    std::fprintf(stderr,
                 "warning: %td of %lld validation lines stand in the training text (of those with "
                 "%d characters and more); they are %s\n",
                 count, static_cast<long long>(validation.size()), data::telling_characters,
                 flags.keep_leaks ? "kept (--keep-leaks)" : "left out (--keep-leaks keeps them)");
    if (flags.keep_leaks) return;
    if (count == validation.size())
        fail("prepare: every validation line stands in the training text; --keep-leaks keeps them");
    auto leak = leaks.begin();
    validation.visit([&](const data::SpooledText::Entry& line) {
        if (*leak++) validation.leave_out(line.number);
    });
}

}  // namespace hat::program
