// SPDX-License-Identifier: Apache-2.0
#include <hat/deploy/subword_tables.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

using hat::deploy::find_piece;
using hat::deploy::PieceKind;
using hat::deploy::PieceRun;
using hat::deploy::PieceWalk;
using hat::deploy::SubwordTables;

TEST_SUITE("deploy/subword_tables") {
    // <unk> and </s>, then pieces: " a", "ab", "a", "\xC3\xA4", "abc", and a symbol "abd".
    constexpr char text[] = " aaba\xC3\xA4"
                            "abcabd";
    constexpr std::array<std::uint32_t, 1> bases{0};
    constexpr std::array<std::uint16_t, 9> offsets{0, 0, 0, 2, 4, 5, 7, 10, 13};
    constexpr std::array<std::uint16_t, 6> sorted{2, 4, 3, 6, 7, 5};
    constexpr auto buckets = [] {
        std::array<std::uint16_t, 257> first{};
        for (std::size_t byte = 0; byte < first.size(); ++byte)
            first[byte] = byte <= ' ' ? 0 : byte <= 'a' ? 1 : byte <= 0xC3 ? 5 : 6;
        return first;
    }();
    constexpr std::array runs{PieceRun{0, PieceKind::unknown}, PieceRun{1, PieceKind::control},
                              PieceRun{2, PieceKind::normal}, PieceRun{7, PieceKind::user}};
    constexpr SubwordTables tables{.pieces = 8,
                                   .has_user_symbols = true,
                                   .text = text,
                                   .bases = bases.data(),
                                   .offsets = offsets.data(),
                                   .sorted = sorted.data(),
                                   .sorted_count = 6,
                                   .buckets = buckets.data(),
                                   .runs = runs.data(),
                                   .run_count = 4};

    static_assert(tables.piece(0).empty() && tables.piece(2) == " a" && tables.piece(6) == "abc");
    static_assert(tables.kind(0) == PieceKind::unknown && tables.kind(1) == PieceKind::control);
    static_assert(tables.kind(2) == PieceKind::normal && tables.kind(6) == PieceKind::normal);
    static_assert(tables.kind(7) == PieceKind::user);
    static_assert(find_piece(tables, "ab") == 3 && find_piece(tables, "ac") == -1);

    TEST_CASE("every piece of text is found, and nothing else") {
        for (int id = 2; id < 8; ++id) CHECK(find_piece(tables, tables.piece(id)) == id);
        for (const std::string_view no : {"b", "abcd", "a\xC3", "\xC3", "\xFF", "  ", "abe"})
            CHECK(find_piece(tables, no) == -1);
    }

    TEST_CASE("a walk meets the pieces that a text begins with") {
        const auto met = [&](std::string_view line) {
            std::vector<int> ids;
            PieceWalk walk(tables);
            for (std::size_t i = 0; i < line.size() && walk.step(line[i]); ++i)
                if (walk.piece() >= 0) ids.push_back(walk.piece());
            return ids;
        };
        CHECK(met("abcabc") == std::vector{4, 3, 6});
        CHECK(met("abd") == std::vector{4, 3, 7});
        CHECK(met("\xC3\xA4") == std::vector{5});
        CHECK(met(" b").empty());
        CHECK(met("x").empty());
    }

    TEST_CASE("only symbols of the user count as such") {
        CHECK(user_symbol_bytes(tables, "abdabd") == 3);
        CHECK(user_symbol_bytes(tables, "abc") == 0);
        CHECK(user_symbol_bytes(tables, "") == 0);
    }
}
