// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/code_point.hpp>
#include <hat/core/error.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace hat::data {

namespace detail {

using hat::detail::code_point;
using hat::detail::CodePoint;

}  // namespace detail

/// Where `text` stops being UTF-8: the offset of the first offending byte, or `npos` if there is
/// none. Overlong forms, surrogates and code points past U+10FFFF are not UTF-8 (RFC 3629).
[[nodiscard]] constexpr std::size_t find_invalid_utf8(std::string_view text) noexcept {
    for (std::size_t i = 0; i < text.size();) {
        const int size = detail::code_point(text, i).size_bytes;
        if (size == 0) return i;
        i += static_cast<std::size_t>(size);
    }
    return std::string_view::npos;
}

namespace detail {

/// Bytes of the longest beginning of a code point at `text[at]`, where no whole one stands; at
/// least 1.
constexpr std::size_t invalid_size_bytes(std::string_view text, std::size_t at) noexcept {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t most = lead < 0xC2   ? 1
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF5 ? 4
                                           : 1;
    std::size_t size = 1;
    for (; size < most && at + size < text.size(); ++size) {
        const auto byte = static_cast<unsigned char>(text[at + size]);
        const unsigned char lowest = size > 1       ? 0x80
                                     : lead == 0xE0 ? 0xA0
                                     : lead == 0xF0 ? 0x90
                                                    : 0x80;
        const unsigned char highest = size > 1       ? 0xBF
                                      : lead == 0xED ? 0x9F
                                      : lead == 0xF4 ? 0x8F
                                                     : 0xBF;
        if (byte < lowest || byte > highest) break;
    }
    return size;
}

}  // namespace detail

/// `text` with U+FFFD in the place of what is not UTF-8: one for each longest beginning of a code
/// point, as the Unicode standard recommends (section 3.9).
[[nodiscard]] inline std::string replace_invalid_utf8(std::string_view text) {
    std::string valid;
    valid.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        const auto size = static_cast<std::size_t>(detail::code_point(text, i).size_bytes);
        if (size > 0)
            valid += text.substr(i, size);
        else
            valid += "\uFFFD";
        i += size > 0 ? size : detail::invalid_size_bytes(text, i);
    }
    return valid;
}

/// How many code points UTF-8 `text` has.
[[nodiscard]] constexpr int count_characters(std::string_view text) noexcept {
    int count = 0;
    for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
    return count;
}

/// The code points of `text`.
///
/// Throws  `Error` if `text` is not UTF-8, with the offset of the offending byte
[[nodiscard]] inline std::u32string decode_utf8(std::string_view text) {
    std::u32string code_points;
    code_points.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        const detail::CodePoint c = detail::code_point(text, i);
        if (c.size_bytes == 0) fail("text: byte ", i, " is not valid UTF-8");
        code_points += c.value;
        i += static_cast<std::size_t>(c.size_bytes);
    }
    return code_points;
}

/// Appends `c` to `text`. Precondition: `c` is a code point, not a surrogate.
constexpr void append_utf8(std::string& text, char32_t c) {
    const auto tail = [c](int shift) { return static_cast<char>(0x80U | (c >> shift & 0x3FU)); };
    if (c < 0x80) {
        text += static_cast<char>(c);
    } else if (c < 0x800) {
        text += static_cast<char>(0xC0U | c >> 6);
        text += tail(0);
    } else if (c < 0x10000) {
        text += static_cast<char>(0xE0U | c >> 12);
        text += tail(6);
        text += tail(0);
    } else {
        text += static_cast<char>(0xF0U | c >> 18);
        text += tail(12);
        text += tail(6);
        text += tail(0);
    }
}

/// Code points as UTF-8.
[[nodiscard]] inline std::string encode_utf8(std::u32string_view code_points) {
    std::string text;
    text.reserve(code_points.size());
    for (const char32_t c : code_points) append_utf8(text, c);
    return text;
}

}  // namespace hat::data
