// SPDX-License-Identifier: Apache-2.0
#include <hat/data/line_codec.hpp>
#include <hat/data/text_codec.hpp>
#include <hat/data/unicode.hpp>
#include <hat/data/unknown_text.hpp>
#include <hat/data/utf8.hpp>
#include <hat/deploy/embedded_text.hpp>
#include <hat/deploy/embedded_text_builder.hpp>

#include "support/subword_samples.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using hat::data::encode_utf8;
using hat::data::LineCodec;
using hat::data::NormalForm;
using hat::data::SourceLine;
using hat::data::Subword;
using hat::data::TextCodec;
using hat::data::TextRules;
using hat::deploy::make_text_tables;
using hat::deploy::OwnedTextTables;
using hat::deploy::StaticTextMemory;
using hat::deploy::TextResult;
using hat::deploy::TextStatus;
using hat::deploy::TextTables;
using hat::support::awkward_lines;
using hat::support::trained_subword;

namespace {

constexpr int whole_tokens = 24;

/// The text side of a translator, on the host and as it is embedded.
struct Sides {
    Subword subword;
    TextRules rules;
    TextCodec text{Subword::from_bytes(subword.bytes()), rules};
    LineCodec lines{text, {.most_tokens = 100, .split_over = whole_tokens}};
    OwnedTextTables owned =
        make_text_tables(subword.bytes(), subword.special(), rules, whole_tokens, "model");
    TextTables tables = owned.view();

    Sides(Subword of, const TextRules& by) : subword(std::move(of)), rules(by) {}
    Sides(const Sides&) = delete;
};

struct Encoded {
    TextResult result;
    std::vector<int> ids;
};

template <int bytes = 2048>
StaticTextMemory<bytes>& memory() {
    static StaticTextMemory<bytes> memory;
    return memory;
}

template <int bytes = 2048>
Encoded encode(const TextTables& tables, std::string_view line, int room = 200) {
    std::vector<int> ids(static_cast<std::size_t>(room));
    const TextResult result =
        encode_line(tables, line, memory<bytes>(), ids.data(), static_cast<int>(ids.size()));
    ids.resize(static_cast<std::size_t>(result.count));
    return {result, ids};
}
template <int bytes = 2048>
TextStatus status(const TextTables& tables, std::string_view line, int room = 200) {
    return encode<bytes>(tables, line, room).result.status;
}

/// Behind `encode` of a line.
std::string decode(const TextTables& tables, const TextResult& read, std::span<const int> ids) {
    std::array<char, 8192> text{};
    const TextResult result =
        decode_line(tables, read, memory(), ids, text.data(), static_cast<int>(text.size()));
    CHECK(result.status == TextStatus::done);
    return {text.data(), static_cast<std::size_t>(result.count)};
}

/// Checks that a line is read as the host reads it, and that what a network says of it, anything,
/// becomes the same text.
void check_line(const Sides& sides, const std::string& line, std::vector<int> said) {
    CAPTURE(line);
    CAPTURE(said);
    const Encoded ours = encode(sides.tables, line);
    if (hat::data::find_invalid_utf8(line) != std::string::npos) {
        CHECK(ours.result == TextResult{TextStatus::not_utf8});
        return;
    }
    if (static_cast<int>(sides.text.encode(line).size()) > whole_tokens) {
        CHECK(ours.result == TextResult{TextStatus::too_many_tokens});
        return;
    }
    const SourceLine theirs = sides.lines.encode(line);
    CHECK(
        ours.result.unknown ==
        (theirs.parts.empty() || theirs.parts.front().tokens.empty() ? 0 : theirs.unknown_tokens));
    said.push_back(sides.subword.special().eos);
    const std::span<const int> ids(said);
    const std::string text = sides.lines.decode(theirs, [&](std::size_t) { return ids; });
    if (theirs.parts.empty()) {
        CHECK(ours.result == TextResult{});
        CHECK(text.empty());
    } else if (theirs.parts.front().tokens.empty()) {
        CHECK(ours.result == TextResult{TextStatus::as_it_is});
        CHECK(text == line);
    } else {
        CHECK(ours.result.status == TextStatus::done);
        CHECK(ours.ids == theirs.parts.front().tokens);
        CHECK(decode(sides.tables, ours.result, ids) == text);
        CHECK(decode(sides.tables, ours.result, ids.first(ids.size() - 1)) == text);
    }
}

std::vector<TextRules> rules_to_embed() {
    return {{},
            {.normalize = NormalForm::nfc},
            {.stand_ins = true},
            {.normalize = NormalForm::nfc, .stand_ins = true}};
}

/// As hat trains them, and as others do.
std::vector<Subword> models(const TextRules& rules) {
    std::vector<std::string> lines = hat::support::mixed_text();
    for (std::string& line : lines) line = rules.to_model(rules.apply(line));
    std::vector<Subword> models;
    for (const auto model : {hat::data::SubwordModel::unigram, hat::data::SubwordModel::bpe})
        for (const bool bytes : {false, true})
            models.push_back(hat::data::train_subword(
                lines, {.vocab_size = bytes ? 420 : 200, .model = model, .byte_fallback = bytes}));
    models.push_back(trained_subword({{"normalization_rule_name", "nmt_nfkc"}}));
    return models;
}

}  // namespace

