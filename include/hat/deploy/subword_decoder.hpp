// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/code_point.hpp>
#include <hat/deploy/subword_normalizer.hpp>
#include <hat/deploy/subword_tables.hpp>
#include <hat/deploy/text_memory.hpp>

#include <cstddef>
#include <span>
#include <string_view>

namespace hat::deploy {

/// What stands for unknown pieces in a text: the k-th of these for the k-th, and nothing where
/// there is none; then one space is enough where it stood between two.
struct UnknownTexts {
    const char* line = nullptr;
    const TextCell* cells = nullptr;  ///< [count], `unknown` are bytes of the line
    int count = 0;

    [[nodiscard]] constexpr std::string_view operator[](int k) const noexcept {
        if (k >= count) return {};
        const TextCell::Unknown& piece = cells[k].unknown;
        return detail::slice(line, piece.begin, piece.end);
    }
};

namespace detail {

class PieceJoiner {
public:
    PieceJoiner(const SubwordTables& tables, const UnknownTexts* unknown, char* text,
                int room) noexcept
        : tables_(&tables), unknown_(unknown), text_(text), room_(room) {}

    TextResult join(std::span<const int> ids) noexcept {
        for (const int id : ids)
            if (id < 0 || id >= tables_->pieces) return {TextStatus::bad_token};
        for (std::size_t i = 0; i < ids.size() && !is_full_;) {
            std::size_t end = i;
            while (end < ids.size() && tables_->kind(ids[end]) == PieceKind::byte) ++end;
            if (end > i)
                add_bytes(ids.subspan(i, end - i));
            else
                add_piece(ids[end++]);
            i = end;
        }
        if (is_full_) return {TextStatus::too_long};
        return {TextStatus::done, count_};
    }

private:
    void add_piece(int id) noexcept {
        if (first_space_is_gone_ || has_text_) is_at_begin_ = false;
        first_space_is_gone_ = false;
        std::string_view text = tables_->piece(id);
        const PieceKind kind = tables_->kind(id);
        if (kind == PieceKind::unknown) {
            add_unknown();
            return;
        }
        if (kind != PieceKind::control && is_at_begin_ &&
            (tables_->adds_space || tables_->removes_extra_spaces) && text.starts_with(' ')) {
            text.remove_prefix(1);
            first_space_is_gone_ = !tables_->removes_extra_spaces;
        }
        add(text);
    }
    void add_unknown() noexcept {
        const std::string_view mark(tables_->unknown_text,
                                    static_cast<std::size_t>(tables_->unknown_bytes));
        const std::string_view text = unknown_ == nullptr ? mark : (*unknown_)[next_unknown_++];
        const bool had_text = has_text_;
        add(text, unknown_ != nullptr);
        has_text_ = had_text || !mark.empty();
    }

    /// The bytes of one code point or more, or of none: each of those is U+FFFD.
    void add_bytes(std::span<const int> ids) noexcept {
        while (!ids.empty() && !is_full_) {
            char bytes[4];
            std::size_t count = 0;
            for (; count < ids.size() && count < sizeof bytes; ++count)
                bytes[count] = static_cast<char>(ids[count] - tables_->first_byte);
            const auto size =
                static_cast<std::size_t>(hat::detail::code_point({bytes, count}, 0).size_bytes);
            add(size > 0 ? std::string_view(bytes, size) : replacement_character);
            ids = ids.subspan(size > 0 ? size : 1);
        }
    }

    void add(std::string_view text, bool is_unknown = false) noexcept {
        if (was_dropped_ && text.starts_with(' ') && (count_ == 0 || text_[count_ - 1] == ' ')) {
            text.remove_prefix(1);
            has_text_ = true;
        }
        was_dropped_ = is_unknown && text.empty();
        has_text_ = has_text_ || !text.empty();
        is_full_ = is_full_ || text.size() > static_cast<std::size_t>(room_ - count_);
        if (is_full_) return;
        for (const char c : text) text_[count_++] = c;
    }

    const SubwordTables* tables_;
    const UnknownTexts* unknown_;  ///< null: the mark of the model
    char* text_;
    int room_;
    int count_ = 0;
    bool is_full_ = false;
    bool is_at_begin_ = true;           ///< where the space that a line was given is taken back
    bool first_space_is_gone_ = false;  ///< of the last piece
    bool has_text_ = false;             ///< with the marks of unknown pieces
    bool was_dropped_ = false;          ///< the last piece, unknown
    int next_unknown_ = 0;
};

}  // namespace detail

/// Writes the text that `ids` stand for to `text`, as SentencePiece 0.1.97 does. Begin, end and
/// padding stand for nothing, unknown pieces for what the model says (" ⁇ "). The status is
/// `too_long` if it has no room, and `bad_token` if an id is not in the vocabulary; nothing of what
/// `text` holds then is of use.
inline TextResult decode_subwords(const SubwordTables& tables, std::span<const int> ids, char* text,
                                  int room) noexcept {
    return detail::PieceJoiner(tables, nullptr, text, room).join(ids);
}

/// The same with texts in the place of unknown pieces.
inline TextResult decode_subwords(const SubwordTables& tables, std::span<const int> ids,
                                  const UnknownTexts& unknown, char* text, int room) noexcept {
    return detail::PieceJoiner(tables, &unknown, text, room).join(ids);
}

}  // namespace hat::deploy
