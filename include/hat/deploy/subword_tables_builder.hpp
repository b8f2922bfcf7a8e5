// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/data/utf8.hpp>
#include <hat/deploy/normalizer_rules_check.hpp>
#include <hat/deploy/subword_model_reader.hpp>
#include <hat/deploy/subword_tables.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// From a SentencePiece model to tables that are read in flash.
namespace hat::deploy {

/// Tables that own what `SubwordTables` points at.
struct OwnedSubwordTables {
    std::string text;
    std::vector<std::uint32_t> bases;
    std::vector<std::uint16_t> offsets;
    std::vector<std::uint16_t> sorted;
    std::vector<std::uint16_t> buckets;
    std::vector<PieceRun> runs;
    std::vector<std::uint32_t> scores;
    std::vector<std::uint16_t> ranks;
    std::vector<std::uint32_t> rules;
    std::string replacements;
    std::string unknown_text;
    SubwordTables settings;  ///< what is no array

    /// Tables in this object, which must outlive them.
    [[nodiscard]] SubwordTables view() const noexcept {
        SubwordTables tables = settings;
        tables.text = text.data();
        tables.bases = bases.data();
        tables.offsets = offsets.data();
        tables.sorted = sorted.data();
        tables.sorted_count = static_cast<int>(sorted.size());
        tables.buckets = buckets.data();
        tables.runs = runs.data();
        tables.run_count = static_cast<int>(runs.size());
        tables.scores = scores.empty() ? nullptr : scores.data();
        tables.ranks = ranks.empty() ? nullptr : ranks.data();
        tables.rules = rules.empty() ? nullptr : rules.data();
        tables.rule_count = static_cast<int>(rules.size());
        tables.replacements = replacements.data();
        tables.unknown_text = unknown_text.data();
        tables.unknown_bytes = static_cast<int>(unknown_text.size());
        return tables;
    }
    /// Of all arrays.
    [[nodiscard]] std::size_t bytes() const noexcept {
        return text.size() + replacements.size() + unknown_text.size() +
               4 * (bases.size() + scores.size() + rules.size()) +
               2 * (offsets.size() + sorted.size() + buckets.size() + ranks.size()) +
               sizeof(PieceRun) * runs.size();
    }
};

namespace detail {

class SubwordTablesBuilder {
public:
    SubwordTablesBuilder(const SubwordModelFields& model, std::string_view name)
        : model_(model), name_(name) {}

    [[nodiscard]] OwnedSubwordTables build() {
        check_settings();
        add_pieces();
        sort();
        check_user_symbols();
        check_bytes();
        tables_.settings.is_bpe ? add_ranks() : add_scores();
        add_rules();
        return std::move(tables_);
    }

private:
    [[noreturn]] void refuse_piece(std::size_t id, std::string_view why) const {
        fail(name_, ": piece ", id, ", ", in_quotes(model_.pieces[id].text), ": ", why);
    }

    void check_settings() {
        const auto refuse = [&](std::string_view what, std::string_view expected) {
            fail(name_, ": ", what, " cannot be embedded, expected ", expected);
        };
        if (model_.model_type != 1 && model_.model_type != 2)
            refuse("a model of words or characters", "unigram or bpe");
        if (model_.space_is_suffix)
            refuse("a model with spaces behind words (treat_whitespace_as_suffix)",
                   "spaces before words");
        if (!model_.escapes_spaces)
            refuse("a model that keeps spaces (escape_whitespaces off)", "escaped spaces");
        if (model_.has_denormalizer) refuse("a model with a denormaliser", "one without");
        constexpr std::size_t most_pieces = 0xFFFE;
        if (model_.pieces.size() > most_pieces)
            fail(name_, ": ", model_.pieces.size(), " pieces cannot be embedded, expected at most ",
                 most_pieces);
        constexpr std::size_t longest_mark = 255;
        if (model_.unknown_text.size() > longest_mark)
            fail(name_, ": the text of the unknown piece has ", model_.unknown_text.size(),
                 " bytes, expected at most ", longest_mark);
        tables_.settings.pieces = static_cast<int>(model_.pieces.size());
        tables_.settings.is_bpe = model_.model_type == 2;
        tables_.settings.adds_space = model_.adds_space;
        tables_.settings.removes_extra_spaces = model_.removes_extra_spaces;
        tables_.settings.unknown = -1;
        tables_.unknown_text = model_.unknown_text;
    }