TEST_SUITE("deploy/embedded_text") {
    TEST_CASE("lines are read and translations written as hat translate does it") {
        std::mt19937 random(1);
        unsigned seed = 1;
        for (const TextRules& rules : rules_to_embed())
            for (const Subword& subword : models(rules)) {
                const Sides sides(Subword::from_bytes(subword.bytes()), rules);
                for (const std::string& line : awkward_lines(1500, seed++)) {
                    std::vector<int> said;  // the first four pieces are the special ones
                    for (auto n = random() % 12; n > 0; --n)
                        said.push_back(static_cast<int>(
                            random() %
                            (random() % 3 == 0 ? 4U : static_cast<unsigned>(subword.size()))));
                    check_line(sides, line, said);
                }
                for (const std::string& line : awkward_lines(300, 77, true))
                    check_line(sides, line, sides.text.encode(line));
            }
    }

    TEST_CASE("what is unknown is copied") {
        const Sides sides(trained_subword({{"normalization_rule_name", "identity"}}), {});
        const TextTables& tables = sides.tables;
        const int unknown = sides.subword.special().unk;
        const std::vector<int> dog = sides.subword.encode("dog");
        const Encoded read = encode(tables, "dog \u0416\u0416 \U0001F600");
        CHECK(read.result.unknown == 2);
        CHECK(decode(tables, read.result, dog) == "dog \u0416\u0416 \U0001F600");
        std::vector<int> said = dog;
        said.push_back(unknown);
        CHECK(decode(tables, read.result, said) == "dog\u0416\u0416 \U0001F600");
        std::array<char, 8> text{};
        for (int room = 0; room < 8; ++room)
            CHECK(decode_line(tables, read.result, memory(), dog, text.data(), room) ==
                  TextResult{TextStatus::too_long});
        CHECK(status(tables, "\u0416\u0416, \u0416") == TextStatus::as_it_is);
    }

    TEST_CASE("with bytes, what hat quickstart trains lacks nothing") {
        const TextRules rules{.normalize = NormalForm::nfc, .stand_ins = true};
        const Sides sides(hat::data::train_subword(hat::support::mixed_text(),
                                                   {.vocab_size = 420, .byte_fallback = true}),
                          rules);
        for (const std::string_view line :
             {"a\tdog", "\u2581\u2585", "e\u0301", "\U0001F600", "\u0915\u094D"}) {
            const Encoded encoded = encode(sides.tables, line);
            CHECK(encoded.result == TextResult{TextStatus::done, encoded.result.count, 0});
            CHECK(decode(sides.tables, encoded.result, encoded.ids) == rules.apply(line));
        }
    }

    TEST_CASE("statuses by hand") {
        const Sides sides(trained_subword({{"normalization_rule_name", "identity"}}),
                          {.normalize = NormalForm::nfc, .stand_ins = true});
        const TextTables& tables = sides.tables;
        CHECK(status(tables, " \u00A0\u200B") == TextStatus::done);
        CHECK(encode(tables, " \u00A0\u200B").ids.empty());
        CHECK(encode(tables, "").ids.empty());
        CHECK(status(tables, "dog\xFF") == TextStatus::not_utf8);
        CHECK(encode(tables, "dog dog").ids.back() == sides.subword.special().eos);
        CHECK(status<8>(tables, "brown dogs") == TextStatus::too_long);
        CHECK(status<8>(tables, "\u0390\u0390\u0390\u0390") == TextStatus::too_long);
        const int count = static_cast<int>(encode(tables, "dog dog").ids.size());
        CHECK(status(tables, "dog dog", count) == TextStatus::done);
        CHECK(status(tables, "dog dog", count - 1) == TextStatus::too_many_tokens);
        CHECK(status(tables, "dog", 0) == TextStatus::too_many_tokens);
    }

    TEST_CASE("what is known of characters is what the data folder knows") {
        const Sides sides(trained_subword({}), {});
        long different = 0;
        for (char32_t c = 0; c < 0x110000; ++c) {
            const std::u32string text(1, c);
            const auto is = [&](unsigned kind) {
                return hat::deploy::detail::is_kind(sides.tables, c, kind);
            };
            if (0xD800 <= c && c <= 0xDFFF) continue;
            if (is(hat::deploy::shows_nothing) != hat::data::is_blank(text) ||
                is(hat::deploy::symbol) != hat::data::is_symbol(c) ||
                is(hat::deploy::letter) != hat::data::has_letters(encode_utf8(text)))
                ++different;
        }
        CHECK(different == 0);
        const std::u32string_view reserved(hat::deploy::detail::reserved,
                                           hat::deploy::detail::reserved_count);
        CHECK(reserved == hat::data::detail::reserved);
        CHECK(hat::deploy::detail::first_stand_in == hat::data::detail::first_stand_in);
    }
}
