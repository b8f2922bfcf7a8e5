// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/data/unicode.hpp>
#include <hat/data/utf8.hpp>

#include <array>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace corpus {

/// A paragraph or heading of a help page. Its id is the same in all languages.
struct Paragraph {
    std::string id;
    std::string text;  // without markup; words with one space between them

    friend bool operator==(const Paragraph&, const Paragraph&) = default;
};

namespace detail {

constexpr auto npos = std::string_view::npos;

/// `<name attributes>` or `</name>`.
struct Tag {
    std::string_view name{};
    std::string_view attributes{};
    bool is_closing = false;
    std::size_t end = 0;  // the first byte after it
};

/// The tag that begins at `html[at]`, or nothing if it has no end.
inline std::optional<Tag> tag_at(std::string_view html, std::size_t at) {
    if (html.substr(at).starts_with("<!--")) {
        const std::size_t end = html.find("-->", at);
        if (end == npos) return std::nullopt;
        return Tag{.name = "!--", .attributes = {}, .end = end + 3};
    }
    const std::size_t end = html.find('>', at);
    if (end == npos) return std::nullopt;
    std::string_view inside = html.substr(at + 1, end - at - 1);
    Tag tag{.end = end + 1};
    if (inside.starts_with('/')) {
        tag.is_closing = true;
        inside.remove_prefix(1);
    }
    tag.name = inside.substr(0, inside.find_first_of(" \t\r\n/"));
    tag.attributes = inside.substr(tag.name.size());
    return tag;
}

/// The value of ` name="value"` among the attributes; empty if there is none.
inline std::string_view attribute(std::string_view attributes, std::string_view name) {
    const std::string key = " " + std::string(name) + "=\"";
    const std::size_t at = attributes.find(key);
    if (at == npos) return {};
    attributes.remove_prefix(at + key.size());
    return attributes.substr(0, attributes.find('"'));
}

inline bool holds_text(const Tag& tag) {
    const bool heading =
        tag.name.size() == 2 && tag.name[0] == 'h' && '1' <= tag.name[1] && tag.name[1] <= '6';
    const std::string_view id = attribute(tag.attributes, "id");
    return !tag.is_closing && (tag.name == "p" || heading) &&
           (id.starts_with("par_id") || id.starts_with("hd_id"));
}

inline bool is_hidden(const Tag& tag) {
    return attribute(tag.attributes, "hidden") == "true" &&
           !attribute(tag.attributes, "id").starts_with("default");
}

/// The visible text from `html[at]` to the closing tag `name`, behind which `at` stands afterwards;
/// nothing if there is no such tag.
inline std::optional<std::string> visible_text(std::string_view html, std::size_t& at,
                                               std::string_view name) {
    std::string text;
    std::vector<bool> spans;  // of the spans that are open: whether what is in them is hidden
    while (true) {
        const std::size_t open = html.find('<', at);
        if (open == npos) return std::nullopt;
        if (spans.empty() || !spans.back()) text += html.substr(at, open - at);
        const std::optional<Tag> tag = tag_at(html, open);
        if (!tag) return std::nullopt;
        at = tag->end;
        if (tag->is_closing && tag->name == name) return text;
        if (tag->name == "br") text += ' ';
        if (tag->name != "span") continue;
        if (!tag->is_closing)
            spans.push_back(is_hidden(*tag) || (!spans.empty() && spans.back()));
        else if (!spans.empty())
            spans.pop_back();
    }
}

/// The character that `&name;` stands for, or nothing.
inline std::optional<char32_t> referenced(std::string_view name) {
    constexpr std::array<std::pair<std::string_view, char32_t>, 6> names{{{"amp", U'&'},
                                                                          {"lt", U'<'},
                                                                          {"gt", U'>'},
                                                                          {"quot", U'"'},
                                                                          {"apos", U'\''},
                                                                          {"nbsp", U'\u00A0'}}};
    for (const auto& [known, character] : names)
        if (name == known) return character;
    if (!name.starts_with('#')) return std::nullopt;
    name.remove_prefix(1);
    const int base = name.starts_with('x') ? 16 : 10;
    if (base == 16) name.remove_prefix(1);
    unsigned value = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), value, base);
    const bool valid = error == std::errc{} && end == name.data() + name.size() && value > 0 &&
                       value <= 0x10FFFF && (value < 0xD800 || value > 0xDFFF);
    return valid ? std::optional<char32_t>(value) : std::nullopt;
}

}  // namespace detail

/// `text` with the character references (`&amp;`, `&#228;`, …) replaced by what they stand for.
[[nodiscard]] inline std::string unescape(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        const std::size_t begin = text.find('&');
        result += text.substr(0, begin);
        if (begin == std::string_view::npos) break;
        text.remove_prefix(begin + 1);
        const std::size_t end = text.find_first_of("&;");  // of the name, if it is one
        const bool ends = end != std::string_view::npos && text[end] == ';';
        const auto character = ends ? detail::referenced(text.substr(0, end)) : std::nullopt;
        if (character) {
            hat::data::append_utf8(result, *character);
            text.remove_prefix(end + 1);
        } else {
            result += '&';
        }
    }
    return result;
}

/// `text` with one space between words and none at the ends.
[[nodiscard]] inline std::string squeeze(std::string_view text) {
    const std::u32string code_points = hat::data::decode_utf8(text);
    std::u32string result;
    for (const std::u32string_view word : hat::data::split_words(code_points)) {
        if (!result.empty()) result += U' ';
        result += word;
    }
    return hat::data::encode_utf8(result);
}

/// The paragraphs and headings of a LibreOffice help page whose id begins with `par_id` or `hd_id`.
/// What is hidden stays out, except what is shown by default where systems or programs differ.
///
/// Throws  `hat::Error` if a paragraph is not closed or the text is not UTF-8; `name` is the file's
[[nodiscard]] inline std::vector<Paragraph> read_page(std::string_view html,
                                                      std::string_view name) {
    if (const std::size_t bad = hat::data::find_invalid_utf8(html); bad != std::string_view::npos)
        hat::fail(name, ": byte ", bad, " is not valid UTF-8");
    std::vector<Paragraph> paragraphs;
    for (std::size_t at = html.find('<'); at != std::string_view::npos; at = html.find('<', at)) {
        const std::size_t begin = at;
        const std::optional<detail::Tag> tag = detail::tag_at(html, begin);
        if (!tag) hat::fail(name, ": the tag at byte ", begin, " has no end");
        at = tag->end;
        if (!detail::holds_text(*tag)) continue;
        const auto text = detail::visible_text(html, at, tag->name);
        if (!text)
            hat::fail(name, ": the <", tag->name, "> at byte ", begin, " has no closing tag");
        paragraphs.push_back(
            {std::string(detail::attribute(tag->attributes, "id")), squeeze(unescape(*text))});
    }
    return paragraphs;
}

}  // namespace corpus
