// SPDX-License-Identifier: Apache-2.0
// Needs: utf8proc
#pragma once

#include <hat/data/unicode.hpp>
#include <hat/data/utf8.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// What of a text a vocabulary lacks, and what of it is worth keeping.
namespace hat::data {

/// The text of one unknown token.
struct UnknownText {
    std::string text;
    bool is_word = false;       ///< of a word of which nothing is known
    bool follows_last = false;  ///< directly follows the unknown token before it

    friend bool operator==(const UnknownText&, const UnknownText&) = default;
};

/// What of a line is unknown, token by token.
struct UnknownTexts {
    std::vector<UnknownText> tokens;
    bool is_all = false;  ///< no letter or digit of the line is known, but some token is not
};

/// Whether some code point is seen and neither punctuation nor a symbol.
[[nodiscard]] inline bool has_letters(std::string_view text) {
    const std::u32string code_points = decode_utf8(text);
    return std::any_of(code_points.begin(), code_points.end(), [](char32_t c) {
        return !is_space(c) && !is_ignorable(c) && !is_punctuation(c) && !is_symbol(c);
    });
}

/// Whether some code point is a symbol: of mathematics, of a currency, a picture.
[[nodiscard]] inline bool has_symbols(std::string_view text) {
    const std::u32string code_points = decode_utf8(text);
    return std::any_of(code_points.begin(), code_points.end(),
                       [](char32_t c) { return is_symbol(c); });
}

/// A translation with those unknown words and symbols behind it that it says nothing of: all but
/// the first `used` ones. Unknown letters inside a word are not among them. A `mark` stands in the
/// place of each word, if there is one.
[[nodiscard]] inline std::string with_dropped_words(std::string translation,
                                                    const std::vector<UnknownText>& unknown,
                                                    std::size_t used, std::string_view mark = {}) {
    bool last_was_kept = false;
    for (std::size_t i = used; i < unknown.size(); ++i) {
        const auto& [text, is_word, follows_last] = unknown[i];
        const bool is_kept = has_symbols(text) || (is_word && has_letters(text));
        const bool goes_on = follows_last && last_was_kept;
        if (is_kept && !translation.empty() && !goes_on) translation += ' ';
        if (is_kept && mark.empty()) translation += text;
        if (is_kept && !mark.empty() && !goes_on) translation += mark;
        last_was_kept = is_kept;
    }
    return translation;
}

}  // namespace hat::data
