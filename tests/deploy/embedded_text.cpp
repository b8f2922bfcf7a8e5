// SPDX-License-Identifier: Apache-2.0
#include <hat/data/line_codec.hpp>
#include <hat/data/text_codec.hpp>
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
    TextStatus status;
    std::vector<int> ids;
};

template <int bytes = 2048>
Encoded encode(const TextTables& tables, std::string_view line, int room = 200) {
    static StaticTextMemory<bytes> memory;
    std::vector<int> ids(static_cast<std::size_t>(room));
    const TextResult result =
        encode_line(tables, line, memory, ids.data(), static_cast<int>(ids.size()));
    ids.resize(static_cast<std::size_t>(result.count));
    return {result.status, ids};
}

std::string decode(const TextTables& tables, std::span<const int> ids) {
    std::array<char, 4096> text{};
    const TextResult result = decode_line(tables, ids, text.data(), static_cast<int>(text.size()));
    CHECK(result.status == TextStatus::done);
    return {text.data(), static_cast<std::size_t>(result.count)};
}

/// What stands for a line in one piece: none, or that of its one part.
std::vector<int> tokens(const SourceLine& line) {
    return line.parts.empty() ? std::vector<int>() : line.parts.front().tokens;
}

void check_line(const Sides& sides, const std::string& line) {
    CAPTURE(line);
    const Encoded ours = encode(sides.tables, line);
    if (hat::data::find_invalid_utf8(line) != std::string::npos) {
        CHECK(ours.status == TextStatus::not_utf8);
        return;
    }
    const SourceLine theirs = sides.lines.encode(line);
    const auto count = static_cast<int>(sides.text.encode(line).size());
    if (count > whole_tokens) {
        CHECK(ours.status == TextStatus::too_many_tokens);
        CHECK(ours.ids.empty());
    } else if (theirs.unknown_tokens > 0) {
        CHECK(ours.status == TextStatus::unknown_text);
        if (!tokens(theirs).empty()) CHECK(ours.ids == tokens(theirs));
    } else {
        CHECK(ours.status == TextStatus::done);
        CHECK(ours.ids == tokens(theirs));
    }
}

/// A translation of a line of which nothing is unknown, whatever the network says.
void check_translation(const Sides& sides, std::vector<int> ids) {
    const SourceLine line = sides.lines.encode("the dog");
    REQUIRE(line.unknown_tokens == 0);
    ids.push_back(sides.subword.special().eos);
    CAPTURE(ids);
    const std::string theirs =
        sides.lines.decode(line, [&](std::size_t) { return std::span<const int>(ids); });
    CHECK(decode(sides.tables, ids) == theirs);
    CHECK(decode(sides.tables, std::span(ids).first(ids.size() - 1)) == theirs);
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
    TEST_CASE("a line is read as hat translate reads it") {
        unsigned seed = 1;
        for (const TextRules& rules : rules_to_embed())
            for (const Subword& subword : models(rules)) {
                const Sides sides(Subword::from_bytes(subword.bytes()), rules);
                for (const std::string& line : awkward_lines(1500, seed++)) check_line(sides, line);
            }
    }

    TEST_CASE("a translation is written as hat translate writes it") {
        std::mt19937 random(1);
        for (const TextRules& rules : rules_to_embed())
            for (const Subword& subword : models(rules)) {
                const Sides sides(Subword::from_bytes(subword.bytes()), rules);
                for (int i = 0; i < 500; ++i) {
                    std::vector<int> ids;
                    for (auto n = random() % 12; n > 0; --n)
                        ids.push_back(static_cast<int>(
                            random() %
                            (random() % 3 == 0 ? 4U : static_cast<unsigned>(subword.size()))));
                    check_translation(sides, ids);
                }
                for (const std::string& line : awkward_lines(300, 77, true))
                    check_translation(sides, sides.text.encode(line));
            }
    }

    TEST_CASE("with bytes, what hat quickstart trains lacks nothing") {
        const TextRules rules{.normalize = NormalForm::nfc, .stand_ins = true};
        const Sides sides(hat::data::train_subword(hat::support::mixed_text(),
                                                   {.vocab_size = 420, .byte_fallback = true}),
                          rules);
        for (const std::string_view line :
             {"a\tdog", "\u2581\u2585", "e\u0301", "\U0001F600", "\u0915\u094D"}) {
            const Encoded encoded = encode(sides.tables, line);
            CHECK(encoded.status == TextStatus::done);
            CHECK(decode(sides.tables, encoded.ids) == rules.apply(line));
        }
    }

    TEST_CASE("statuses by hand") {
        const Sides sides(trained_subword({{"normalization_rule_name", "identity"}}),
                          {.normalize = NormalForm::nfc, .stand_ins = true});
        const TextTables& tables = sides.tables;
        CHECK(encode(tables, " \u00A0\u200B").status == TextStatus::done);
        CHECK(encode(tables, " \u00A0\u200B").ids.empty());
        CHECK(encode(tables, "").ids.empty());
        CHECK(encode(tables, "dog\xFF").status == TextStatus::not_utf8);
        CHECK(encode(tables, "dog \U0001F600").status == TextStatus::unknown_text);
        CHECK(encode(tables, "dog dog").ids.back() == sides.subword.special().eos);
        CHECK(encode<8>(tables, "brown dogs").status == TextStatus::too_long);
        CHECK(encode<8>(tables, "\u0390\u0390\u0390\u0390").status == TextStatus::too_long);
        const int count = static_cast<int>(encode(tables, "dog dog").ids.size());
        CHECK(encode(tables, "dog dog", count).status == TextStatus::done);
        CHECK(encode(tables, "dog dog", count - 1).status == TextStatus::too_many_tokens);
        CHECK(encode(tables, "dog", 0).status == TextStatus::too_many_tokens);
    }

    TEST_CASE("what is known of characters is what the data folder knows") {
        const Sides sides(trained_subword({}), {});
        long different = 0;
        for (char32_t c = 0; c < 0x110000; ++c)
            if (hat::deploy::detail::is_space(c) != hat::data::is_space(c) ||
                hat::deploy::detail::is_ignorable(sides.tables, c) != hat::data::is_ignorable(c))
                ++different;
        CHECK(different == 0);
        const std::u32string_view reserved(hat::deploy::detail::reserved,
                                           hat::deploy::detail::reserved_count);
        CHECK(reserved == hat::data::detail::reserved);
        CHECK(hat::deploy::detail::first_stand_in == hat::data::detail::first_stand_in);
    }
}
