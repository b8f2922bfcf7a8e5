// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/code_point.hpp>
#include <hat/deploy/subword_normalizer.hpp>
#include <hat/deploy/subword_tables.hpp>
#include <hat/deploy/text_memory.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hat::deploy {

namespace detail {

/// Gathers ids, and does with unknown parts as SentencePiece does: some that follow one another are
/// one unknown piece, or all are spelt. Cells tell the bytes of unknown pieces.
class PieceOutput {
public:
    PieceOutput(const SubwordTables& tables, std::string_view text, TextCell* cells, int* ids,
                int room) noexcept
        : tables_(&tables), text_(text), cells_(cells), ids_(ids), room_(room) {}

    /// Adds what is the bytes begin … end − 1 of the text. Cells up to `begin` are no longer
    /// needed.
    void add(int begin, int end, int id) noexcept {
        const bool is_unknown = id == tables_->unknown;
        if (is_unknown && tables_->first_byte >= 0)
            spell(slice(text_, begin, end));
        else if (is_unknown && follows_unknown_)
            cells_[unknown_ - 1].unknown.end = static_cast<std::uint16_t>(end);
        else
            push(id);
        if (is_unknown && !follows_unknown_ && tables_->first_byte < 0)
            cells_[unknown_++].unknown = {static_cast<std::uint16_t>(begin),
                                          static_cast<std::uint16_t>(end), 0, false};
        follows_unknown_ = is_unknown;
    }
    [[nodiscard]] TextResult result() const noexcept {
        if (count_ > room_) return {TextStatus::too_many_tokens};
        return {TextStatus::done, count_, unknown_};
    }

private:
    void spell(std::string_view text) noexcept {
        for (const char c : text == " " ? space_symbol : text)
            push(tables_->first_byte + static_cast<unsigned char>(c));
    }
    void push(int id) noexcept {
        if (count_ < room_) ids_[count_] = id;
        ++count_;
    }

    const SubwordTables* tables_;
    std::string_view text_;
    TextCell* cells_;
    int* ids_;
    int room_;
    int count_ = 0;
    int unknown_ = 0;
    bool follows_unknown_ = false;
};

/// Merges neighbours as a BPE model does: of all that are a piece together those of the lowest rank
/// first, and the leftmost of those. Cells are symbols by the byte that they begin at. Every merge
/// takes a logarithm of steps: the cells also hold a tree of the winners of matches.
class PairMerger {
public:
    PairMerger(const SubwordTables& tables, std::string_view text, TextCell* cells) noexcept
        : tables_(&tables), text_(text), cells_(cells), size_(static_cast<int>(text.size())) {}

    void run(PieceOutput& output) noexcept {
        split();
        plant();
        for (int left = best(); rank(left) != none; left = best()) merge(left);
        for (int at = 0; at < size_;) {
            const int next = end(at);
            const int id = find_piece(*tables_, slice(text_, at, next));
            output.add(at, next, id >= 0 ? id : tables_->unknown);
            at = next;
        }
    }

private:
    static constexpr std::uint16_t none = 0xFFFF;
    static constexpr std::uint16_t frozen = 0x8000;  // a user-defined symbol is never merged

    [[nodiscard]] TextCell::Symbol& cell(int at) noexcept { return cells_[at].symbol; }
    [[nodiscard]] int end(int at) noexcept { return at + (cell(at).size & ~frozen); }
    [[nodiscard]] std::uint16_t rank(int at) noexcept { return cell(at).rank; }

    void split() noexcept {
        int previous = -1;
        for (int at = 0; at < size_;) {
            const std::string_view rest = slice(text_, at, size_);
            const int user = user_symbol_bytes(*tables_, rest);
            const int size = user > 0 ? user : hat::detail::code_point(rest, 0).size_bytes;
            for (int i = at; i < at + size; ++i) cells_[i].symbol = {0, 0, none, 0};
            cell(at).size = static_cast<std::uint16_t>(size | (user > 0 ? frozen : 0));
            cell(at).previous = static_cast<std::uint16_t>(previous);
            previous = at;
            at += size;
        }
        for (int at = 0; at < size_; at = end(at)) cell(at).rank = rank_of_pair(at);
    }

