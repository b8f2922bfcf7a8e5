// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/code_point.hpp>

#include <cstddef>
#include <string>
#include <string_view>

/// Text from outside (files, flags) in messages, where it may be anything and of any length.
namespace hat {

namespace detail {

/// Appends `c` as JSON writes it in a string.
inline void append_escaped(std::string& text, unsigned char c) {
    constexpr std::string_view hex = "0123456789abcdef";
    constexpr std::string_view from = "\"\\\b\f\n\r\t";
    constexpr std::string_view to = "\"\\bfnrt";
    text += '\\';
    if (const std::size_t at = from.find(static_cast<char>(c)); at != std::string_view::npos)
        text += to[at];
    else
        ((text += "u00") += hex[c >> 4U]) += hex[c & 15U];
}

/// `text` on one line, cut to about `longest` bytes; escapes what `is_escaped` says.
template <class Predicate>
std::string on_one_line(std::string_view text, std::size_t longest, Predicate is_escaped) {
    std::string line;
    for (std::size_t at = 0; at < text.size();) {
        if (line.size() >= longest) return line += "…";
        const CodePoint c = code_point(text, at);
        if (c.size_bytes == 0)
            line += "\uFFFD";
        else if (is_escaped(c.value))
            append_escaped(line, static_cast<unsigned char>(c.value));
        else
            line += text.substr(at, static_cast<std::size_t>(c.size_bytes));
        at += c.size_bytes == 0 ? 1 : static_cast<std::size_t>(c.size_bytes);
    }
    return line;
}

constexpr bool is_control(char32_t c) noexcept {
    return c < 0x20 || (0x7F <= c && c < 0xA0);
}

}  // namespace detail

/// Bytes of outside text that a message shows.
inline constexpr std::size_t readable_bytes = 80;

/// `text` as a message shows it: on one line, its end cut off if it is long, control characters
/// escaped, and U+FFFD where it is not UTF-8.
[[nodiscard]] inline std::string readable(std::string_view text,
                                          std::size_t longest = readable_bytes) {
    return detail::on_one_line(text, longest, detail::is_control);
}

/// The same of a whole message, however long it is: names of files may be anything, too.
[[nodiscard]] inline std::string one_line(std::string_view message) {
    return readable(message, std::string::npos);
}

/// `text` as a message shows it, in quotation marks; those in `text` are escaped as in JSON.
///
///     fail(where, ": expected a number, found ", in_quotes(field));
[[nodiscard]] inline std::string in_quotes(std::string_view text,
                                           std::size_t longest = readable_bytes) {
    const auto is_escaped = [](char32_t c) {
        return detail::is_control(c) || c == U'"' || c == U'\\';
    };
    return '"' + detail::on_one_line(text, longest, is_escaped) + '"';
}

}  // namespace hat
