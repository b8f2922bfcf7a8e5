// SPDX-License-Identifier: Apache-2.0
// Needs: utf8proc
#pragma once

#include <hat/data/unicode.hpp>
#include <hat/data/utf8.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hat::data {

/// A part of a line that was cut, and the white space between it and the next one.
struct LinePart {
    std::string_view text;
    std::string_view between;
    bool ends_in_word = false;  ///< the cut went through a word

    friend bool operator==(const LinePart&, const LinePart&) = default;
};

namespace detail {

constexpr bool is_one_of(char32_t c, std::u32string_view set) noexcept {
    return set.find(c) != std::u32string_view::npos;
}
/// Closes a sentence if white space follows.
constexpr bool is_sentence_end(char32_t c) noexcept {
    return is_one_of(c, U".!?\u2026\u203D\u061F\u06D4\u0964\u0965\u1362\u0589");
}
/// Closes a sentence in scripts without spaces.
constexpr bool is_wide_sentence_end(char32_t c) noexcept {
    return is_one_of(c, U"\u3002\uFF01\uFF1F\uFF61");
}
/// May stand between the end of a sentence and what follows.
constexpr bool is_closer(char32_t c) noexcept {
    return is_one_of(c, U"\"')]}\u00BB\u203A\u201C\u201D\u2019\u300D\u300F\uFF09\u3011\uFF02");
}
/// A word that begins so goes on with a sentence ("approx. ten", "z. B. das").
inline bool is_small_letter(char32_t c) noexcept {
    return is_category(c, UTF8PROC_CATEGORY_LL, UTF8PROC_CATEGORY_LL);
}

/// White space in a text: where it begins and ends.
struct Gap {
    std::size_t begin;
    std::size_t end;
};

inline std::size_t skip_spaces(std::string_view text, std::size_t at) {
    while (at < text.size()) {
        const CodePoint c = code_point(text, at);
        if (c.size_bytes == 0 || !is_space(c.value)) break;
        at += static_cast<std::size_t>(c.size_bytes);
    }
    return at;
}

/// Where the first sentence of `text` ends and the next one begins; nothing if it is the only one.
inline std::optional<Gap> first_sentence_end(std::string_view text) {
    enum { inside, ended, ended_wide } state = inside;
    for (std::size_t i = 0; i < text.size();) {
        const CodePoint c = code_point(text, i);
        if (state != inside && !is_closer(c.value) && !is_sentence_end(c.value)) {
            const std::size_t next = skip_spaces(text, i);
            if (next == text.size()) return std::nullopt;
            if (state == ended_wide && !is_wide_sentence_end(c.value)) return Gap{i, next};
            if (next > i && !is_small_letter(code_point(text, next).value)) return Gap{i, next};
            state = inside;
        }
        if (is_wide_sentence_end(c.value))
            state = ended_wide;
        else if (is_sentence_end(c.value) && state != ended_wide)
            state = ended;
        i += static_cast<std::size_t>(std::max(c.size_bytes, 1));
    }
    return std::nullopt;
}

/// The white space inside `text` that is nearest to its middle, if there is any.
inline std::optional<Gap> middle_gap(std::string_view text) {
    const std::size_t middle = text.size() / 2;
    std::optional<Gap> before;
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t end = skip_spaces(text, i);
        if (end > i && i > 0 && end < text.size()) {
            if (end > middle) {
                const bool is_nearer = !before || i < middle || i - middle < middle - before->end;
                return is_nearer ? Gap{i, end} : *before;
            }
            before = Gap{i, end};
        }
        i = end > i ? end
                    : i + static_cast<std::size_t>(std::max(code_point(text, i).size_bytes, 1));
    }
    return before;
}

/// The boundary of code points nearest before the middle; the first one if there is none before.
inline std::size_t middle_boundary(std::string_view text) {
    const auto is_inside = [&](std::size_t i) {
        return i < text.size() && (static_cast<unsigned char>(text[i]) & 0xC0U) == 0x80U;
    };
    std::size_t at = text.size() / 2;
    while (at > 0 && is_inside(at)) --at;
    if (at == 0)
        for (at = 1; is_inside(at);) ++at;
    return at;
}

template <class Fits>
void halve(std::string_view text, std::string_view between, bool ends_in_word, const Fits& fits,
           std::vector<LinePart>& parts) {
    const bool is_whole = fits(text);
    const std::optional<Gap> gap = is_whole ? std::nullopt : middle_gap(text);
    const std::size_t cut = gap ? gap->begin : middle_boundary(text);
    if (is_whole || cut >= text.size()) {
        parts.push_back({text, between, ends_in_word});
        return;
    }
    const std::size_t next = gap ? gap->end : cut;
    halve(text.substr(0, cut), text.substr(cut, next - cut), !gap, fits, parts);
    halve(text.substr(next), between, ends_in_word, fits, parts);
}

}  // namespace detail

/// Cuts a line into its sentences; those that do not fit are halved at the word nearest to their
/// middle, and where there is one word alone, at a code point, until all parts fit. Text and white
/// space of the parts, one after the other, are the line again.
///
/// Precondition: `line` is UTF-8.
/// Cost    `fits(text)` sees each byte about log₂(sentence / part) times
template <class Fits>
[[nodiscard]] std::vector<LinePart> split_long(std::string_view line, const Fits& fits) {
    std::vector<LinePart> parts;
    while (const auto end = detail::first_sentence_end(line)) {
        detail::halve(line.substr(0, end->begin), line.substr(end->begin, end->end - end->begin),
                      false, fits, parts);
        line.remove_prefix(end->end);
    }
    detail::halve(line, {}, false, fits, parts);
    return parts;
}

namespace detail {

/// Han, kana and full-width forms, which are written without spaces.
constexpr bool is_written_without_spaces(char32_t c) noexcept {
    return (0x2E80 <= c && c <= 0x30FF) || (0x3400 <= c && c <= 0x9FFF) ||
           (0xF900 <= c && c <= 0xFAFF) || (0xFF00 <= c && c <= 0xFF60) ||
           (0x20000 <= c && c <= 0x3FFFF);
}

inline char32_t last_code_point(std::string_view text) {
    std::size_t at = text.size() - 1;
    while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) --at;
    return code_point(text, at).value;
}

}  // namespace detail

/// Appends the translation of a part to `text`, that of the parts before it; `before` is the part
/// that it follows. What was apart is put apart, but in scripts that have no spaces.
inline void join_part(std::string& text, const LinePart& before, std::string_view translation) {
    if (!text.empty() && !translation.empty() && !before.ends_in_word &&
        !detail::is_written_without_spaces(detail::last_code_point(text)) &&
        !detail::is_written_without_spaces(detail::code_point(translation, 0).value))
        text += before.between.empty() ? std::string_view(" ") : before.between;
    text += translation;
}

}  // namespace hat::data
