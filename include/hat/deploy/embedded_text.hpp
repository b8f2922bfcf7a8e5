// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/code_point.hpp>
#include <hat/deploy/bisect.hpp>
#include <hat/deploy/canonical_composition.hpp>
#include <hat/deploy/subword_decoder.hpp>
#include <hat/deploy/subword_encoder.hpp>
#include <hat/deploy/subword_tables.hpp>
#include <hat/deploy/text_memory.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

/// From lines of text to what a network reads, and from what it says to lines of text, on a device
/// without system: no heap, no exceptions, no floating point.
///
/// The text is byte for byte that of `hat translate` with its default options, as the data folder
/// has it (`LineCodec` of `TextCodec` of `Subword`). Covered are: blank lines, the normal forms
/// identity and nfc, stand-ins, all of SentencePiece that `make_subword_tables` accepts, and what
/// the vocabulary lacks: it is copied in the place of what the network says of the unknown, and
/// words and symbols of which the network says nothing follow the translation.
///
/// Some lines that `hat translate` takes get a status instead:
///
///     not_utf8         the program reports or replaces what is no UTF-8
///     too_many_tokens  it splits the line and joins the translations of the parts
///     too_long         memory has the size that the caller gave it
///
/// Lower case, the form nfkc, protected patterns and fairseq's dictionaries are refused when the
/// tables are made. Lines come without their end and without a byte order mark.
namespace hat::deploy {

/// What is known of a code point; several may hold.
enum CodePointKind : std::uint8_t {
    shows_nothing = 1,  ///< white space, and what `data::is_ignorable`
    symbol = 2,         ///< `data::is_symbol`
    letter = 4  ///< of a word or a number: shows something, and is neither punctuation nor a symbol
};

/// All that the text side of a translator knows, in flash. `make_text_tables` makes it.
struct TextTables {
    SubwordTables subwords;
    bool composes = false;                 ///< lines are brought to NFC
    CompositionTables composition;         ///< only then
    bool has_stand_ins = false;            ///< see `TextRules`
    const std::uint32_t* kinds = nullptr;  ///< [kind_count], of code points, see `value_at`
    int kind_count = 0;
    int eos = 0;
    int whole_tokens = 0;  ///< of a line that the network reads in one piece, eos not counted
};

namespace detail {

constexpr bool is_kind(const TextTables& tables, char32_t c, unsigned kind) noexcept {
    return (value_at(tables.kinds, tables.kind_count, c) & kind) != 0;
}

/// What stands for what SentencePiece keeps for itself, as in `TextRules`.
inline constexpr char32_t reserved[] = {0x2581, 0x2585, '\t', 0};
inline constexpr char32_t reserved_count = 4;
inline constexpr char32_t first_stand_in = 0xFDD0;

constexpr char32_t with_stand_in(char32_t c) noexcept {
    for (char32_t i = 0; i < reserved_count; ++i)
        if (c == reserved[i]) return first_stand_in + i;
    return c;
}
constexpr char32_t without_stand_in(char32_t c) noexcept {
    return c - first_stand_in < reserved_count ? reserved[c - first_stand_in] : c;
}

/// Writes a code point behind `size` bytes. Returns whether there is room for it.
constexpr bool append_utf8(char* text, int& size, int room, char32_t c) noexcept {
    const int bytes = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    if (bytes > room - size) return false;
    for (int i = bytes - 1; i > 0; --i, c >>= 6U)
        text[size + i] = static_cast<char>(0x80U | (c & 0x3FU));
    constexpr unsigned char lead_bytes[] = {0, 0, 0xC0, 0xE0, 0xF0};
    text[size] = static_cast<char>(lead_bytes[bytes] | c);
    size += bytes;
    return true;
}

/// Whether a line is UTF-8 at all, and whether anything of it is seen.
struct LineKind {
    bool is_utf8 = true;
    bool is_blank = true;
    bool may_compose = false;  ///< nothing composes below U+0300
};

inline LineKind kind_of_line(const TextTables& tables, std::string_view line) noexcept {
    LineKind kind;
    for (std::size_t i = 0; i < line.size();) {
        const hat::detail::CodePoint c = hat::detail::code_point(line, i);
        if (c.size_bytes == 0) return {false, false, false};
        kind.is_blank = kind.is_blank && is_kind(tables, c.value, shows_nothing);
        kind.may_compose = kind.may_compose || c.value >= 0x300;
        i += static_cast<std::size_t>(c.size_bytes);
    }
    return kind;
}

/// Writes the line to memory as the subword model is given it.
inline TextResult write_for_model(const TextTables& tables, std::string_view line, bool composes,
                                  const TextMemory& memory) noexcept {
    int size = 0;
    const auto append = [&](char32_t c) {
        return append_utf8(memory.line, size, memory.bytes,
                           tables.has_stand_ins ? with_stand_in(c) : c);
    };
    if (composes) {
        const TextResult composed =
            compose_canonically(tables.composition, line, memory.cells, memory.bytes + 1);
        if (composed.status != TextStatus::done) return composed;
        for (int i = 0; i < composed.count; ++i)
            if (!append(memory.cells[i].point.value)) return {TextStatus::too_long};
        return {TextStatus::done, size};
    }
    for (std::size_t i = 0; i < line.size();) {
        const hat::detail::CodePoint c = hat::detail::code_point(line, i);
        if (!append(c.value)) return {TextStatus::too_long};
        i += static_cast<std::size_t>(c.size_bytes);
    }
    return {TextStatus::done, size};
}

}  // namespace detail

namespace detail {

/// Whether some code point of `text` is of one of the kinds `kind`, stand-ins being what they stand
/// for if `is_shown`.
inline bool has_kind(const TextTables& tables, std::string_view text, unsigned kind,
                     bool is_shown) noexcept {
    for (std::size_t i = 0; i < text.size();) {
        const hat::detail::CodePoint c = hat::detail::code_point(text, i);
        const bool stands_in = is_shown && tables.has_stand_ins;
        if (is_kind(tables, stands_in ? without_stand_in(c.value) : c.value, kind)) return true;
        i += static_cast<std::size_t>(c.size_bytes > 0 ? c.size_bytes : 1);
    }
    return false;
}

/// From the bytes of the text to those of the line that the unknown pieces are. Returns whether
/// some letter or digit of the line is known.
inline bool find_unknown(const TextTables& tables, std::string_view line, const TextMemory& memory,
                         std::span<const int> ids) noexcept {
    TextCell* const cells = memory.cells;
    // The same text again, this time with where it comes from.
    static_cast<void>(
        normalize_for_subwords(tables.subwords, line, memory.text, memory.bytes, cells));
    const auto is_space_at = [&](int i) {
        return i < 0 || i >= static_cast<int>(line.size()) ||
               line[static_cast<std::size_t>(i)] == ' ';
    };
    bool is_known = false;
    int at = 0;
    int k = 0;
    for (const int id : ids) {
        const int begin = cells[at].unknown.origin;
        if (id != tables.subwords.unknown) {
            at += static_cast<int>(tables.subwords.piece(id).size());
            is_known = is_known || has_kind(tables, slice(line, begin, cells[at].unknown.origin),
                                            letter, false);
            continue;
        }
        TextCell::Unknown& piece = cells[k++].unknown;
        at = piece.end;
        piece.begin = static_cast<std::uint16_t>(begin);
        piece.end = cells[at].unknown.origin;
        piece.is_word = is_space_at(piece.begin - 1) && is_space_at(piece.end);
    }
    return is_known;
}

/// Appends the unknown words and symbols but the first `used` ones. Returns whether there is room.
inline bool append_dropped(const TextTables& tables, const UnknownTexts& unknown, int used,
                           char* text, int& size, int room) noexcept {
    for (int k = used; k < unknown.count; ++k) {
        const std::string_view part = unknown[k];
        const unsigned kept = symbol | (unknown.cells[k].unknown.is_word ? unsigned{letter} : 0U);
        if (!has_kind(tables, part, kept, true)) continue;
        if (size > 0 && !append_utf8(text, size, room, ' ')) return false;
        for (std::size_t i = 0; i < part.size();) {
            const hat::detail::CodePoint c = hat::detail::code_point(part, i);
            const char32_t shown = tables.has_stand_ins ? without_stand_in(c.value) : c.value;
            if (!append_utf8(text, size, room, shown)) return false;
            i += static_cast<std::size_t>(c.size_bytes);
        }
    }
    return true;
}

}  // namespace detail

/// The tokens of a line to translate, eos among them; none if there is nothing to translate, whose
/// translation is empty, or with the status `as_it_is` the line. `room` is that of `ids`. What
/// `decode_line` needs of the line stays in the memory.
inline TextResult encode_line(const TextTables& tables, std::string_view line, TextMemory memory,
                              int* ids, int room) noexcept {
    const detail::LineKind kind = detail::kind_of_line(tables, line);
    if (!kind.is_utf8) return {TextStatus::not_utf8};
    if (kind.is_blank) return {};
    const TextResult prepared =
        detail::write_for_model(tables, line, tables.composes && kind.may_compose, memory);
    if (prepared.status != TextStatus::done) return prepared;
    line = detail::slice(memory.line, 0, prepared.count);
    const int most = tables.whole_tokens < room - 1 ? tables.whole_tokens : room - 1;
    TextResult encoded = encode_subwords(tables.subwords, line, memory, ids, most);
    if (encoded.unknown > 0 &&
        !detail::find_unknown(tables, line, memory, {ids, static_cast<std::size_t>(encoded.count)}))
        return {TextStatus::as_it_is};
    if (encoded.count > 0) ids[encoded.count++] = tables.eos;
    return encoded;
}

/// Writes the translation that `ids` stand for to `text`; their eos stands for nothing. `read` is
/// what `encode_line` returned of the line, and `memory` as it was left by that.
inline TextResult decode_line(const TextTables& tables, const TextResult& read, TextMemory memory,
                              std::span<const int> ids, char* text, int room) noexcept {
    const UnknownTexts unknown{memory.line, memory.cells, read.unknown};
    const TextResult decoded = decode_subwords(tables.subwords, ids, unknown, text, room);
    if (decoded.status != TextStatus::done) return decoded;
    int size = decoded.count;
    if (tables.has_stand_ins) {
        size = 0;  // in place: nothing is longer than what stands for it
        const std::string_view all = detail::slice(text, 0, decoded.count);
        for (std::size_t i = 0; i < all.size();) {
            const hat::detail::CodePoint c = hat::detail::code_point(all, i);
            i += static_cast<std::size_t>(c.size_bytes);
            static_cast<void>(
                detail::append_utf8(text, size, room, detail::without_stand_in(c.value)));
        }
    }
    int used = 0;
    for (const int id : ids) used += id == tables.subwords.unknown ? 1 : 0;
    if (!detail::append_dropped(tables, unknown, used, text, size, room))
        return {TextStatus::too_long};
    return {TextStatus::done, size};
}

}  // namespace hat::deploy
