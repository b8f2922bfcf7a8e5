// SPDX-License-Identifier: Apache-2.0
// Needs: utf8proc, xxHash
#pragma once

#include <hat/data/held_out.hpp>
#include <hat/data/parallel_text.hpp>
#include <hat/data/unicode.hpp>
#include <hat/data/utf8.hpp>
#include <hat/io/content_hash.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

/// Leaving out what a translator should rather not learn from.
namespace hat::data {

/// Thresholds of the filters; one that is 0 filters nothing. Lengths are in characters.
struct CleanOptions {
    int max_characters = 0;  // of a side
    double min_letters = 0;  // share of letters and marks on a side, white space not counted
    int min_identical = 0;   // letters from which on identical sides are a fault
    double max_ratio = 0;    // of the sides' lengths, as a multiple of what is usual in the text
    int max_copies = 0;      // of the same pair
};

/// What `hat prepare --clean` leaves out.
inline constexpr CleanOptions usual_cleaning{.max_characters = 1000,
                                             .min_letters = 0.2,
                                             .min_identical = 1,
                                             .max_ratio = 3,
                                             .max_copies = 1};

/// Why a pair is left out, in the order in which that is looked at.
enum class CleanFault { too_long, few_letters, identical, ratio, copy };
/// How many values `CleanFault` has.
inline constexpr int clean_faults = 5;

namespace detail {

struct SideCounts {
    std::int64_t characters = 0;
    std::int64_t visible = 0;
    std::int64_t letters = 0;

    explicit SideCounts(std::string_view line) {
        for (const char32_t c : decode_utf8(line)) {
            ++characters;
            if (is_space(c)) continue;
            ++visible;
            letters += is_letter(c) ? 1 : 0;
        }
    }
    [[nodiscard]] double letter_share() const noexcept {
        return visible == 0 ? 0 : static_cast<double>(letters) / static_cast<double>(visible);
    }
};

}  // namespace detail

/// The characters of all sources by those of all targets: what `CleanFilter` takes for usual.
class LengthRatio {
public:
    /// One more pair.
    void add(std::string_view source, std::string_view target) {
        source_ += count_characters(source);
        target_ += count_characters(target);
    }
    /// Characters of the sources for one of the targets; 1 if there are none.
    [[nodiscard]] double value() const noexcept {
        return target_ == 0 ? 1 : static_cast<double>(source_) / static_cast<double>(target_);
    }

private:
    std::int64_t source_ = 0;
    std::int64_t target_ = 0;
};

/// The same of a text in memory.
[[nodiscard]] inline double length_ratio(const ParallelText& text) {
    LengthRatio ratio;
    for (std::size_t i = 0; i < text.source.size(); ++i) ratio.add(text.source[i], text.target[i]);
    return ratio.value();
}

/// Says of pairs, or of lines, one after the other, whether they are to be kept, and counts why
/// not. Keeps the hash of what may have copies, not the text.
///
///     CleanFilter filter(usual_cleaning, length_ratio(text));
///     if (filter.keeps(source, target)) …
class CleanFilter {
public:
    /// `usual_ratio` is that of a source's length to its translation's.
    explicit CleanFilter(const CleanOptions& options, double usual_ratio = 1)
        : options_(options), usual_ratio_(usual_ratio) {}

    [[nodiscard]] bool keeps(std::string_view source, std::string_view target) {
        if (const auto found = fault(source, target)) return refuse(*found);
        if (options_.max_copies > 0 && is_copy(pair_key(source, target)))
            return refuse(CleanFault::copy);
        return true;
    }

    /// The same of a line of a text whose lines follow one another: only its length is looked at,
    /// and whether it is a copy, if it is long enough to tell (`telling_characters`).
    [[nodiscard]] bool keeps(std::string_view line) {
        if (const auto found = fault(line)) return refuse(*found);
        if (options_.max_copies > 0 && count_characters(line) >= telling_characters &&
            is_copy(io::content_key(line)))
            return refuse(CleanFault::copy);
        return true;
    }

    /// Why a pair is no good, whatever else is in the text: all but copies. Counts nothing, so that
    /// threads may ask at once.
    [[nodiscard]] std::optional<CleanFault> fault(std::string_view source,
                                                  std::string_view target) const {
        if (!looks_at_pairs()) return std::nullopt;
        const detail::SideCounts s(source);
        const detail::SideCounts t(target);
        if (options_.max_characters > 0 &&
            std::max(s.characters, t.characters) > options_.max_characters)
            return CleanFault::too_long;
        if (std::min(s.letter_share(), t.letter_share()) < options_.min_letters)
            return CleanFault::few_letters;
        if (options_.min_identical > 0 && s.letters >= options_.min_identical && source == target)
            return CleanFault::identical;
        if (options_.max_ratio > 0 && ratio(s, t) > options_.max_ratio) return CleanFault::ratio;
        return std::nullopt;
    }
    /// The same of a line.
    [[nodiscard]] std::optional<CleanFault> fault(std::string_view line) const {
        if (options_.max_characters > 0 && count_characters(line) > options_.max_characters)
            return CleanFault::too_long;
        return std::nullopt;
    }
    /// Counts what was found otherwise, and is false.
    bool refuse(CleanFault fault) noexcept {
        ++counts_[static_cast<std::size_t>(fault)];
        return false;
    }

    /// What was refused for this.
    [[nodiscard]] std::int64_t count(CleanFault fault) const noexcept {
        return counts_[static_cast<std::size_t>(fault)];
    }

private:
    /// Whether anything of a pair is looked at besides copies.
    [[nodiscard]] bool looks_at_pairs() const noexcept {
        return options_.max_characters > 0 || options_.min_letters > 0 ||
               options_.min_identical > 0 || options_.max_ratio > 0;
    }

    bool is_copy(const io::ContentKey& key) { return copies_[key]++ >= options_.max_copies; }

    /// The longer side by the shorter, both in characters of the source; what is shorter than 10
    /// counts as 10, because few characters say nothing.
    [[nodiscard]] double ratio(const detail::SideCounts& source,
                               const detail::SideCounts& target) const noexcept {
        const double s = std::max(10.0, static_cast<double>(source.characters));
        const double t = std::max(10.0, static_cast<double>(target.characters) * usual_ratio_);
        return std::max(s, t) / std::min(s, t);
    }

    CleanOptions options_;
    double usual_ratio_;
    std::array<std::int64_t, clean_faults> counts_{};
    std::unordered_map<io::ContentKey, int, io::ContentKey::Hash> copies_;
};

/// Leaves out of `text` what `filter` does not keep.
inline void clean(ParallelText& text, CleanFilter& filter) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < text.source.size(); ++i) {
        if (!filter.keeps(text.source[i], text.target[i])) continue;
        if (kept != i) {
            text.source[kept] = std::move(text.source[i]);
            text.target[kept] = std::move(text.target[i]);
        }
        ++kept;
    }
    text.source.resize(kept);
    text.target.resize(kept);
}

}  // namespace hat::data
