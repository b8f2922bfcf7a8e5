// SPDX-License-Identifier: Apache-2.0
// Needs: utf8proc
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/data/unicode.hpp>
#include <hat/data/utf8.hpp>

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
enum class Tokenizer { v13a, none, character, international };

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
    }
    return "";
}

/// Throws  `Error` if no tokeniser bears this name
[[nodiscard]] inline Tokenizer tokenizer_named(std::string_view text) {
    for (const Tokenizer t :
         {Tokenizer::v13a, Tokenizer::none, Tokenizer::character, Tokenizer::international})
        if (name(t) == text) return t;
    fail("tokeniser: found ", in_quotes(text), ", expected 13a, none, char or intl");
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

inline std::u32string tokenize_13a(std::u32string text) {
    const auto not_digit = [](char32_t c) { return !is_digit(c); };
    const auto is_hyphen = [](char32_t c) { return c == U'-'; };
    text = replaced(text, U"<skipped>", U"");
    text = replaced(text, U"-\n", U"");
    text = replaced(text, U"\n", U" ");
    text = replaced(text, U"&quot;", U"\"");
    text = replaced(text, U"&amp;", U"&");
    text = replaced(text, U"&lt;", U"<");
    text = replaced(text, U"&gt;", U">");
    text = separate(U' ' + text + U' ', is_13a_separator);
    text = separate_in_pairs(text, not_digit, is_period_or_comma, Separate::second);
    text = separate_in_pairs(text, is_period_or_comma, not_digit, Separate::first);
    return separate_in_pairs(text, is_digit, is_hyphen, Separate::second);
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
