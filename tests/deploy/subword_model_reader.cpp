// SPDX-License-Identifier: Apache-2.0
#include <hat/deploy/subword_model_reader.hpp>

#include "support/rejected.hpp"
#include "support/subword_samples.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>

using hat::deploy::detail::SubwordModelReader;
using hat::support::model_bytes;
using hat::support::model_piece;
using hat::support::special_pieces;
using hat::support::trained_subword;
namespace wire = hat::support::wire;

namespace {

constexpr std::uint64_t unigram = 1;

void check_refused(const std::string& model, const std::string& part) {
    hat::support::check_rejected_at("a.model", part,
                                    [&] { const SubwordModelReader reader(model, "a.model"); });
}

std::string some_pieces() {
    return special_pieces() + model_piece("a", -1) + model_piece("\u2581", -2);
}

}  // namespace

TEST_SUITE("deploy/subword_model_reader") {
    TEST_CASE("pieces have their text, score and type") {
        const std::string model = model_bytes(some_pieces(), unigram);
        const SubwordModelReader reader(model, "a.model");
        const auto& pieces = reader.fields().pieces;
        REQUIRE(pieces.size() >= 2);
        CHECK(pieces[pieces.size() - 2].text == "a");
        CHECK(pieces[pieces.size() - 2].score == -1);
        CHECK(pieces.back().text == "\u2581");
        CHECK(pieces.back().type == 1);
        CHECK(reader.fields().model_type == unigram);
    }

    TEST_CASE("damaged messages are refused") {
        check_refused("", "the file is empty");
        check_refused(model_bytes(some_pieces() + wire::bytes(1, "\x0A"), unigram),
                      "piece 6 is damaged: a field is not whole");
        check_refused(model_bytes(some_pieces() + wire::bytes(1, wire::number(1, 5)), unigram),
                      "field 1 has wire type 0, expected 2");
        check_refused(model_bytes(some_pieces() + wire::bytes(1, wire::number(2, 5)), unigram),
                      "field 2 has wire type 0, expected 5");
        check_refused(model_bytes(some_pieces(), unigram) + wire::bytes(2, ""),
                      "field 2 is there twice");
        const std::string whole = trained_subword({}).bytes();
        for (std::size_t size = 0; size < whole.size(); size += size < 4000 ? 7 : 9973)
            CHECK_THROWS_AS(static_cast<void>(SubwordModelReader(whole.substr(0, size), "a.model")),
                            hat::Error);
    }
}
