// SPDX-License-Identifier: Apache-2.0
#include <hat/deploy/subword_encoder.hpp>
#include <hat/deploy/subword_tables_builder.hpp>

#include "support/allocations.hpp"
#include "support/subword_samples.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using hat::data::Subword;
using hat::deploy::encode_subwords;
using hat::deploy::make_subword_tables;
using hat::deploy::OwnedSubwordTables;
using hat::deploy::StaticTextMemory;
using hat::deploy::SubwordTables;
using hat::deploy::TextResult;
using hat::deploy::TextStatus;
using hat::support::allocations_in;
using hat::support::awkward_lines;
using hat::support::kinds_of_subwords;
using hat::support::model_bytes;
using hat::support::model_piece;
using hat::support::special_pieces;
using hat::support::trained_subword;

namespace {

struct Encoded {
    TextStatus status;
    std::vector<int> ids;
    int unknown;
};

template <int bytes>
Encoded encode(const SubwordTables& tables, std::string_view line, int room = bytes) {
    static StaticTextMemory<bytes> memory;
    std::vector<int> ids(static_cast<std::size_t>(room));
    const TextResult result = encode_subwords(tables, line, memory, ids.data(), room);
    ids.resize(static_cast<std::size_t>(result.count));
    return {result.status, ids, result.unknown};
}

void check_equal(const Subword& subword, const std::vector<std::string>& lines) {
    const OwnedSubwordTables tables = make_subword_tables(subword.bytes());
    for (const std::string& line : lines) {
        const Encoded ours = encode<8192>(tables.view(), line);
        const std::vector<int> theirs = subword.encode(line);
        CAPTURE(line);
        CHECK(ours.ids == theirs);
        CHECK(ours.status == TextStatus::done);
        CHECK(ours.unknown == std::count(theirs.begin(), theirs.end(), subword.special().unk));
    }
}

/// Pieces of up to four letters a and b, with scores of few values: many ways are equally good.
Subword model_with_ties(std::uint64_t type, unsigned seed) {
    std::mt19937 random(seed);
    std::string pieces = special_pieces();
    for (const std::string_view first : {"", "\u2581"})
        for (unsigned size = 1; size <= 4; ++size)
            for (unsigned letters = 0; letters < 1U << size; ++letters) {
                std::string text(first);
                for (unsigned i = 0; i < size; ++i) text += (letters >> i & 1U) != 0 ? 'b' : 'a';
                const bool is_letter = text == "a" || text == "b";
                if (!is_letter && random() % 4 == 0) continue;
                const float score = random() % 2 == 0 ? -1.0F - static_cast<float>(random() % 4)
                                                      : -0.1F * static_cast<float>(random() % 40);
                pieces += model_piece(text, score);
            }
    pieces += model_piece("\u2581", -2.5F);
    return Subword::from_bytes(model_bytes(pieces, type));
}

}  // namespace

