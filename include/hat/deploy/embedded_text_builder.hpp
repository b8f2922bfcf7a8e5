// SPDX-License-Identifier: Apache-2.0
// Needs: nlohmann-json, utf8proc
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/special_tokens.hpp>
#include <hat/data/text_rules.hpp>
#include <hat/data/unicode.hpp>
#include <hat/data/white_space.hpp>
#include <hat/deploy/composition_tables_builder.hpp>
#include <hat/deploy/embedded_text.hpp>
#include <hat/deploy/subword_tables_builder.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

/// From how a model directory reads lines and writes translations to tables that are read in flash.
namespace hat::deploy {

/// Tables that own what `TextTables` points at.
struct OwnedTextTables {
    OwnedSubwordTables subwords;
    std::optional<OwnedCompositionTables> composition{};  ///< if lines are brought to NFC
    std::vector<std::uint32_t> kinds{};
    bool has_stand_ins = false;
    int eos = 0;
    int whole_tokens = 0;

    /// Tables in this object, which must outlive them.
    [[nodiscard]] TextTables view() const noexcept {
        return {.subwords = subwords.view(),
                .composes = composition.has_value(),
                .composition = composition ? composition->view() : CompositionTables{},
                .has_stand_ins = has_stand_ins,
                .kinds = kinds.data(),
                .kind_count = static_cast<int>(kinds.size()),
                .eos = eos,
                .whole_tokens = whole_tokens};
    }
    /// Of all arrays.
    [[nodiscard]] std::size_t bytes() const noexcept {
        return subwords.bytes() + (composition ? composition->bytes() : 0) + 4 * kinds.size();
    }
};

namespace detail {

/// Throws  `Error` unless what is embedded does all that the rules say
inline void check_rules_to_embed(const data::TextRules& rules, std::string_view where) {
    const auto refuse = [&](std::string_view rule, std::string_view expected) {
        fail(where, ": ", rule, " cannot be embedded, expected ", expected);
    };
    if (rules.lowercase) refuse("lowercase", "text in the case that it has");
    if (rules.normalize == data::NormalForm::nfkc) refuse("normalize: nfkc", "nfc or identity");
    if (!rules.protect.empty()) refuse("protect with patterns", "no patterns");
}

inline unsigned kind_of(char32_t c) {
    if (data::is_space(c)) return shows_nothing;
    const unsigned other = data::is_symbol(c) ? unsigned{symbol} : 0U;
    if (data::is_ignorable(c)) return shows_nothing | other;
    return other != 0 || data::is_punctuation(c) ? other : unsigned{letter};
}

/// `CodePointKind` of all code points, as `value_at` reads it.
inline std::vector<std::uint32_t> code_point_kinds() {
    std::vector<std::uint32_t> steps;
    for (char32_t c = 0; c < code_points; ++c) {
        const unsigned kind = kind_of(c);
        if (kind != (steps.empty() ? 0U : steps.back() & 0xFFU))
            steps.push_back(static_cast<std::uint32_t>(c) << 8U | kind);
    }
    return steps;
}

}  // namespace detail

/// The tables of a translator's text side: of the SentencePiece model whose serialised form is
/// `model`, and of the rules of its text.json. `whole_tokens` is how long a line may be that the
/// network reads in one piece: `LineTranslator::whole_tokens()`. `where` begins messages.
///
/// Throws  `Error` if the model is damaged, or if what is embedded would not do all that model and
///         rules say: lower case, nfkc, protected patterns, and what `make_subword_tables` refuses
[[nodiscard]] inline OwnedTextTables make_text_tables(std::string_view model,
                                                      const SpecialTokens& special,
                                                      const data::TextRules& rules,
                                                      int whole_tokens, std::string_view where) {
    detail::check_rules_to_embed(rules, where);
    if (whole_tokens < 1) fail(where, ": lines of ", whole_tokens, " tokens, expected at least 1");
    OwnedTextTables tables{.subwords = make_subword_tables(model, where),
                           .has_stand_ins = rules.stand_ins,
                           .eos = special.eos,
                           .whole_tokens = whole_tokens};
    if (special.eos < 0 || special.eos >= tables.subwords.settings.pieces)
        fail(where, ": eos is ", special.eos, ", expected one of the ",
             tables.subwords.settings.pieces, " pieces");
    if (rules.normalize == data::NormalForm::nfc) tables.composition = make_composition_tables();
    tables.kinds = detail::code_point_kinds();
    return tables;
}

}  // namespace hat::deploy