    [[nodiscard]] PieceKind kind_of(std::size_t id) const {
        switch (model_.pieces[id].type) {
        case 1:
            return PieceKind::normal;
        case 2:
            return PieceKind::unknown;
        case 3:
            return PieceKind::control;
        case 4:
            return PieceKind::user;
        case 5:
            return PieceKind::unused;
        case 6:
            return PieceKind::byte;
        default:
            refuse_piece(id, "has a type that is not known, expected 1 to 6");
        }
    }

    void add_pieces() {
        std::vector<std::string_view> seen;
        for (std::size_t id = 0; id <= model_.pieces.size(); ++id) {
            if (id % 256 == 0)
                tables_.bases.push_back(static_cast<std::uint32_t>(tables_.text.size()));
            const std::size_t offset = tables_.text.size() - tables_.bases.back();
            if (offset > std::numeric_limits<std::uint16_t>::max())
                refuse_piece(id - 1, "ends past 65535 bytes of 256 pieces, expected shorter ones");
            tables_.offsets.push_back(static_cast<std::uint16_t>(offset));
            if (id == model_.pieces.size()) break;
            const PieceKind kind = kind_of(id);
            if (tables_.runs.empty() || tables_.runs.back().kind != kind)
                tables_.runs.push_back({static_cast<std::uint16_t>(id), kind});
            check_text(id, kind);
            seen.push_back(model_.pieces[id].text);
            if (kind == PieceKind::unknown) set_unknown(id);
            if (is_text(kind)) tables_.text += with_spaces(model_.pieces[id].text);
            if (kind == PieceKind::normal || kind == PieceKind::user)
                tables_.sorted.push_back(static_cast<std::uint16_t>(id));
        }
        if (tables_.settings.unknown < 0) fail(name_, ": there is no unknown piece, expected one");
        std::sort(seen.begin(), seen.end());
        const auto twice = std::adjacent_find(seen.begin(), seen.end());
        if (twice != seen.end()) fail(name_, ": piece ", in_quotes(*twice), " is there twice");
    }
    void set_unknown(std::size_t id) {
        if (tables_.settings.unknown >= 0) refuse_piece(id, "is a second unknown piece");
        tables_.settings.unknown = static_cast<int>(id);
    }
    [[nodiscard]] static bool is_text(PieceKind kind) noexcept {
        return kind == PieceKind::normal || kind == PieceKind::user || kind == PieceKind::unused;
    }
    void check_text(std::size_t id, PieceKind kind) const {
        const std::string_view text = model_.pieces[id].text;
        constexpr std::size_t longest = 7999;  // as SentencePiece has it
        if (text.empty()) refuse_piece(id, "is empty, expected text");
        if (text.size() > longest) refuse_piece(id, "has more than 7999 bytes");
        if (data::find_invalid_utf8(text) != std::string_view::npos)
            refuse_piece(id, "is not UTF-8");
        if (text.find('\0') != std::string_view::npos) refuse_piece(id, "has a zero");
        if (!is_text(kind)) {
            // In BPE a character of the text would become it.
            if (data::count_characters(text) == 1)
                refuse_piece(id, "has a meaning of its own, expected more than a character");
            return;
        }
        if (text.find(' ') != std::string_view::npos)
            refuse_piece(id, "has a space, expected U+2581");
        if (kind == PieceKind::user && text.find(space_symbol) != std::string_view::npos)
            refuse_piece(id, "is a symbol with a space, expected none");
        if (kind == PieceKind::unused && tables_.settings.is_bpe)
            refuse_piece(id, "is not used, which cannot be embedded with bpe");
    }
    [[nodiscard]] static std::string with_spaces(std::string_view text) {
        std::string spaced;
        while (!text.empty()) {
            const bool is_space = text.starts_with(space_symbol);
            spaced += is_space ? ' ' : text.front();
            text.remove_prefix(is_space ? space_symbol.size() : 1);
        }
        return spaced;
    }

