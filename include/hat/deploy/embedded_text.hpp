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
/// identity and nfc, stand-ins, all of SentencePiece that `make_subword_tables` accepts, what the
/// network says of the unknown.
///
/// Some lines that `hat translate` takes to pieces get a status instead:
///
///     not_utf8         the program reports or replaces what is no UTF-8
///     too_many_tokens  it splits the line and joins the translations of the parts
///     unknown_text     it copies what the vocabulary lacks; a model with byte fallback lacks
///     nothing too_long         memory has the size that the caller gave it
///
/// With `unknown_text` the tokens are there all the same. Their translation is that of `--unknown
/// drop`, except where no letter of the line is known: the program does not ask the network then.
///
/// Lower case, the form nfkc, protected patterns and fairseq's dictionaries are refused when the
/// tables are made. Lines come without their end and without a byte order mark.
namespace hat::deploy {

/// All that the text side of a translator knows, in flash. `make_text_tables` makes it.
struct TextTables {
    SubwordTables subwords;
    bool composes = false;          ///< lines are brought to NFC
    CompositionTables composition;  ///< only then
    bool has_stand_ins = false;     ///< see `TextRules`
    /// [ignorable_count], ascending: where what shows nothing begins and ends, in turn.
    const std::uint32_t* ignorable = nullptr;
    int ignorable_count = 0;
    int eos = 0;
    int whole_tokens = 0;  ///< of a line that the network reads in one piece, eos not counted
};

namespace detail {

/// As `data::is_space`.
constexpr bool is_space(char32_t c) noexcept {
    return c - 0x09 <= 4 || c - 0x1C <= 4 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
           c - 0x2000 <= 10 || c - 0x2028 <= 1 || c == 0x202F || c == 0x205F || c == 0x3000;
}

constexpr bool is_ignorable(const TextTables& tables, char32_t c) noexcept {
    const int before =
        bisect(0, tables.ignorable_count, [&](int i) { return tables.ignorable[i] <= c; });
    return before % 2 != 0;
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
        kind.is_blank = kind.is_blank && (is_space(c.value) || is_ignorable(tables, c.value));
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
            if (!append(memory.cells[i].point.value)) return {TextStatus::too_long, 0};
        return {TextStatus::done, size};
    }
    for (std::size_t i = 0; i < line.size();) {
        const hat::detail::CodePoint c = hat::detail::code_point(line, i);
        if (!append(c.value)) return {TextStatus::too_long, 0};
        i += static_cast<std::size_t>(c.size_bytes);
    }
    return {TextStatus::done, size};
}

}  // namespace detail

/// The tokens of a line to translate, eos among them; none if there is nothing to translate, whose
/// translation is empty. `room` is that of `ids`.
inline TextResult encode_line(const TextTables& tables, std::string_view line, TextMemory memory,
                              int* ids, int room) noexcept {
    const detail::LineKind kind = detail::kind_of_line(tables, line);
    if (!kind.is_utf8) return {TextStatus::not_utf8, 0};
    if (kind.is_blank) return {};
    const bool composes = tables.composes && kind.may_compose;
    if (composes || tables.has_stand_ins) {
        const TextResult prepared = detail::write_for_model(tables, line, composes, memory);
        if (prepared.status != TextStatus::done) return prepared;
        line = detail::slice(memory.line, 0, prepared.count);
    }
    const int most = tables.whole_tokens < room - 1 ? tables.whole_tokens : room - 1;
    TextResult encoded = encode_subwords(tables.subwords, line, memory, ids, most);
    if (encoded.count > 0) ids[encoded.count++] = tables.eos;
    return encoded;
}

/// Writes the translation that `ids` stand for to `text`, for a line of which nothing was unknown.
/// Their eos stands for nothing.
inline TextResult decode_line(const TextTables& tables, std::span<const int> ids, char* text,
                              int room) noexcept {
    const TextResult decoded =
        decode_subwords(tables.subwords, ids, UnknownPiece::nothing, text, room);
    if (decoded.status != TextStatus::done || !tables.has_stand_ins) return decoded;
    int size = 0;  // in place: nothing is longer than what stands for it
    const std::string_view all = detail::slice(text, 0, decoded.count);
    for (std::size_t i = 0; i < all.size();) {
        const hat::detail::CodePoint c = hat::detail::code_point(all, i);
        i += static_cast<std::size_t>(c.size_bytes);
        static_cast<void>(detail::append_utf8(text, size, room, detail::without_stand_in(c.value)));
    }
    return {TextStatus::done, size};
}

}  // namespace hat::deploy
