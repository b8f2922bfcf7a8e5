// SPDX-License-Identifier: Apache-2.0
#include <hat/deploy/subword_decoder.hpp>
#include <hat/deploy/subword_tables_builder.hpp>

#include "support/subword_samples.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <random>
#include <string>
#include <vector>

using hat::data::Subword;
using hat::deploy::decode_subwords;
using hat::deploy::make_subword_tables;
using hat::deploy::OwnedSubwordTables;
using hat::deploy::SubwordTables;
using hat::deploy::TextCell;
using hat::deploy::TextResult;
using hat::deploy::TextStatus;
using hat::deploy::UnknownTexts;
using hat::support::trained_subword;

namespace {

/// Parts of a line.
constexpr std::array<TextCell, 4> cells{
    TextCell{.unknown = {0, 1, 0, false}}, TextCell{.unknown = {1, 1, 0, false}},
    TextCell{.unknown = {1, 2, 0, false}}, TextCell{.unknown = {2, 5, 0, false}}};

std::string decode(const SubwordTables& tables, const std::vector<int>& ids,
                   const UnknownTexts* unknown = nullptr) {
    static std::array<char, 65536> text;
    const int room = static_cast<int>(text.size());
    const TextResult result = unknown == nullptr
                                  ? decode_subwords(tables, ids, text.data(), room)
                                  : decode_subwords(tables, ids, *unknown, text.data(), room);
    CHECK(result.status == TextStatus::done);
    return {text.data(), static_cast<std::size_t>(result.count)};
}

void check_equal(const Subword& subword, const SubwordTables& tables, const std::vector<int>& ids) {
    CAPTURE(ids);
    CHECK(decode(tables, ids) == subword.decode(ids));
    const UnknownTexts nothing;
    CHECK(decode(tables, ids, &nothing) == subword.decode(ids, {}));
    const std::vector<std::string> texts{"x", "", " ", " y "};
    const UnknownTexts some{.line = "x  y ", .cells = cells.data(), .count = 4};
    CHECK(decode(tables, ids, &some) == subword.decode(ids, texts));
}

/// Ids of all kinds: runs of a kind are as likely as changes.
std::vector<int> random_ids(const Subword& subword, std::mt19937& random) {
    std::vector<int> ids;
    const auto below = [&](int end) {
        return static_cast<int>(random() % static_cast<unsigned>(end));
    };
    for (int n = below(12); n > 0; --n) {
        const int kind = below(5);
        for (int i = below(4); i >= 0; --i) {
            int id = kind == 0 ? subword.special().unk : below(kind == 1 ? 5 : subword.size());
            // Bytes that make up characters, or nearly so.
            if (kind == 2 && subword.size() > 300)
                for (const int byte : {0xE2, 0x96, 0x81, 0x20, 0xC3, 0xA4})
                    if (below(2) == 0) ids.push_back(4 + byte);
            if (kind == 3) id = subword.encode(" ").empty() ? id : subword.encode(" ").front();
            ids.push_back(id);
        }
    }
    return ids;
}

}  // namespace

TEST_SUITE("deploy/subword_decoder") {
    TEST_CASE("any ids become SentencePiece's text") {
        std::mt19937 random(3);
        for (const auto& [name, options] : hat::support::kinds_of_subwords()) {
            CAPTURE(name);
            const Subword subword = trained_subword(options);
            const OwnedSubwordTables tables = make_subword_tables(subword.bytes());
            for (int i = 0; i < 2000; ++i)
                check_equal(subword, tables.view(), random_ids(subword, random));
        }
    }

    TEST_CASE("lines come back as SentencePiece gives them back") {
        for (const auto& [name, options] : hat::support::kinds_of_subwords()) {
            CAPTURE(name);
            const Subword subword = trained_subword(options);
            const OwnedSubwordTables tables = make_subword_tables(subword.bytes());
            for (const std::string& line : hat::support::awkward_lines(500, 21))
                check_equal(subword, tables.view(), subword.encode(line));
        }
    }

    TEST_CASE("what is wrong is told") {
        const Subword subword = trained_subword({});
        const OwnedSubwordTables owned = make_subword_tables(subword.bytes());
        const std::vector<int> ids = subword.encode("the dog");
        std::array<char, 16> text{};
        const auto decoded = [&](const std::vector<int>& some, int room) {
            return decode_subwords(owned.view(), some, text.data(), room);
        };
        CHECK(decoded(ids, 7) == TextResult{TextStatus::done, 7});
        for (int room = 0; room < 7; ++room)
            CHECK(decoded(ids, room) == TextResult{TextStatus::too_long, 0});
        CHECK(decoded({-1}, 16) == TextResult{TextStatus::bad_token, 0});
        CHECK(decoded({subword.size()}, 16) == TextResult{TextStatus::bad_token, 0});
        CHECK(decoded({}, 0) == TextResult{TextStatus::done, 0});
    }
}
