// SPDX-License-Identifier: Apache-2.0
#include <hat/deploy/subword_encoder.hpp>
#include <hat/deploy/subword_tables_builder.hpp>

#include "support/rejected.hpp"
#include "support/subword_samples.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using hat::data::Subword;
using hat::deploy::make_subword_tables;
using hat::deploy::OwnedSubwordTables;
using hat::deploy::PieceKind;
using hat::deploy::SubwordTables;
using hat::support::model_bytes;
using hat::support::model_piece;
using hat::support::special_pieces;
using hat::support::trained_subword;
namespace wire = hat::support::wire;

namespace {

constexpr std::uint64_t unigram = 1;
constexpr std::uint64_t bpe = 2;

void check_refused(const std::string& model, const std::string& part) {
    hat::support::check_rejected_at(
        "a.model", part, [&] { static_cast<void>(make_subword_tables(model, "a.model")); });
}

std::string some_pieces() {
    return special_pieces() + model_piece("a", -1) + model_piece("\u2581", -2);
}

}  // namespace

TEST_SUITE("deploy/subword_tables_builder") {
    TEST_CASE("tables have what the model has") {
        for (const auto& [name, options] : hat::support::kinds_of_subwords()) {
            CAPTURE(name);
            const Subword subword = trained_subword(options);
            const OwnedSubwordTables owned = make_subword_tables(subword.bytes());
            const SubwordTables tables = owned.view();
            CHECK(tables.pieces == subword.size());
            CHECK(tables.unknown == subword.special().unk);
            CHECK(tables.is_bpe == (options.at("model_type") == "bpe"));
            CHECK((tables.first_byte >= 0) == options.contains("byte_fallback"));
            CHECK((tables.rule_count > 0) == (options.count("normalization_rule_name") == 0 ||
                                              options.at("normalization_rule_name") != "identity"));
            CHECK(owned.bytes() < subword.bytes().size() + 2 * 257);
            for (int id = 0; id < tables.pieces; ++id) {
                const bool is_text =
                    tables.kind(id) == PieceKind::normal || tables.kind(id) == PieceKind::user;
                std::string text = subword.piece(id);
                for (auto at = text.find("\u2581"); at != text.npos; at = text.find("\u2581"))
                    text.replace(at, 3, " ");
                CHECK(tables.piece(id) == (is_text ? text : ""));
                if (is_text) CHECK(find_piece(tables, text) == id);
            }
        }
    }

    TEST_CASE("ranks take no room where ids say them") {
        const std::string rest = model_piece("b", -1) + model_piece("ab", -2);
        const std::string pieces = special_pieces() + model_piece("a", 0) + rest;
        CHECK(make_subword_tables(model_bytes(pieces, bpe)).ranks.empty());
        const OwnedSubwordTables tables =
            make_subword_tables(model_bytes(pieces + model_piece("aa", -1), bpe));
        CHECK(tables.ranks == std::vector<std::uint16_t>{0, 0, 0, 0, 0, 1, 2, 1});
    }

    TEST_CASE("what cannot be embedded is refused with one line") {
        const auto with_piece = [](const std::string& piece, std::uint64_t type = unigram) {
            return model_bytes(some_pieces() + piece, type);
        };
        const auto with_trainer = [](std::uint64_t field, std::uint64_t value) {
            return model_bytes(some_pieces(), unigram, wire::number(field, value));
        };
        check_refused(model_bytes(some_pieces(), 3), "a model of words or characters");
        check_refused(with_trainer(24, 1), "treat_whitespace_as_suffix");
        check_refused(with_trainer(35, 1), "pieces of bytes and byte_fallback");
        check_refused(model_bytes(some_pieces(), unigram, {}, wire::number(5, 0)),
                      "escape_whitespaces");
        check_refused(model_bytes(some_pieces(), unigram) + wire::bytes(5, wire::bytes(2, "x")),
                      "denormaliser");
        check_refused(model_bytes(some_pieces(), unigram, wire::bytes(44, std::string(256, '?'))),
                      "the text of the unknown piece has 256 bytes");
        check_refused(with_piece(model_piece("a b", -1)), "piece 6, \"a b\": has a space");
        check_refused(with_piece(model_piece("", -1)), "is empty");
        check_refused(with_piece(model_piece("\xFF", -1)), "is not UTF-8");
        check_refused(with_piece(model_piece(std::string("a\0b", 3), -1)), "has a zero");
        check_refused(with_piece(model_piece(std::string(8000, 'x'), -1)), "more than 7999");
        check_refused(with_piece(model_piece("a", -1)), "\"a\" is there twice");
        check_refused(with_piece(model_piece("<s>", -1)), "\"<s>\" is there twice");
        check_refused(with_piece(model_piece("x", -1, 9)), "has a type that is not known");
        check_refused(with_piece(model_piece("x", -1, 2)), "expected more than a character");
        check_refused(with_piece(model_piece("xx", -1, 2)), "is a second unknown piece");
        check_refused(with_piece(model_piece("x\u2581", 0, 4)), "is a symbol with a space");
        check_refused(with_piece(model_piece("xx", 0, 5), bpe), "is not used");
        check_refused(with_piece(model_piece("xx", -101)), "a score past 100 or -100");
        check_refused(with_piece(model_piece("xx", -1e-5F)), "no multiple of 2^-32");
        check_refused(with_piece(model_piece("xx", -0.01F) + model_piece("yy", 0, 4)),
                      "no multiple of 2^-28");
        check_refused(with_piece(model_piece("xx", 1) + model_piece("yy", 0, 4)),
                      "has a score above 0");
        for (const float score :
             {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()})
            for (const std::uint64_t type : {unigram, bpe})
                check_refused(with_piece(model_piece("xx", score), type), "is not finite");
        check_refused(model_bytes(model_piece("a", -1), unigram), "there is no unknown piece");
        check_refused(model_bytes(special_pieces(), unigram), "there are no pieces of text");
        check_refused(model_bytes(special_pieces() + model_piece("a", 0, 4), unigram),
                      "there are no normal pieces");
    }

    TEST_CASE("too many pieces, or symbols that begin with one another, are refused") {
        std::string pieces = some_pieces();
        std::string symbol;
        for (int i = 0; i < 65; ++i) pieces += model_piece(symbol += 'x', 0, 4);
        check_refused(model_bytes(pieces, bpe), "begins with more than 63 other symbols");
        pieces = some_pieces();
        for (int i = 0; i < 65529; ++i) pieces += model_piece("p" + std::to_string(i), -1);
        check_refused(model_bytes(pieces, unigram), "65535 pieces cannot be embedded");
        pieces = some_pieces();
        for (char c = 'a'; c < 'm'; ++c) pieces += model_piece(std::string(7000, c), -1);
        check_refused(model_bytes(pieces, unigram), "ends past 65535 bytes of 256 pieces");
    }

    TEST_CASE("pieces of bytes are all there, one after the other") {
        const auto bytes = [](int from, int to) {
            constexpr std::string_view digits = "0123456789ABCDEF";
            std::string pieces;
            for (int i = from; i < to; ++i)
                pieces +=
                    model_piece(std::string("<0x") + digits[static_cast<std::size_t>(i / 16)] +
                                    digits[static_cast<std::size_t>(i % 16)] + '>',
                                0, 6);
            return pieces;
        };
        const auto model = [](const std::string& pieces) {
            return model_bytes(some_pieces() + pieces, unigram, wire::number(35, 1));
        };
        CHECK(make_subword_tables(model(bytes(0, 256))).settings.first_byte == 6);
        check_refused(model(bytes(0, 255)), "are not 256");
        check_refused(model(bytes(0, 100) + model_piece("x", -1) + bytes(100, 256)), "are not 256");
        check_refused(model(bytes(128, 256) + bytes(0, 128)), "expected <0x00>");
    }

    TEST_CASE("a model with any bytes changed is refused, or read within its bounds") {
        const std::string whole =
            trained_subword({{"normalization_rule_name", "nfkc"}, {"model_type", "bpe"}}).bytes();
        const std::vector<std::string> lines = hat::support::awkward_lines(20, 5);
        std::mt19937 random(9);
        static hat::deploy::StaticTextMemory<4096> memory;
        std::vector<int> ids(4096);
        for (int i = 0; i < 300; ++i) {
            std::string model = whole;
            for (auto n = 1 + random() % 4; n > 0; --n)
                model[random() % (i % 2 == 0 ? model.size() : 4000)] = static_cast<char>(random());
            try {
                const OwnedSubwordTables tables = make_subword_tables(model);
                for (const std::string& line : lines)
                    static_cast<void>(hat::deploy::encode_subwords(tables.view(), line, memory,
                                                                   ids.data(), 4096));
            } catch (const hat::Error& error) {
                CHECK(std::string_view(error.what()).find('\n') == std::string_view::npos);
            }
        }
    }
}