    /// Of the piece that the symbol at `left` and the one behind it are together.
    [[nodiscard]] std::uint16_t rank_of_pair(int left) noexcept {
        const int right = end(left);
        if (right == size_ || ((cell(left).size | cell(right).size) & frozen) != 0) return none;
        const int id = find_piece(*tables_, slice(text_, left, end(right)));
        if (id < 0) return none;
        return tables_->ranks == nullptr ? static_cast<std::uint16_t>(id) : tables_->ranks[id];
    }

    /// Node k has the nodes 2k and 2k + 1 below it; those from `size_` on are the places.
    [[nodiscard]] int winner(int node) noexcept {
        return node < size_ ? cell(node).winner : node - size_;
    }
    void play(int node) noexcept {
        const int a = winner(2 * node);
        const int b = winner(2 * node + 1);
        const bool b_wins = rank(b) != rank(a) ? rank(b) < rank(a) : b < a;
        cell(node).winner = static_cast<std::uint16_t>(b_wins ? b : a);
    }
    void plant() noexcept {
        for (int node = size_ - 1; node > 0; --node) play(node);
    }
    [[nodiscard]] int best() noexcept { return size_ > 1 ? cell(1).winner : 0; }

    void set_rank(int at, std::uint16_t rank) noexcept {
        cell(at).rank = rank;
        for (int node = (at + size_) / 2; node > 0; node /= 2) play(node);
    }
    void merge(int left) noexcept {
        const int right = end(left);
        cell(left).size = static_cast<std::uint16_t>(cell(left).size + cell(right).size);
        if (end(left) < size_) cell(end(left)).previous = static_cast<std::uint16_t>(left);
        set_rank(right, none);
        set_rank(left, rank_of_pair(left));
        if (left > 0) set_rank(cell(left).previous, rank_of_pair(cell(left).previous));
    }

    const SubwordTables* tables_;
    std::string_view text_;
    TextCell* cells_;
    int size_;
};

/// Sums of scores in units of 2⁻³², exact. SentencePiece adds a score to the best sum so far in
/// double precision, compares that, and keeps it in single precision.
using ScoreSum = std::int64_t;

/// The value of a float. Precondition: it is a multiple of 2⁻³², and below 2³⁰.
constexpr ScoreSum score_of_float(std::uint32_t bits) noexcept {
    const int exponent = static_cast<int>(bits >> 23U & 0xFFU);
    if (exponent == 0) return 0;
    const auto mantissa = static_cast<ScoreSum>((bits & 0x7FFFFFU) | 0x800000U);
    const int shift = exponent - 150 + 32;
    // A multiple of 2⁻³² that is no zero has an exponent above 94: 24 bits to the right, at most.
    const ScoreSum value = shift >= 0 ? mantissa << shift : mantissa >> -shift;
    return (bits >> 31U) != 0 ? -value : value;
}

/// The nearest value of single precision: 24 bits, ties to even.
constexpr ScoreSum to_single_precision(ScoreSum sum) noexcept {
    const auto size = static_cast<std::uint64_t>(sum < 0 ? -sum : sum);
    if (size >> 24U == 0) return sum;
    const int drop = 40 - __builtin_clzll(size);
    const std::uint64_t half_less = (std::uint64_t{1} << (drop - 1)) - 1;
    const std::uint64_t kept = (size + half_less + (size >> drop & 1U)) >> drop;
    const auto rounded = static_cast<ScoreSum>(kept << drop);
    return sum < 0 ? -rounded : rounded;
}

/// What SentencePiece gives a user-defined symbol: −0.1. Not a multiple of 2⁻³², this one is the
/// next below, and no sum with it is near enough to a score or between two to be taken for another.
inline constexpr ScoreSum user_symbol_score = -429496730;

/// Finds the way to cut a text that has the highest sum of scores, as a unigram model does
/// (Viterbi's algorithm). Of ways that are equally good, the last piece of the first one found is
/// kept, the longest. Cells are the ends of pieces.
class BestPath {
public:
    BestPath(const SubwordTables& tables, std::string_view text, TextCell* cells) noexcept
        : tables_(&tables), text_(text), cells_(cells), size_(static_cast<int>(text.size())) {}

