// SPDX-License-Identifier: Apache-2.0
// Needs: nlohmann-json, utf8proc
#pragma once

#include <hat/core/error.hpp>
#include <hat/data/unicode.hpp>
#include <hat/data/utf8.hpp>
#include <hat/io/json.hpp>

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace hat::data {

/// The word that files and flags have for it.
[[nodiscard]] constexpr std::string_view name(NormalForm form) noexcept {
    switch (form) {
    case NormalForm::identity:
        return "identity";
    case NormalForm::nfc:
        return "nfc";
    case NormalForm::nfkc:
        return "nfkc";
    }
    return "";
}

/// Throws  `Error` if no normal form bears this name; `where` begins the message
[[nodiscard]] inline NormalForm normal_form_named(std::string_view text, std::string_view where) {
    for (const NormalForm form : {NormalForm::nfc, NormalForm::nfkc, NormalForm::identity})
        if (name(form) == text) return form;
    fail(where, ": found ", io::in_quotes(text), ", expected nfc, nfkc or identity");
}

namespace detail {

/// What SentencePiece keeps for itself: its space and its mark of the unknown, its boundary in
/// learning (a tab), and what it skips.
inline constexpr std::u32string_view reserved{U"\u2581\u2585\t\0", 4};
/// Code points that Unicode promises never to give to a character stand for them, in this order.
inline constexpr char32_t first_stand_in = 0xFDD0;

inline std::string with_stand_ins(std::string_view line) {
    std::string text;
    for (const char32_t c : decode_utf8(line)) {
        const auto place = reserved.find(c);
        append_utf8(text, place == std::u32string_view::npos
                              ? c
                              : first_stand_in + static_cast<char32_t>(place));
    }
    return text;
}
inline std::string without_stand_ins(std::string_view line) {
    std::string text;
    for (const char32_t c : decode_utf8(line)) {
        const bool stands_in = first_stand_in <= c && c < first_stand_in + reserved.size();
        append_utf8(text, stands_in ? reserved[c - first_stand_in] : c);
    }
    return text;
}

}  // namespace detail

/// How text is treated besides being cut into pieces: `text.json` of a data or model directory.
/// Without that file text is read as it is.
///
///     {"format": "hat text", "format_version": 1, "normalize": "nfc", "lowercase": false,
///      "stand_ins": true, "protect": []}
struct TextRules {
    NormalForm normalize = NormalForm::identity;
    bool lowercase = false;
    /// Whether the model has pieces of its own for the characters that SentencePiece reserves
    /// (U+2581, U+2585, tab, NUL), so that they come back as they went in.
    bool stand_ins = false;
    std::vector<std::string> protect{};  ///< patterns of what is kept whole

    /// The text that stands for `line`: in its normal form and case. The same again for its result.
    ///
    /// Throws  `Error` if `line` is not UTF-8
    [[nodiscard]] std::string apply(std::string_view line) const {
        std::string text = data::normalize(line, normalize);
        if (!lowercase) return text;
        return data::normalize(encode_utf8(to_lower(decode_utf8(text))), normalize);
    }
    /// `line`, to which the rules were applied, as the subword model reads it, and back.
    [[nodiscard]] std::string to_model(std::string_view line) const {
        return stand_ins ? detail::with_stand_ins(line) : std::string(line);
    }
    [[nodiscard]] std::string from_model(std::string_view line) const {
        return stand_ins ? detail::without_stand_ins(line) : std::string(line);
    }

    friend bool operator==(const TextRules&, const TextRules&) = default;
};

namespace detail {
inline constexpr const char* text_rules_format = "hat text";
inline constexpr int text_rules_version = 1;
}  // namespace detail

/// The text of text.json.
[[nodiscard]] inline std::string text_rules_to_json(const TextRules& rules) {
    const io::Json json = {{"format", detail::text_rules_format},
                           {"format_version", detail::text_rules_version},
                           {"normalize", std::string(name(rules.normalize))},
                           {"lowercase", rules.lowercase},
                           {"stand_ins", rules.stand_ins},
                           {"protect", rules.protect}};
    return io::json_text(json, 2) + '\n';
}

/// What the text of a text.json says; `where` begins messages.
///
/// Throws  `Error` if it is not whole, or of another format
[[nodiscard]] inline TextRules text_rules_from_json(std::string_view text,
                                                    const std::string& where) {
    const io::Json json = io::parse_json(text, where);
    if (io::json_get<std::string>(json, "format", where) != detail::text_rules_format)
        fail(where, ": format: expected \"", detail::text_rules_format, "\"");
    if (const int version = io::json_get<int>(json, "format_version", where);
        version != detail::text_rules_version)
        fail(where, ": format_version = ", version, ", expected ", detail::text_rules_version,
             ": written by another version of hat");
    TextRules rules;
    rules.normalize = normal_form_named(io::json_get<std::string>(json, "normalize", where),
                                        where + ": normalize");
    rules.lowercase = io::json_get<bool>(json, "lowercase", where);
    if (json.contains("stand_ins")) rules.stand_ins = io::json_get<bool>(json, "stand_ins", where);
    const io::Json& protect = io::json_field(json, "protect", where);
    if (!protect.is_array()) fail(where, ": protect: expected a list");
    for (const io::Json& pattern : protect)
        rules.protect.push_back(io::json_as<std::string>(pattern, where + ": protect"));
    return rules;
}

}  // namespace hat::data
