// SPDX-License-Identifier: Apache-2.0
// Needs: utf8proc
#pragma once

#include <hat/config.hpp>
#include <hat/data/utf8.hpp>
#include <hat/data/white_space.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utf8proc.h>
#include <vector>

/// What Unicode says of characters, from utf8proc: classes, case and normal forms.
namespace hat::data {

namespace detail {

inline const utf8proc_property_t& properties(char32_t c) noexcept {
    return *utf8proc_get_property(static_cast<utf8proc_int32_t>(c));
}
inline bool is_category(char32_t c, utf8proc_category_t first, utf8proc_category_t last) noexcept {
    return first <= properties(c).category && properties(c).category <= last;
}

}  // namespace detail

/// General category L or M: letters, and the marks that belong to them.
[[nodiscard]] inline bool is_letter(char32_t c) noexcept {
    return detail::is_category(c, UTF8PROC_CATEGORY_LU, UTF8PROC_CATEGORY_ME);
}
/// General category P, S or N.
[[nodiscard]] inline bool is_punctuation(char32_t c) noexcept {
    return detail::is_category(c, UTF8PROC_CATEGORY_PC, UTF8PROC_CATEGORY_PO);
}
[[nodiscard]] inline bool is_symbol(char32_t c) noexcept {
    return detail::is_category(c, UTF8PROC_CATEGORY_SM, UTF8PROC_CATEGORY_SO);
}
[[nodiscard]] inline bool is_number(char32_t c) noexcept {
    return detail::is_category(c, UTF8PROC_CATEGORY_ND, UTF8PROC_CATEGORY_NO);
}

/// What shows nothing where it is not understood (Default_Ignorable_Code_Point): U+00AD, U+200B,
/// U+FEFF, variation selectors, …
[[nodiscard]] inline bool is_ignorable(char32_t c) noexcept {
    return detail::properties(c).ignorable != 0;
}

/// Whether nothing of `text` is seen: white space and what `is_ignorable`.
[[nodiscard]] inline bool is_blank(std::u32string_view text) noexcept {
    return std::all_of(text.begin(), text.end(),
                       [](char32_t c) { return is_space(c) || is_ignorable(c); });
}
/// Throws  `Error` if `text` is not UTF-8
[[nodiscard]] inline bool is_blank(std::string_view text) {
    return is_blank(decode_utf8(text));
}

/// The lower-case form of one code point, without regard to its neighbours.
[[nodiscard]] inline char32_t to_lower(char32_t c) noexcept {
    return static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c)));
}

namespace detail {

inline bool is_cased(char32_t c) noexcept {
    return is_category(c, UTF8PROC_CATEGORY_LU, UTF8PROC_CATEGORY_LT);
}
/// What stands inside a word without being a letter: apostrophes, dots, combining accents, formats.
inline bool is_case_ignorable(char32_t c) noexcept {
    constexpr std::u32string_view inside_words =
        U"'.:\u00B7\u0387\u055F\u05F4\u2018\u2019\u2024\u2027\uFE13\uFE52\uFE55\uFF07\uFF0E\uFF1A";
    switch (properties(c).category) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK:
        return true;
    default:
        return inside_words.find(c) != std::u32string_view::npos;
    }
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

/// identity  text as it is
/// nfc       equal characters as equal code points, composed where they can be
/// nfkc      also those of equal meaning: ² as 2, … as three full stops
enum class NormalForm { identity, nfc, nfkc };

namespace detail {

/// Orders marks that follow one another by their class, as canonical order demands; utf8proc's own
/// takes quadratic time for many marks.
inline void order_marks(std::vector<utf8proc_int32_t>& text) {
    const auto mark_class = [](utf8proc_int32_t c) {
        return properties(static_cast<char32_t>(c)).combining_class;
    };
    const auto is_mark = [&](utf8proc_int32_t c) { return mark_class(c) > 0; };
    for (auto at = text.begin(); at != text.end();) {
        const auto first = std::find_if(at, text.end(), is_mark);
        at = std::find_if_not(first, text.end(), is_mark);
        std::stable_sort(first, at, [&](auto a, auto b) { return mark_class(a) < mark_class(b); });
    }
}

inline std::vector<utf8proc_int32_t> decompose(std::u32string_view text, utf8proc_option_t form) {
    std::vector<utf8proc_int32_t> all;
    all.reserve(text.size());
    std::array<utf8proc_int32_t, 64> parts{};  // U+FDFA has most: 18
    for (const char32_t c : text) {
        const auto count = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(c), parts.data(),
                                                   std::ssize(parts), form, nullptr);
        HAT_ASSERT(0 < count && count <= std::ssize(parts));
        all.insert(all.end(), parts.begin(), parts.begin() + count);
    }
    return all;
}

}  // namespace detail

/// `text` in a normal form (Unicode Standard Annex 15).
///
/// Cost    linear, but for marks on one letter, which are sorted
///
/// Throws  `Error` if `text` is not UTF-8
[[nodiscard]] inline std::string normalize(std::string_view text, NormalForm form) {
    if (form == NormalForm::identity) return std::string(text);
    // Nothing composes below U+0300, and what has a compatible form begins past ASCII.
    const unsigned char first_changed = form == NormalForm::nfc ? 0xCC : 0x80;
    if (std::all_of(text.begin(), text.end(),
                    [&](char c) { return static_cast<unsigned char>(c) < first_changed; }))
        return std::string(text);
    const auto options = static_cast<utf8proc_option_t>(
        UTF8PROC_STABLE | UTF8PROC_COMPOSE | (form == NormalForm::nfkc ? UTF8PROC_COMPAT : 0));
    std::vector<utf8proc_int32_t> points = detail::decompose(decode_utf8(text), options);
    detail::order_marks(points);
    const auto size = utf8proc_normalize_utf32(points.data(), std::ssize(points), options);
    HAT_ASSERT(size >= 0);
    std::string normal;
    normal.reserve(text.size());
    for (utf8proc_ssize_t i = 0; i < size; ++i)
        append_utf8(normal, static_cast<char32_t>(points[static_cast<std::size_t>(i)]));
    return normal;
}

}  // namespace hat::data