    void run(PieceOutput& output) noexcept {
        for (int i = 0; i <= size_; ++i) cells_[i].path = {0, 0, unreached, 0};
        for (int at = 0; at < size_;) at += extend(at);
        reverse_links();
        for (int at = 0; at < size_;) {
            const int end = cells_[at].path.start;
            output.add(at, end, cells_[end].path.id);
            at = end;
        }
    }

private:
    static constexpr std::uint16_t unreached = 0xFFFF;

    /// Goes on with every piece that begins at `at`. Returns the bytes of the character there.
    int extend(int at) noexcept {
        const int character =
            hat::detail::code_point(text_, static_cast<std::size_t>(at)).size_bytes;
        const ScoreSum so_far = score(at);
        bool has_character = false;
        PieceWalk walk(*tables_);
        for (int end = at + 1; end <= size_; ++end) {
            if (!walk.step(text_[static_cast<std::size_t>(end) - 1])) break;
            const int id = walk.piece();
            if (id < 0) continue;
            has_character = has_character || end == at + character;
            reach(end, at, id, so_far + score_of(id));
        }
        if (!has_character)
            reach(at + character, at, tables_->unknown,
                  to_single_precision(so_far + score_of_float(tables_->unknown_score)));
        return character;
    }
    [[nodiscard]] ScoreSum score_of(int id) const noexcept {
        const bool is_user = tables_->has_user_symbols && tables_->kind(id) == PieceKind::user;
        return is_user ? user_symbol_score : score_of_float(tables_->scores[id]);
    }

    [[nodiscard]] ScoreSum score(int at) const noexcept {
        const TextCell::Path& path = cells_[at].path;
        return static_cast<ScoreSum>(path.score_high) * (ScoreSum{1} << 32U) + path.score_low;
    }
    void reach(int end, int start, int id, ScoreSum sum) noexcept {
        if (cells_[end].path.start != unreached && sum <= score(end)) return;
        const ScoreSum kept = to_single_precision(sum);
        cells_[end].path = {static_cast<std::uint32_t>(kept),
                            static_cast<std::int32_t>(kept >> 32U),
                            static_cast<std::uint16_t>(start), static_cast<std::uint16_t>(id)};
    }

    /// From the end of the text to its beginning, has every place on the way tell the next one
    /// instead of the last one.
    void reverse_links() noexcept {
        int end = size_;
        int start = cells_[end].path.start;
        while (end > 0) {
            const int before = cells_[start].path.start;
            cells_[start].path.start = static_cast<std::uint16_t>(end);
            end = start;
            start = before;
        }
    }

    const SubwordTables* tables_;
    std::string_view text_;
    TextCell* cells_;
    int size_;
};

}  // namespace detail

/// The ids of the pieces of `line`, without begin and end of sentence: those that SentencePiece
/// 0.1.97 gives. The status is `too_long` where the memory is too small for the normalised line, in
/// which cells tell where the unknown pieces are.
///
/// Cost    n (w + log n) for n bytes and w steps to find a piece
inline TextResult encode_subwords(const SubwordTables& tables, std::string_view line,
                                  TextMemory memory, int* ids, int room) noexcept {
    const TextResult normal = normalize_for_subwords(tables, line, memory.text, memory.bytes);
    if (normal.status != TextStatus::done || normal.count == 0) return normal;
    const std::string_view text(memory.text, static_cast<std::size_t>(normal.count));
    detail::PieceOutput output(tables, text, memory.cells, ids, room);
    if (tables.is_bpe)
        detail::PairMerger(tables, text, memory.cells).run(output);
    else
        detail::BestPath(tables, text, memory.cells).run(output);
    return output.result();
}

}  // namespace hat::deploy
