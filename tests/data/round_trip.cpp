// SPDX-License-Identifier: Apache-2.0
#include <hat/data/round_trip.hpp>
#include <hat/data/subword_trainer.hpp>
#include <hat/data/text_codec.hpp>

#include "support/subword_text.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace hat::data;

TEST_SUITE("data/round_trip") {
    TEST_CASE("what comes back otherwise is counted and shown around where it differs") {
        const TextCodec codec(train_subword(hat::support::subword_text, {.vocab_size = 40}),
                              {.normalize = NormalForm::nfkc, .stand_ins = true});
        RoundTrip round_trip;
        const auto survives = [&](const std::string& line) {
            const bool comes_back = round_trip.survives(codec, line, codec.encode(line));
            round_trip.count(comes_back);
            return comes_back;
        };
        const std::string& known = hat::support::subword_text[0];
        CHECK(survives(known));
        CHECK(survives("  " + known + "  "));
        CHECK(round_trip.examples().empty());
        CHECK_FALSE(round_trip.has_examples());
        CHECK_FALSE(survives(known + " \u6771\u4EAC"));
        CHECK_FALSE(survives("\u6771"));
        CHECK_FALSE(survives("\u6771"));
        CHECK_FALSE(survives("\u6771"));
        CHECK(round_trip.has_examples());
        CHECK(RoundTrip::comes_back(codec, known, codec.encode(known)));
        CHECK_FALSE(RoundTrip::comes_back(codec, "\u6771", codec.encode("\u6771")));
        CHECK(round_trip.all() == 6);
        CHECK(round_trip.lost() == 4);
        REQUIRE(round_trip.examples().size() == 3);
        CHECK(round_trip.examples()[0].before.starts_with("\u2026"));
        CHECK(round_trip.examples()[0].before.ends_with(" \u6771\u4EAC"));
        CHECK(round_trip.examples()[1].before == "\u6771");
        CHECK(round_trip.examples()[1].after == " \u2047 ");
    }
    TEST_CASE("control characters are not shown as they are") {
        CHECK(hat::data::detail::excerpt(U"a\x1b[1m", 1) == "a\u2423[1m");
        CHECK(hat::data::detail::excerpt(std::u32string(100, U'x'), 50) ==
              "…" + std::string(36, 'x') + "…");
    }
    TEST_CASE("text comes back from models of every kind, reserved characters and all") {
        std::vector<std::string> lines = hat::support::subword_text;
        lines.emplace_back(std::string("a\tb \u2581 \u2585\u2585 \0 \u00A0 ", 20));
        lines.emplace_back(" \u2581 leading, \u2026 m\u00B2 \u200B\u00AD ");
        const TextRules rules{.normalize = NormalForm::nfc, .stand_ins = true};
        for (const SubwordModel model : {SubwordModel::unigram, SubwordModel::bpe})
            for (const bool bytes : {false, true}) {
                std::vector<std::string> inside;
                for (const std::string& line : lines)
                    inside.push_back(rules.to_model(rules.apply(line)));
                const TextCodec codec(
                    train_subword(inside,
                                  {.vocab_size = 320, .model = model, .byte_fallback = bytes}),
                    rules);
                RoundTrip round_trip;
                for (const std::string& line : lines)
                    CHECK(round_trip.survives(codec, line, codec.encode(line)));
                const std::string foreign = "\u4FDD\u2581\t\U0001F600 a\u0308";
                CHECK(round_trip.survives(codec, foreign, codec.encode(foreign)) == bytes);
            }
    }
}