    void sort() {
        if (tables_.sorted.empty()) fail(name_, ": there are no pieces of text");
        const SubwordTables view = tables_.view();
        const auto piece = [&](std::uint16_t id) { return view.piece(id); };
        std::sort(tables_.sorted.begin(), tables_.sorted.end(),
                  [&](std::uint16_t a, std::uint16_t b) { return piece(a) < piece(b); });
        tables_.buckets.assign(257, 0);
        for (const std::uint16_t id : tables_.sorted)
            ++tables_.buckets[static_cast<unsigned char>(piece(id).front()) + std::size_t{1}];
        for (std::size_t byte = 1; byte < tables_.buckets.size(); ++byte)
            tables_.buckets[byte] =
                static_cast<std::uint16_t>(tables_.buckets[byte] + tables_.buckets[byte - 1]);
    }

    /// SentencePiece looks at no more than 64 symbols that a text begins with.
    void check_user_symbols() {
        const auto is_user = [](const PieceRun& run) { return run.kind == PieceKind::user; };
        tables_.settings.has_user_symbols =
            std::any_of(tables_.runs.begin(), tables_.runs.end(), is_user);
        if (!tables_.settings.has_user_symbols) return;
        const SubwordTables view = tables_.view();
        std::vector<std::string_view> prefixes;  // of one another, the shortest first
        for (const std::uint16_t id : tables_.sorted) {
            if (view.kind(id) != PieceKind::user) continue;
            while (!prefixes.empty() && !view.piece(id).starts_with(prefixes.back()))
                prefixes.pop_back();
            prefixes.push_back(view.piece(id));
            if (prefixes.size() > 64)
                refuse_piece(id, "begins with more than 63 other symbols, expected fewer");
        }
    }

    void check_bytes() {
        const auto is_byte = [](const PieceRun& run) { return run.kind == PieceKind::byte; };
        const auto run = std::find_if(tables_.runs.begin(), tables_.runs.end(), is_byte);
        if ((run != tables_.runs.end()) != model_.byte_fallback)
            fail(name_, ": pieces of bytes and byte_fallback are not there together");
        if (!model_.byte_fallback) return;
        const std::size_t first = run->first;
        const std::size_t end =
            run + 1 == tables_.runs.end() ? model_.pieces.size() : std::size_t{(run + 1)->first};
        if (end - first != 256 || std::any_of(run + 1, tables_.runs.end(), is_byte))
            fail(name_, ": the pieces of bytes are not 256, one after the other");
        for (std::size_t byte = 0; byte < 256; ++byte) {
            constexpr std::string_view digits = "0123456789ABCDEF";
            const std::string text =
                std::string("<0x") + digits[byte / 16] + digits[byte % 16] + '>';
            if (model_.pieces[first + byte].text != text)
                refuse_piece(first + byte, "expected " + text);
        }
        tables_.settings.first_byte = static_cast<int>(first);
    }

    [[nodiscard]] float finite_score(std::size_t id) const {
        const float score = model_.pieces[id].score;
        if (!std::isfinite(score)) refuse_piece(id, "has a score that is not finite");
        return score;
    }

