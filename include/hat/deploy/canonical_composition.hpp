// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/code_point.hpp>
#include <hat/deploy/bisect.hpp>
#include <hat/deploy/text_memory.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hat::deploy {

/// Code points that are others: `whole[i]` is `first[i]`, and `second[i]` behind it unless that is
/// 0. The first may be such a code point itself, the second is not.
template <class Unit>
struct DecompositionTable {
    const Unit* whole = nullptr;  ///< [count], ascending
    const Unit* first = nullptr;
    const Unit* second = nullptr;
    int count = 0;
    const std::uint16_t* composed = nullptr;  ///< [composed_count], of those that are put together
    int composed_count = 0;                   ///< again: by first and second
};

/// What the canonical composition of a version of Unicode needs (Unicode Standard Annex 15, NFC);
/// Hangul syllables are computed. `make_composition_tables` makes them.
struct CompositionTables {
    DecompositionTable<std::uint16_t> narrow;  ///< of which all code points have 16 bits
    DecompositionTable<std::uint32_t> wide;
    /// [class_count], combining classes, see `value_at`.
    const std::uint32_t* classes = nullptr;
    int class_count = 0;
};

namespace detail {

inline constexpr char32_t first_syllable = 0xAC00;
inline constexpr char32_t first_lead = 0x1100;
inline constexpr char32_t first_vowel = 0x1161;
inline constexpr char32_t before_tails = 0x11A7;
inline constexpr char32_t leads = 19;
inline constexpr char32_t vowels = 21;
inline constexpr char32_t tails = 28;  // none is one of them
inline constexpr char32_t syllables = leads * vowels * tails;

/// The first code point of a decomposition, and the second; both 0 if there is none.
struct CodePointPair {
    char32_t first = 0;
    char32_t second = 0;
};

template <class Unit>
constexpr CodePointPair find_decomposition(const DecompositionTable<Unit>& table,
                                           char32_t c) noexcept {
    const int i = bisect(0, table.count, [&](int k) { return table.whole[k] < c; });
    if (i == table.count || table.whole[i] != c) return {};
    return {table.first[i], table.second[i]};
}

/// What the two are together; 0 if nothing.
template <class Unit>
constexpr char32_t find_composition(const DecompositionTable<Unit>& table, char32_t first,
                                    char32_t second) noexcept {
    const int i = bisect(0, table.composed_count, [&](int k) {
        const int at = table.composed[k];
        return table.first[at] != first ? table.first[at] < first : table.second[at] < second;
    });
    if (i == table.composed_count) return 0;
    const int at = table.composed[i];
    return table.first[at] == first && table.second[at] == second ? char32_t{table.whole[at]} : 0;
}

/// Brings code points that are added one by one to NFC, in cells.
class Composer {
public:
    Composer(const CompositionTables& tables, TextCell* cells, int room) noexcept
        : tables_(&tables), cells_(cells), room_(room) {}

    /// Adds `c`, taken apart; its marks stand in the order of their classes.
    void add(char32_t c) noexcept {
        if (c - first_syllable < syllables) {
            const char32_t syllable = c - first_syllable;
            push(first_lead + syllable / (vowels * tails));
            push(first_vowel + syllable / tails % vowels);
            if (syllable % tails != 0) push(before_tails + syllable % tails);
            return;
        }
        char32_t behind[4];  // no code point is more than four
        int count = 0;
        for (CodePointPair pair = parts(c); pair.first != 0; pair = parts(c)) {
            c = pair.first;
            if (pair.second != 0) behind[count++] = pair.second;
        }
        push(c);
        while (count > 0) push(behind[--count]);
    }

    /// Puts together what was added, where it can be. The number of code points that there are
    /// then, from the first cell on; `too_long` if the cells did not suffice.
    TextResult compose() noexcept {
        if (is_full_) return {TextStatus::too_long};
        int end = 0;
        int starter = -1;        // the last code point that is no mark
        int highest_class = -1;  // of the marks behind it
        for (int i = 0; i < count_; ++i) {
            const TextCell::Point point = cells_[i].point;
            if (starter >= 0 && point.combining_class > highest_class) {
                const char32_t whole = together(cells_[starter].point.value, point.value);
                if (whole != 0) {
                    cells_[starter].point.value = whole;
                    continue;
                }
            }
            if (point.combining_class == 0) {
                starter = end;
                highest_class = -1;
            } else if (point.combining_class > highest_class) {
                highest_class = point.combining_class;
            }
            cells_[end++].point = point;
        }
        return {TextStatus::done, end};
    }

private:
    [[nodiscard]] CodePointPair parts(char32_t c) const noexcept {
        constexpr char32_t first_decomposed = 0xC0;
        if (c < first_decomposed) return {};
        const CodePointPair pair = find_decomposition(tables_->narrow, c);
        return pair.first != 0 ? pair : find_decomposition(tables_->wide, c);
    }
    [[nodiscard]] std::uint8_t combining_class(char32_t c) const noexcept {
        constexpr char32_t first_mark = 0x300;
        if (c < first_mark) return 0;
        return value_at(tables_->classes, tables_->class_count, c);
    }
    [[nodiscard]] char32_t together(char32_t first, char32_t second) const noexcept {
        if (first - first_lead < leads && second - first_vowel < vowels)
            return first_syllable + ((first - first_lead) * vowels + second - first_vowel) * tails;
        // As in utf8proc, U+11A7 is a tail that says nothing.
        if (first - first_syllable < syllables && (first - first_syllable) % tails == 0 &&
            second - before_tails < tails)
            return first + (second - before_tails);
        const char32_t whole = find_composition(tables_->narrow, first, second);
        return whole != 0 ? whole : find_composition(tables_->wide, first, second);
    }

    void push(char32_t c) noexcept {
        if (count_ == room_) {
            is_full_ = true;
            return;
        }
        const std::uint8_t of_c = combining_class(c);
        int at = count_++;
        for (; at > 0 && of_c != 0 && cells_[at - 1].point.combining_class > of_c; --at)
            cells_[at].point = cells_[at - 1].point;
        cells_[at].point = {c, of_c};
    }

    const CompositionTables* tables_;
    TextCell* cells_;
    int room_;
    int count_ = 0;
    bool is_full_ = false;
};

}  // namespace detail

/// Writes the code points of `line` in NFC to cells, one after the other: as utf8proc gives them.
/// The line is taken apart first: `too_long` if that has more code points than `room`.
///
/// Precondition: `line` is UTF-8.
/// Cost    linear, but for marks on one letter, which are sorted by insertion
inline TextResult compose_canonically(const CompositionTables& tables, std::string_view line,
                                      TextCell* cells, int room) noexcept {
    detail::Composer composer(tables, cells, room);
    for (std::size_t i = 0; i < line.size();) {
        const hat::detail::CodePoint c = hat::detail::code_point(line, i);
        composer.add(c.value);
        i += static_cast<std::size_t>(c.size_bytes);
    }
    return composer.compose();
}

}  // namespace hat::deploy
