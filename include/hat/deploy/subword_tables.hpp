// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/deploy/bisect.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hat::deploy {

/// What a piece is for, as SentencePiece says it.
enum class PieceKind : std::uint8_t { normal, unknown, control, user, byte, unused };

/// From a piece on, all have a kind, up to the next run.
struct PieceRun {
    std::uint16_t first = 0;
    PieceKind kind = PieceKind::normal;
};

/// A SentencePiece model in arrays that are read where they lie, in flash. Pieces that text is cut
/// into (normal and user-defined ones) are found by bisecting a list of ids in the order of their
/// bytes. U+2581, which stands for a space, is a space in all of it: one byte instead of three.
///
/// `make_subword_tables` makes them of a model and checks everything; nothing here checks them.
struct SubwordTables {
    int pieces = 0;  ///< below 65536
    bool is_bpe = false;
    bool adds_space = true;            ///< before a line: add_dummy_prefix
    bool removes_extra_spaces = true;  ///< remove_extra_whitespaces
    bool has_user_symbols = false;
    int unknown = 0;      ///< the piece of what has none
    int first_byte = -1;  ///< of 256 pieces that spell what has none; −1 without byte fallback

    const char* text = nullptr;              ///< of the pieces, one after the other
    const std::uint32_t* bases = nullptr;    ///< [pieces / 256 + 1], where the text of each 256 is
    const std::uint16_t* offsets = nullptr;  ///< [pieces + 1], from there
    const std::uint16_t* sorted = nullptr;   ///< [sorted_count], ids
    int sorted_count = 0;
    const std::uint16_t* buckets = nullptr;  ///< [257], where in `sorted` each first byte begins
    const PieceRun* runs = nullptr;          ///< [run_count]
    int run_count = 0;
    const std::uint32_t* scores = nullptr;  ///< [pieces], unigram: the bits of a float each
    std::uint32_t unknown_score = 0;        ///< likewise
    const std::uint16_t* ranks = nullptr;   ///< [pieces], BPE: low ones merge first; none: the id

    const std::uint32_t* rules = nullptr;  ///< [rule_count], double array of what is replaced
    int rule_count = 0;
    const char* replacements = nullptr;  ///< what for, each with a zero behind it
    const char* unknown_text = nullptr;  ///< what an unknown piece says, [unknown_bytes]
    int unknown_bytes = 0;

    /// Where in `text` a piece begins.
    [[nodiscard]] constexpr std::uint32_t offset(int id) const noexcept {
        return bases[id >> 8] + offsets[id];
    }
    /// The text of a piece; none of the unknown, of controls and of bytes.
    [[nodiscard]] constexpr std::string_view piece(int id) const noexcept {
        return {text + offset(id), offset(id + 1) - offset(id)};
    }
    [[nodiscard]] constexpr PieceKind kind(int id) const noexcept {
        return runs[bisect(0, run_count, [&](int i) { return runs[i].first <= id; }) - 1].kind;
    }
};

/// Follows the pieces that a text begins with, byte by byte.
///
///     PieceWalk walk(tables);
///     while (at < text.size() && walk.step(text[at++]))
///         if (walk.piece() >= 0) …  // text up to `at` is this piece
class PieceWalk {
public:
    /// From the first byte of a text on.
    explicit constexpr PieceWalk(const SubwordTables& tables) noexcept : tables_(&tables) {}

    /// Whether some piece goes on with `c`.
    constexpr bool step(char c) noexcept {
        const auto byte = static_cast<unsigned char>(c);
        if (depth_ == 0) {
            low_ = tables_->buckets[byte];
            high_ = tables_->buckets[byte + 1];
        } else {
            low_ = bisect(low_, high_, [&](int i) { return byte_at(i) < byte; });
            high_ = bisect(low_, high_, [&](int i) { return byte_at(i) == byte; });
        }
        ++depth_;
        return low_ < high_;
    }
    /// The id of the piece that the bytes so far are, or −1. Precondition: the last step held.
    [[nodiscard]] constexpr int piece() const noexcept {
        const int id = tables_->sorted[low_];  // the shortest is first
        return tables_->piece(id).size() == depth_ ? id : -1;
    }

private:
    [[nodiscard]] constexpr int byte_at(int i) const noexcept {
        const std::string_view piece = tables_->piece(tables_->sorted[i]);
        return depth_ < piece.size() ? static_cast<unsigned char>(piece[depth_]) : -1;
    }

    const SubwordTables* tables_;
    int low_ = 0;
    int high_ = 0;
    std::size_t depth_ = 0;
};

/// The id of the normal or user-defined piece that is `text`, or −1. Precondition: it is not empty.
[[nodiscard]] constexpr int find_piece(const SubwordTables& tables,
                                       std::string_view text) noexcept {
    const auto first = static_cast<unsigned char>(text.front());
    const auto piece = [&](int i) { return tables.piece(tables.sorted[i]); };
    const int end = tables.buckets[first + 1];
    const int at = bisect(tables.buckets[first], end, [&](int i) { return piece(i) < text; });
    return at < end && piece(at) == text ? tables.sorted[at] : -1;
}

/// Bytes of the longest user-defined symbol that `text` begins with; 0 if there is none.
[[nodiscard]] constexpr int user_symbol_bytes(const SubwordTables& tables,
                                              std::string_view text) noexcept {
    if (!tables.has_user_symbols) return 0;
    int longest = 0;
    PieceWalk walk(tables);
    for (std::size_t i = 0; i < text.size() && walk.step(text[i]); ++i)
        if (walk.piece() >= 0 && tables.kind(walk.piece()) == PieceKind::user)
            longest = static_cast<int>(i) + 1;
    return longest;
}

}  // namespace hat::deploy
