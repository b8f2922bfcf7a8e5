// SPDX-License-Identifier: Apache-2.0
// Needs: utf8proc
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/data/unicode.hpp>
#include <hat/data/utf8.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace hat::data {

/// How text is cut into words before its n-grams are counted; the names are sacreBLEU's.
///
/// v13a           `13a`: the tokeniser of the WMT conferences (mteval-v13a)
/// none           `none`: words are what white space separates
/// character      `char`: every code point is a word
/// international  `intl`: mteval-v14, which knows the punctuation and symbols of all of Unicode
/// chinese        `zh`: Chinese characters and their punctuation alone, all else as in 13a
enum class Tokenizer { v13a, none, character, international, chinese };

/// Every value of `Tokenizer`.
inline constexpr std::array all_tokenizers{Tokenizer::v13a, Tokenizer::none, Tokenizer::character,
                                           Tokenizer::international, Tokenizer::chinese};

/// The word that signatures of scores have for it.
[[nodiscard]] constexpr std::string_view name(Tokenizer tokenizer) noexcept {
    switch (tokenizer) {
    case Tokenizer::v13a:
        return "13a";
    case Tokenizer::none:
        return "none";
    case Tokenizer::character:
        return "char";
    case Tokenizer::international:
        return "intl";
    case Tokenizer::chinese:
        return "zh";
    }
    return "";
}

/// Throws  `Error` if no tokeniser bears this name
[[nodiscard]] inline Tokenizer tokenizer_named(std::string_view text) {
    for (const Tokenizer t : all_tokenizers)
        if (name(t) == text) return t;
    fail("tokeniser: found ", in_quotes(text), ", expected 13a, none, char, intl or zh");
}

namespace detail {

constexpr bool is_digit(char32_t c) noexcept {
    return U'0' <= c && c <= U'9';
}
constexpr bool is_period_or_comma(char32_t c) noexcept {
    return c == U'.' || c == U',';
}

/// ASCII punctuation other than apostrophe, comma, hyphen and period.
constexpr bool is_13a_separator(char32_t c) noexcept {
    return (U' ' <= c && c <= U'&') || (U'(' <= c && c <= U'+') || c == U'/' ||
           (U':' <= c && c <= U'@') || (U'[' <= c && c <= U'`') || (U'{' <= c && c <= U'~');
}

/// Puts a space on both sides of every code point that `is_separate` accepts.
template <class Predicate>
std::u32string separate(std::u32string_view text, Predicate is_separate) {
    std::u32string result;
    result.reserve(2 * text.size());
    for (const char32_t c : text) {
        const bool alone = is_separate(c);
        if (alone) result += U' ';
        result += c;
        if (alone) result += U' ';
    }
    return result;
}

enum class Separate { first, second };

/// Goes through `text` from the left; of two neighbours that fit `first` and `second`, the one
/// named gets a space on both sides. A code point belongs to one such pair at most.
template <class First, class Second>
std::u32string separate_in_pairs(std::u32string_view text, First first, Second second,
                                 Separate which) {
    std::u32string result;
    result.reserve(2 * text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (i + 1 == text.size() || !first(text[i]) || !second(text[i + 1])) {
            result += text[i];
            continue;
        }
        if (which == Separate::first) result += U' ';
        result += text[i];
        result += U' ';
        result += text[++i];
        if (which == Separate::second) result += U' ';
    }
    return result;
}

/// `text` with every `from`, found from the left, replaced by `to`.
inline std::u32string replaced(std::u32string_view text, std::u32string_view from,
                               std::u32string_view to) {
    std::u32string result;
    result.reserve(text.size());
    while (true) {
        const std::size_t end = text.find(from);
        result += text.substr(0, end);
        if (end == std::u32string_view::npos) return result;
        result += to;
        text.remove_prefix(end + from.size());
    }
}

/// The rules of 13a: punctuation stands alone, but for periods, commas and hyphens of numbers.
inline std::u32string separate_punctuation(std::u32string_view line) {
    const auto not_digit = [](char32_t c) { return !is_digit(c); };
    const auto is_hyphen = [](char32_t c) { return c == U'-'; };
    std::u32string text = separate(line, is_13a_separator);
    text = separate_in_pairs(text, not_digit, is_period_or_comma, Separate::second);
    text = separate_in_pairs(text, is_period_or_comma, not_digit, Separate::first);
    return separate_in_pairs(text, is_digit, is_hyphen, Separate::second);
}

inline std::u32string tokenize_13a(std::u32string text) {
    text = replaced(text, U"<skipped>", U"");
    text = replaced(text, U"-\n", U"");
    text = replaced(text, U"\n", U" ");
    text = replaced(text, U"&quot;", U"\"");
    text = replaced(text, U"&amp;", U"&");
    text = replaced(text, U"&lt;", U"<");
    text = replaced(text, U"&gt;", U">");
    return separate_punctuation(U' ' + text + U' ');
}

/// What sacreBLEU takes for Chinese: ideographs, radicals, strokes, phonetic symbols, full-width
/// forms and punctuation. Where it means the supplementary planes (U+20000 … U+2A6D6 and U+2F800 …
/// U+2FA1D) it compares with other characters; the ranges here are those that this comes to.
constexpr bool is_chinese(char32_t c) noexcept {
    struct Range {
        char32_t first, last;
    };
    constexpr std::array<Range, 14> ranges{{{0x2001, 0x2A6D},
                                            {0x2E80, 0x2FDF},
                                            {0x2FF0, 0x303F},
                                            {0x3100, 0x312F},
                                            {0x31A0, 0x31BF},
                                            {0x31C0, 0x31EF},
                                            {0x3200, 0x4DB5},
                                            {0x4E00, 0x9FBB},
                                            {0xF900, 0xFA2D},
                                            {0xFA30, 0xFA6A},
                                            {0xFA70, 0xFAD9},
                                            {0xFE10, 0xFE1F},
                                            {0xFE30, 0xFE4F},
                                            {0xFF00, 0xFFEF}}};
    return std::any_of(ranges.begin(), ranges.end(),
                       [c](const Range& range) { return range.first <= c && c <= range.last; });
}

inline std::u32string tokenize_chinese(std::u32string_view text) {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return separate_punctuation(separate(text, is_chinese));
}

inline std::u32string tokenize_international(std::u32string_view text) {
    const auto not_number = [](char32_t c) { return !is_number(c); };
    std::u32string result = separate_in_pairs(text, not_number, is_punctuation, Separate::second);
    result = separate_in_pairs(result, is_punctuation, not_number, Separate::first);
    return separate(result, is_symbol);
}

inline std::u32string tokenize(std::u32string text, Tokenizer tokenizer) {
    switch (tokenizer) {
    case Tokenizer::v13a:
        return tokenize_13a(std::move(text));
    case Tokenizer::none:
        return text;
    case Tokenizer::character:
        return separate(text, [](char32_t) { return true; });
    case Tokenizer::international:
        return tokenize_international(text);
    case Tokenizer::chinese:
        return tokenize_chinese(text);
    }
    return text;
}

}  // namespace detail

/// The words of one line of text, with one space between them.
///
/// Throws  `Error` if `line` is not UTF-8
[[nodiscard]] inline std::string tokenize(std::string_view line,
                                          Tokenizer tokenizer = Tokenizer::v13a) {
    const std::u32string text = detail::tokenize(decode_utf8(line), tokenizer);
    std::u32string tokens;
    for (const std::u32string_view word : split_words(text)) {
        if (!tokens.empty()) tokens += U' ';
        tokens += word;
    }
    return encode_utf8(tokens);
}

}  // namespace hat::data