    /// Equal scores have equal ranks.
    void add_ranks() {
        std::vector<std::uint16_t> ids = tables_.sorted;
        std::sort(ids.begin(), ids.end());
        for (const std::uint16_t id : ids) static_cast<void>(finite_score(id));
        const auto score = [&](std::uint16_t id) { return model_.pieces[id].score; };
        const auto is_user = [&](std::uint16_t id) { return model_.pieces[id].type == 4; };
        std::erase_if(ids, is_user);  // those are never merged
        const bool falls =
            std::adjacent_find(ids.begin(), ids.end(), [&](std::uint16_t a, std::uint16_t b) {
                return score(a) <= score(b);
            }) == ids.end();
        if (falls) return;  // an id is its rank
        tables_.ranks.assign(model_.pieces.size(), 0);
        std::stable_sort(ids.begin(), ids.end(),
                         [&](std::uint16_t a, std::uint16_t b) { return score(a) > score(b); });
        std::uint16_t rank = 0;
        for (std::size_t i = 0; i < ids.size(); ++i) {
            if (i > 0 && score(ids[i]) < score(ids[i - 1])) ++rank;
            tables_.ranks[ids[i]] = rank;
        }
    }

    void add_scores() {
        float lowest = std::numeric_limits<float>::max();
        bool is_any = false;
        for (std::size_t id = 0; id < model_.pieces.size(); ++id) {
            if (model_.pieces[id].type == 1) {
                check_score(id);
                lowest = std::min(lowest, model_.pieces[id].score);
                is_any = true;
            }
            tables_.scores.push_back(std::bit_cast<std::uint32_t>(model_.pieces[id].score));
        }
        if (!is_any) fail(name_, ": there are no normal pieces");
        constexpr float penalty = 10.0F;
        tables_.settings.unknown_score = std::bit_cast<std::uint32_t>(lowest - penalty);
    }
    /// Sums of scores must be exact in units of 2⁻³², and exact in double precision, too, up to the
    /// longest text. Beside the −0.1 of a symbol, four bits fewer.
    void check_score(std::size_t id) const {
        const float score = finite_score(id);
        const bool has_symbols = tables_.settings.has_user_symbols;
        constexpr float largest = 100.0F;
        if (std::abs(score) > largest) refuse_piece(id, "has a score past 100 or -100");
        const float units = std::ldexp(score, has_symbols ? 28 : 32);
        if (units != std::trunc(units))
            refuse_piece(id, has_symbols ? "has a score that is no multiple of 2^-28"
                                         : "has a score that is no multiple of 2^-32");
        if (has_symbols && score > 0)
            refuse_piece(id, "has a score above 0, which cannot be embedded with symbols");
    }

    void add_rules() {
        std::string_view blob = model_.rules;
        if (blob.empty()) return;
        const auto refuse = [&] {
            fail(name_, ": the rules of the normaliser are damaged: they are not whole");
        };
        const auto take = [&] {
            std::uint32_t value = 0;
            for (std::size_t i = 0; i < 4; ++i)
                value |= std::uint32_t{static_cast<unsigned char>(blob[i])} << (8 * i);
            blob.remove_prefix(4);
            return value;
        };
        if (blob.size() < 8) refuse();
        const std::uint32_t size = take();
        if (size == 0 || size % 4 != 0 || size >= blob.size()) refuse();
        tables_.replacements = blob.substr(size);
        for (std::uint32_t i = 0; i < size / 4; ++i) tables_.rules.push_back(take());
        RuleChecker(tables_.rules, tables_.replacements, name_).run();
    }

    const SubwordModelFields& model_;
    std::string_view name_;
    OwnedSubwordTables tables_;
};

}  // namespace detail

/// The tables of a SentencePiece model whose serialised form is `model`; `name` begins messages.
///
/// Throws  `Error` if it is damaged, or if what is embedded would not do all that it does: models
///         of words or characters, spaces behind words, pieces that are not used (BPE), symbols
///         with spaces, more than 65534 pieces, a denormaliser
[[nodiscard]] inline OwnedSubwordTables
make_subword_tables(std::string_view model, std::string_view name = "subword model") {
    const detail::SubwordModelReader reader(model, name);
    return detail::SubwordTablesBuilder(reader.fields(), name).build();
}

}  // namespace hat::deploy
