// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/data/utf8.hpp>

#include <cstddef>
#include <string_view>
#include <vector>

namespace hat::data {

/// What Python's `str.split` splits at: white space, and the separators U+001C … U+001F.
[[nodiscard]] constexpr bool is_space(char32_t c) noexcept {
    return (0x09 <= c && c <= 0x0D) || (0x1C <= c && c <= 0x20) || c == 0x85 || c == 0xA0 ||
           c == 0x1680 || (0x2000 <= c && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
           c == 0x202F || c == 0x205F || c == 0x3000;
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

/// How many words a text of UTF-8 has.
[[nodiscard]] inline int count_words(std::string_view text) {
    return static_cast<int>(split_words(decode_utf8(text)).size());
}

}  // namespace hat::data
