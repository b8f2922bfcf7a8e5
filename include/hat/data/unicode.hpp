// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/data/unicode_tables.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace hat::data {

namespace detail {

template <class Range, std::size_t Count>
constexpr const Range* find_range(const std::array<Range, Count>& ranges, char32_t c) noexcept {
    const auto* const range =
        std::lower_bound(ranges.begin(), ranges.end(), c,
                         [](const Range& r, char32_t value) { return r.last < value; });
    return range != ranges.end() && range->first <= c ? range : nullptr;
}

}  // namespace detail

/// What Python's `str.split` splits at: white space, and the separators U+001C … U+001F.
[[nodiscard]] constexpr bool is_space(char32_t c) noexcept {
    return (0x09 <= c && c <= 0x0D) || (0x1C <= c && c <= 0x20) || c == 0x85 || c == 0xA0 ||
           c == 0x1680 || (0x2000 <= c && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
           c == 0x202F || c == 0x205F || c == 0x3000;
}
/// General category P, S or N of Unicode 14.
[[nodiscard]] constexpr bool is_punctuation(char32_t c) noexcept {
    return detail::find_range(detail::punctuation, c) != nullptr;
}
[[nodiscard]] constexpr bool is_symbol(char32_t c) noexcept {
    return detail::find_range(detail::symbols, c) != nullptr;
}
[[nodiscard]] constexpr bool is_number(char32_t c) noexcept {
    return detail::find_range(detail::numbers, c) != nullptr;
}

/// The lower-case form of one code point, without regard to its neighbours.
[[nodiscard]] constexpr char32_t to_lower(char32_t c) noexcept {
    const detail::LowerRange* const range = detail::find_range(detail::lower_case, c);
    if (range == nullptr || (c - range->first) % static_cast<char32_t>(range->step) != 0) return c;
    return static_cast<char32_t>(static_cast<int>(c) + range->offset);
}

namespace detail {

/// Letters that have two cases; of those with one case, the two of Western languages.
constexpr bool is_cased(char32_t c) noexcept {
    if (to_lower(c) != c || c == 0xDF || c == 0x3C2) return true;
    return std::any_of(lower_case.begin(), lower_case.end(), [c](const LowerRange& r) {
        const auto upper = static_cast<char32_t>(static_cast<int>(c) - r.offset);
        return r.first <= upper && upper <= r.last && to_lower(upper) == c;
    });
}
/// What stands inside a word without being a letter: apostrophes, dots, combining accents.
constexpr bool is_case_ignorable(char32_t c) noexcept {
    return c == U'\'' || c == U'.' || c == U':' || c == U'^' || c == U'`' || c == 0xA8 ||
           c == 0xAD || c == 0xB7 || (0x300 <= c && c <= 0x36F) || c == 0x2018 || c == 0x2019;
}
/// Whether a capital sigma at `at` ends a word, so that it becomes ς instead of σ.
inline bool is_final_sigma(std::u32string_view text, std::size_t at) noexcept {
    std::size_t before = at;
    while (before > 0 && is_case_ignorable(text[before - 1])) --before;
    if (before == 0 || !is_cased(text[before - 1])) return false;
    std::size_t after = at + 1;
    while (after < text.size() && is_case_ignorable(text[after])) ++after;
    return after == text.size() || !is_cased(text[after]);
}

}  // namespace detail

/// The lower-case form of `text`, with the two rules that are not per letter: İ becomes i and a
/// combining dot, Σ at the end of a word becomes ς.
[[nodiscard]] inline std::u32string to_lower(std::u32string_view text) {
    std::u32string lower;
    lower.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == 0x130)
            lower += U"i\u0307";
        else if (text[i] == 0x3A3 && detail::is_final_sigma(text, i))
            lower += char32_t{0x3C2};
        else
            lower += to_lower(text[i]);
    }
    return lower;
}

/// The words of `text`: the longest runs without white space. They are views into `text`.
[[nodiscard]] inline std::vector<std::u32string_view> split_words(std::u32string_view text) {
    std::vector<std::u32string_view> words;
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t begin = i;
        while (i < text.size() && !is_space(text[i])) ++i;
        if (i > begin)
            words.push_back(text.substr(begin, i - begin));
        else
            ++i;
    }
    return words;
}

}  // namespace hat::data
