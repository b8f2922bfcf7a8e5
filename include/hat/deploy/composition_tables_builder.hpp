// SPDX-License-Identifier: Apache-2.0
// Needs: utf8proc
#pragma once

#include <hat/data/unicode.hpp>
#include <hat/deploy/canonical_composition.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utf8proc.h>
#include <utility>
#include <vector>

/// What Unicode says of characters, as utf8proc has it, in tables that are read in flash.
namespace hat::deploy {

/// The arrays that a `DecompositionTable` views.
template <class Unit>
struct OwnedDecompositionTable {
    std::vector<Unit> whole;
    std::vector<Unit> first;
    std::vector<Unit> second;
    std::vector<std::uint16_t> composed;

    [[nodiscard]] DecompositionTable<Unit> view() const noexcept {
        return {whole.data(),    first.data(),
                second.data(),   static_cast<int>(whole.size()),
                composed.data(), static_cast<int>(composed.size())};
    }
    [[nodiscard]] std::size_t bytes() const noexcept {
        return 3 * sizeof(Unit) * whole.size() + 2 * composed.size();
    }
};

/// Tables that own what `CompositionTables` points at.
struct OwnedCompositionTables {
    OwnedDecompositionTable<std::uint16_t> narrow;
    OwnedDecompositionTable<std::uint32_t> wide;
    std::vector<std::uint32_t> classes;

    /// Tables in this object, which must outlive them.
    [[nodiscard]] CompositionTables view() const noexcept {
        return {narrow.view(), wide.view(), classes.data(), static_cast<int>(classes.size())};
    }
    [[nodiscard]] std::size_t bytes() const noexcept {
        return narrow.bytes() + wide.bytes() + 4 * classes.size();
    }
};

namespace detail {

inline constexpr char32_t code_points = 0x110000;

constexpr bool is_surrogate(char32_t c) noexcept {
    return 0xD800 <= c && c <= 0xDFFF;
}

inline std::u32string decomposed(char32_t c) {
    constexpr auto options = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    std::u32string parts;
    for (const utf8proc_int32_t part : data::detail::decompose(std::u32string_view(&c, 1), options))
        parts += static_cast<char32_t>(part);
    return parts;
}

/// All code points but syllables that are others, with those.
inline std::map<char32_t, std::u32string> all_decompositions() {
    std::map<char32_t, std::u32string> all;
    for (char32_t c = 0; c < code_points; ++c) {
        if (is_surrogate(c) || c - first_syllable < syllables) continue;
        const std::u32string parts = decomposed(c);
        if (parts != std::u32string(1, c)) all.emplace(c, parts);
    }
    return all;
}

inline bool is_composed(char32_t c) {
    const std::string text = data::encode_utf8(std::u32string(1, c));
    return data::normalize(text, data::NormalForm::nfc) == text;
}

/// The code point that sequences of several are, if possible one that composition gives.
inline std::map<std::u32string, char32_t>
all_compositions(const std::map<char32_t, std::u32string>& decompositions) {
    std::map<std::u32string, char32_t> all;
    for (const auto& [whole, parts] : decompositions)
        if (parts.size() > 1)
            if (const auto [at, is_new] = all.emplace(parts, whole); !is_new && is_composed(whole))
                at->second = whole;
    return all;
}

template <class Unit>
void sort_composed(OwnedDecompositionTable<Unit>& table) {
    std::sort(table.composed.begin(), table.composed.end(), [&](std::uint16_t a, std::uint16_t b) {
        return std::pair(table.first[a], table.second[a]) <
               std::pair(table.first[b], table.second[b]);
    });
}

template <class Unit>
void add_pair(OwnedDecompositionTable<Unit>& table, char32_t whole, CodePointPair pair) {
    if (pair.second != 0 && is_composed(whole))
        table.composed.push_back(static_cast<std::uint16_t>(table.whole.size()));
    table.whole.push_back(static_cast<Unit>(whole));
    table.first.push_back(static_cast<Unit>(pair.first));
    table.second.push_back(static_cast<Unit>(pair.second));
}

}  // namespace detail

/// The tables of canonical composition, of all of Unicode as this utf8proc knows it.
[[nodiscard]] inline OwnedCompositionTables make_composition_tables() {
    OwnedCompositionTables tables;
    const auto decompositions = detail::all_decompositions();
    const auto compositions = detail::all_compositions(decompositions);
    for (const auto& [whole, parts] : decompositions) {
        const std::u32string begin = parts.substr(0, parts.size() - 1);
        const detail::CodePointPair pair =
            parts.size() == 1   ? detail::CodePointPair{parts[0], 0}
            : parts.size() == 2 ? detail::CodePointPair{parts[0], parts[1]}
                                : detail::CodePointPair{compositions.at(begin), parts.back()};
        if (std::max({whole, pair.first, pair.second}) < 0x10000)
            detail::add_pair(tables.narrow, whole, pair);
        else
            detail::add_pair(tables.wide, whole, pair);
    }
    detail::sort_composed(tables.narrow);
    detail::sort_composed(tables.wide);
    unsigned last_class = 0;
    for (char32_t c = 0; c < detail::code_points; ++c) {
        const auto combining_class =
            detail::is_surrogate(c)
                ? 0U
                : static_cast<unsigned>(data::detail::properties(c).combining_class);
        if (combining_class != last_class)
            tables.classes.push_back(static_cast<std::uint32_t>(c) << 8U | combining_class);
        last_class = combining_class;
    }
    return tables;
}

}  // namespace hat::deploy
