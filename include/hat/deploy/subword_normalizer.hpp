// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/code_point.hpp>
#include <hat/deploy/subword_tables.hpp>
#include <hat/deploy/text_memory.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hat::deploy {

namespace detail {

inline constexpr std::string_view space_symbol = "\u2581";
inline constexpr std::string_view replacement_character = "\uFFFD";

/// A unit of a double array: a label, where its children are, whether a value is among them.
struct TrieUnit {
    std::uint32_t bits;

    [[nodiscard]] constexpr std::uint32_t label() const noexcept { return bits & 0x800000FFU; }
    [[nodiscard]] constexpr std::uint32_t offset() const noexcept {
        return bits >> 10U << ((bits >> 6U) & 8U);
    }
    [[nodiscard]] constexpr bool has_value() const noexcept { return (bits >> 8U & 1U) != 0; }
    [[nodiscard]] constexpr std::uint32_t value() const noexcept { return bits & 0x7FFFFFFFU; }
};

/// What stands for the beginning of a text, and how many bytes that beginning has.
struct NormalizedPrefix {
    std::string_view text;
    std::size_t bytes = 0;
};

/// Precondition: `line` is not empty.
constexpr NormalizedPrefix normalized_prefix(const SubwordTables& tables,
                                             std::string_view line) noexcept {
    if (const int bytes = user_symbol_bytes(tables, line); bytes > 0)
        return {slice(line, 0, bytes), static_cast<std::size_t>(bytes)};
    NormalizedPrefix longest;
    if (tables.rule_count > 0) {
        std::uint32_t at = TrieUnit{tables.rules[0]}.offset();
        for (std::size_t i = 0; i < line.size(); ++i) {
            const auto byte = static_cast<unsigned char>(line[i]);
            at ^= byte;
            const TrieUnit unit{tables.rules[at]};
            if (unit.label() != byte) break;
            at ^= unit.offset();
            if (unit.has_value())
                longest = {tables.replacements + TrieUnit{tables.rules[at]}.value(), i + 1};
        }
    }
    if (longest.bytes > 0) return longest;
    const int size = hat::detail::code_point(line, 0).size_bytes;
    if (size == 0) return {replacement_character, 1};
    return {slice(line, 0, size), static_cast<std::size_t>(size)};
}

}  // namespace detail

/// Writes `line` to `text` as the pieces of a model are cut from it: what SentencePiece's
/// normaliser makes of it, with a space in the place of U+2581. A byte that is no UTF-8 becomes
/// U+FFFD. With `origins` [room + 1], they say where in the line each byte comes from, and the end.
inline TextResult normalize_for_subwords(const SubwordTables& tables, std::string_view line,
                                         char* text, int room,
                                         TextCell* origins = nullptr) noexcept {
    const char* const begin = line.data();
    const auto set_origin = [&](int at, const char* from) {
        if (origins != nullptr)
            origins[at].unknown.origin = static_cast<std::uint16_t>(from - begin);
    };
    const auto prefix = [&] { return detail::normalized_prefix(tables, line); };
    if (tables.removes_extra_spaces) {
        while (!line.empty()) {
            const detail::NormalizedPrefix first = prefix();
            if (first.text != " ") break;
            line.remove_prefix(first.bytes);
        }
    }
    set_origin(0, line.data());
    if (line.empty()) return {};
    int size = 0;
    if (tables.adds_space) {
        if (room == 0) return {TextStatus::too_long};
        text[size++] = ' ';
    }
    bool follows_space = tables.removes_extra_spaces;
    while (!line.empty()) {
        auto [part, bytes] = prefix();
        const char* const from = line.data();
        line.remove_prefix(bytes);
        while (follows_space && part.starts_with(' ')) part.remove_prefix(1);
        if (part.empty()) continue;
        follows_space = tables.removes_extra_spaces && part.ends_with(' ');
        while (!part.empty()) {
            if (size == room) return {TextStatus::too_long};
            set_origin(size, from);
            const bool is_space = part.starts_with(detail::space_symbol);
            text[size++] = is_space ? ' ' : part.front();
            part.remove_prefix(is_space ? detail::space_symbol.size() : 1);
        }
    }
    set_origin(size, line.data());
    if (tables.removes_extra_spaces)
        while (size > 0 && text[size - 1] == ' ') --size;
    return {TextStatus::done, size};
}

}  // namespace hat::deploy
