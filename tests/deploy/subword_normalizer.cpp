// SPDX-License-Identifier: Apache-2.0
#include <hat/deploy/subword_normalizer.hpp>
#include <hat/deploy/subword_tables_builder.hpp>

#include "support/subword_samples.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

using hat::data::Subword;
using hat::deploy::make_subword_tables;
using hat::deploy::normalize_for_subwords;
using hat::deploy::OwnedSubwordTables;
using hat::deploy::SubwordTables;
using hat::deploy::TextResult;
using hat::deploy::TextStatus;
using hat::support::trained_subword;

namespace {

std::string normalized(const SubwordTables& tables, std::string_view line) {
    std::array<char, 4096> text{};
    const TextResult result =
        normalize_for_subwords(tables, line, text.data(), static_cast<int>(text.size()));
    CHECK(result.status == TextStatus::done);
    return {text.data(), static_cast<std::size_t>(result.count)};
}

/// SentencePiece's, from the pieces that it cuts a line into.
std::string expected(const Subword& subword, const std::string& line) {
    sentencepiece::SentencePieceProcessor processor;
    REQUIRE(processor.LoadFromSerializedProto(subword.bytes()).ok());
    std::vector<std::string> pieces;
    REQUIRE(processor.Encode(line, &pieces).ok());
    std::string text;
    for (std::string piece : pieces) {
        constexpr std::string_view space = "\u2581";
        for (auto at = piece.find(space); at != piece.npos; at = piece.find(space))
            piece.replace(at, space.size(), " ");
        text += piece;
    }
    return text;
}

}  // namespace

TEST_SUITE("deploy/subword_normalizer") {
    TEST_CASE("text is normalised as SentencePiece does it") {
        for (const auto& [name, options] : hat::support::kinds_of_subwords()) {
            if (options.contains("byte_fallback")) continue;  // pieces are not the text
            CAPTURE(name);
            const Subword subword = trained_subword(options);
            const OwnedSubwordTables tables = make_subword_tables(subword.bytes());
            for (const std::string& line : hat::support::awkward_lines(300, 11)) {
                CAPTURE(line);
                CHECK(normalized(tables.view(), line) == expected(subword, line));
            }
        }
    }

    TEST_CASE("spaces, compatible forms and what is no UTF-8, by hand") {
        const OwnedSubwordTables owned =
            make_subword_tables(trained_subword({{"normalization_rule_name", "nmt_nfkc"}}).bytes());
        const SubwordTables tables = owned.view();
        CHECK(normalized(tables, "") == "");
        CHECK(normalized(tables, "  \t ") == "");
        CHECK(normalized(tables, " a  b ") == " a b");
        CHECK(normalized(tables, "\uFF21\u3000\u00BD") == " A 1\u20442");
        CHECK(normalized(tables, "a\u2581") == " a");
        CHECK(normalized(tables, "a\xE2\x96") == " a\uFFFD\uFFFD");
        CHECK(normalized(tables, "\xED\xA0\x80") == " \uFFFD\uFFFD\uFFFD");
    }

    TEST_CASE("a text that has no room is not cut off") {
        const OwnedSubwordTables owned = make_subword_tables(trained_subword({}).bytes());
        std::array<char, 8> text{};
        for (int room = 0; room < 8; ++room) {
            const TextResult result =
                normalize_for_subwords(owned.view(), "abc", text.data(), room);
            CHECK(result == (room < 4 ? TextResult{TextStatus::too_long, 0}
                                      : TextResult{TextStatus::done, 4}));
            CHECK(text[static_cast<std::size_t>(room)] == '\0');
            text.fill('\0');
        }
    }
}
