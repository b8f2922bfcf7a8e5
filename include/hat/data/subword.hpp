// SPDX-License-Identifier: Apache-2.0
// Needs: SentencePiece, utf8proc
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/core/token_ids.hpp>
#include <hat/data/subword_format.hpp>
#include <hat/data/unknown_text.hpp>
#include <hat/data/vocabulary.hpp>
#include <hat/io/atomic_file.hpp>
#include <hat/io/library_call.hpp>
#include <hat/io/text_file.hpp>

#include <sentencepiece_processor.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hat::data {

/// Cuts text into the pieces of a SentencePiece model (arXiv:1808.06226) and joins them again.
/// All members that are `const` may be called from many threads at once.
///
///     const Subword subword = Subword::load("subword.model");
///     std::vector<int> ids = subword.encode("Hello world.");
///     assert(subword.decode(ids) == "Hello world.");
class Subword {
public:
    /// Throws  `Error` if the file cannot be read, or holds no whole SentencePiece model
    [[nodiscard]] static Subword load(const std::string& path) {
        return {io::read_file(path, detail::max_subword_model_bytes), path};
    }

    /// The model whose serialised form is `bytes`; `name` says in errors where they are from.
    ///
    /// Throws  `Error` if they are no whole SentencePiece model
    [[nodiscard]] static Subword from_bytes(std::string bytes,
                                            std::string_view name = "subword model") {
        return {std::move(bytes), name};
    }

    /// Writes the model's serialised form to `path`, whole or not at all.
    void save(const std::string& path) const { io::write_file(path, bytes_); }

    /// The model as a file has it.
    [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }
    [[nodiscard]] int size() const { return processor_->GetPieceSize(); }
    /// The ids of the special pieces.
    [[nodiscard]] const SpecialTokens& special() const noexcept { return special_; }

    /// The ids of the pieces of `line`, without begin and end of sentence.
    [[nodiscard]] std::vector<int> encode(std::string_view line) const {
        std::vector<int> ids;
        constexpr const char* where = "subword model: cannot encode";
        const auto status = io::library_call(where, [&] { return processor_->Encode(line, &ids); });
        if (!status.ok()) fail(where, ": ", readable(status.message()));
        return ids;
    }

    /// The parts of `line` that the vocabulary does not know.
    [[nodiscard]] std::vector<std::string> unknown_parts(std::string_view line) const {
        std::vector<std::string> pieces;
        constexpr const char* where = "subword model: cannot encode";
        const auto status =
            io::library_call(where, [&] { return processor_->Encode(line, &pieces); });
        if (!status.ok()) fail(where, ": ", readable(status.message()));
        std::erase_if(pieces,
                      [&](const auto& p) { return processor_->PieceToId(p) != special_.unk; });
        return pieces;
    }

    /// The text that `ids` stand for. Begin, end and padding stand for nothing.
    ///
    /// Throws  `Error` if an id is not in the vocabulary
    [[nodiscard]] std::string decode(const std::vector<int>& ids) const {
        check_token_ids(ids, size(), "subword model: the text");
        std::string text;
        constexpr const char* where = "subword model: cannot decode";
        const auto status = io::library_call(where, [&] { return processor_->Decode(ids, &text); });
        if (!status.ok()) fail(where, ": ", readable(status.message()));
        return text;
    }

    /// The same with `unknown[k]`, or nothing where there is none, for the k-th unk among `ids`.
    ///
    /// Throws  `Error` if an id is not in the vocabulary
    [[nodiscard]] std::string decode(const std::vector<int>& ids,
                                     const std::vector<std::string>& unknown) const {
        if (std::find(ids.begin(), ids.end(), special_.unk) == ids.end()) return decode(ids);
        check_token_ids(ids, size(), "subword model: the text");
        std::string text;
        std::size_t k = 0;
        bool was_dropped = false;  // with nothing between two spaces, one is enough
        const auto decoded = io::library_call("subword model: cannot decode", [&] {
            return processor_->DecodeIdsAsImmutableProto(ids);
        });
        for (const auto& piece : decoded.pieces()) {
            const bool is_unknown = piece.id() == static_cast<unsigned>(special_.unk);
            const std::string no_text;
            std::string_view part = piece.surface();
            if (is_unknown) part = k < unknown.size() ? unknown[k] : no_text;
            if (was_dropped && part.starts_with(' ') && (text.empty() || text.ends_with(' ')))
                part.remove_prefix(1);
            k += is_unknown ? 1 : 0;
            was_dropped = is_unknown && part.empty();
            text += part;
        }
        return text;
    }

    /// What of `line` is unknown.
    [[nodiscard]] UnknownTexts unknown(std::string_view line) const {
        UnknownTexts unknown{.tokens = {}, .is_all = true};
        const auto encoded = io::library_call("subword model: cannot encode", [&] {
            return processor_->EncodeAsImmutableProto(line);
        });
        for (const auto& piece : encoded.pieces()) {
            if (piece.id() != static_cast<unsigned>(special_.unk)) {
                if (has_letters(piece.surface())) unknown.is_all = false;
                continue;
            }
            const auto is_space_at = [&](std::size_t i) {
                return i >= line.size() || line[i] == ' ';
            };
            const bool is_word =
                (piece.begin() == 0 || is_space_at(piece.begin() - 1)) && is_space_at(piece.end());
            unknown.tokens.push_back({piece.surface(), is_word, false});
        }
        unknown.is_all = unknown.is_all && !unknown.tokens.empty();
        return unknown;
    }

    /// Whether a token stands for what has no piece: the unknown one, or a byte of such a
    /// character. Precondition: 0 <= id < size().
    [[nodiscard]] bool is_unknown(int id) const {
        return id == special_.unk || processor_->IsByte(id);
    }

    /// Precondition: 0 <= id < size().
    [[nodiscard]] const std::string& piece(int id) const { return processor_->IdToPiece(id); }

    /// All pieces, by id.
    [[nodiscard]] Vocabulary vocabulary() const {
        std::vector<std::string> pieces;
        pieces.reserve(static_cast<std::size_t>(size()));
        for (int id = 0; id < size(); ++id) pieces.push_back(piece(id));
        return Vocabulary(std::move(pieces), special_, "subword model");
    }

private:
    Subword(std::string bytes, std::string_view name)
        : bytes_(std::move(bytes)),
          processor_(std::make_unique<sentencepiece::SentencePieceProcessor>()) {
        detail::check_subword_model(bytes_, name);
        const std::string damaged =
            std::string(name) + ": not a SentencePiece model, or a damaged one";
        const auto load = [&] { return processor_->LoadFromSerializedProto(bytes_).ok(); };
        if (!io::library_call(damaged, load)) fail(damaged);
        special_ = {.unk = processor_->unk_id(),
                    .bos = processor_->bos_id(),
                    .eos = processor_->eos_id(),
                    .pad = processor_->pad_id()};
        if (special_.unk < 0 || special_.eos < 0)
            fail(name, ": the subword model has no ", special_.eos < 0 ? "end of sentence" : "unk",
                 " piece, which translation needs");
    }

    std::string bytes_;
    std::unique_ptr<sentencepiece::SentencePieceProcessor> processor_;
    SpecialTokens special_;
};

}  // namespace hat::data