TEST_SUITE("deploy/subword_encoder") {
    TEST_CASE("pieces are SentencePiece's, whatever the model and the line") {
        unsigned seed = 1;
        for (const auto& [name, options] : kinds_of_subwords()) {
            CAPTURE(name);
            check_equal(trained_subword(options), awkward_lines(2000, seed++));
        }
    }

    TEST_CASE("of equally good ways, SentencePiece's is taken") {
        std::mt19937 random(5);
        for (const std::uint64_t type : {1U, 2U})
            for (unsigned seed = 0; seed < 20; ++seed) {
                std::vector<std::string> lines;
                for (int i = 0; i < 100; ++i) {
                    std::string& line = lines.emplace_back();
                    for (auto n = random() % 60; n > 0; --n) line += "aaaabb c"[random() % 8];
                }
                CAPTURE(type);
                CAPTURE(seed);
                check_equal(model_with_ties(type, seed), lines);
            }
    }

    TEST_CASE("sums of scores are rounded as SentencePiece rounds them") {
        for (const bool has_symbol : {false, true}) {
            std::string pieces = special_pieces() + model_piece("a", -0.1F) +
                                 model_piece("b", -0.3F) + model_piece("ab", -0.4F) +
                                 model_piece("ba", -0.40000004F) + model_piece("aa", -0.2F) +
                                 model_piece("bb", -0.6F) + model_piece("aab", -0.5F) +
                                 model_piece("bab", -0.7F) + model_piece("\u2581", -3.3333333F) +
                                 model_piece("\u2581a", -3.4333334F);
            if (has_symbol)
                pieces += model_piece("abb", 0, hat::support::user) +
                          model_piece("bbb", 0, hat::support::user);
            std::mt19937 random(7);
            std::vector<std::string> lines;
            for (int i = 0; i < 2000; ++i) {
                std::string& line = lines.emplace_back();
                for (auto n = random() % 200; n > 0; --n) line += "aaabbb c"[random() % 8];
            }
            check_equal(Subword::from_bytes(model_bytes(pieces, 1)), lines);
        }
    }

    TEST_CASE("a symbol's score is -0.1 in double precision, which is more than in single") {
        const std::string pieces = special_pieces() + model_piece("a", 0) +
                                   model_piece("axy", -0.1F) +
                                   model_piece("xy", 0, hat::support::user);
        const std::string without_space = hat::support::wire::number(3, 0);
        const Subword subword = Subword::from_bytes(model_bytes(pieces, 1, {}, without_space));
        REQUIRE(subword.encode("axy") == std::vector{4, 6});
        check_equal(subword, {"axy"});
    }

    TEST_CASE("a sum with an unknown piece is compared in single precision") {
        // Both ways have the sum -12 there; in double precision the second one has more.
        const std::string pieces =
            special_pieces() + model_piece("xy", -1.0F) + model_piece("wx", -0.99999994F);
        const std::string without_space = hat::support::wire::number(3, 0);
        const Subword subword = Subword::from_bytes(model_bytes(pieces, 1, {}, without_space));
        REQUIRE(subword.encode("wxy") == std::vector{0, 4});
        check_equal(subword, {"wxy"});
    }

    TEST_CASE("a long line is cut as a short one") {
        for (const char* type : {"unigram", "bpe"}) {
            const Subword subword = trained_subword({{"model_type", type}});
            std::string line;
            for (const std::string& part : awkward_lines(600, 3)) line += part;
            while (line.size() > 6000) line.pop_back();
            check_equal(subword, {line, std::string(7000, 'a'), std::string(2000, ' ') + "a"});
        }
    }

    TEST_CASE("what has no room is told, and never cut off") {
        for (const char* type : {"unigram", "bpe"}) {
            const Subword subword = trained_subword({{"model_type", type}});
            const OwnedSubwordTables owned = make_subword_tables(subword.bytes());
            const SubwordTables tables = owned.view();
            const std::string fits(15, 'a');  // and a space
            CHECK(encode<16>(tables, fits).ids == subword.encode(fits));
            CHECK(encode<16>(tables, fits + 'a').status == TextStatus::too_long);
            CHECK(encode<16>(tables, fits + 'a').ids.empty());
            const std::vector<int> ids = subword.encode("the dog");
            const int count = static_cast<int>(ids.size());
            CHECK(encode<16>(tables, "the dog", count).ids == ids);
            CHECK(encode<16>(tables, "the dog", count - 1).status == TextStatus::too_many_tokens);
            CHECK(encode<16>(tables, "the dog", count - 1).ids.empty());
            CHECK(encode<16>(tables, "", 0).status == TextStatus::done);
        }
    }

    TEST_CASE("nothing is allocated") {
        const Subword subword = trained_subword({{"model_type", "bpe"}});
        const OwnedSubwordTables tables = make_subword_tables(subword.bytes());
        static StaticTextMemory<256> memory;
        int ids[256];
        TextResult result;
        CHECK(allocations_in([&] {
                  result = encode_subwords(tables.view(), "the quick brown fox", memory, ids, 256);
              }) == 0);
        CHECK(result.count > 0);
    }

    TEST_CASE("a sum is rounded to single precision as the processor does it") {
        std::mt19937_64 random(1);
        for (int i = 0; i < 100000; ++i) {
            const auto sum = static_cast<std::int64_t>(random() >> (11 + random() % 53));
            const auto rounded = static_cast<std::int64_t>(static_cast<float>(sum));
            CHECK(hat::deploy::detail::to_single_precision(sum) == rounded);
            CHECK(hat::deploy::detail::to_single_precision(-sum) == -rounded);
        }
    }

    TEST_CASE("a score is read from the bits of its float") {
        for (const float score : {0.0F, -0.0F, -1.0F, -2.7062599F, 0.5F, -100.0F, -0.0009765625F})
            CHECK(hat::deploy::detail::score_of_float(std::bit_cast<std::uint32_t>(score)) ==
                  std::llround(std::ldexp(score, 32)));
    }
}
