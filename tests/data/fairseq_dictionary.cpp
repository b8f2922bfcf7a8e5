// SPDX-License-Identifier: Apache-2.0
#include <hat/data/corpus.hpp>
#include <hat/data/fairseq_dictionary.hpp>

#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

using hat::data::FairseqDictionary;

namespace {

void check_rejected(const std::string& text, const std::string& message) {
    CHECK_THROWS_WITH_AS(static_cast<void>(FairseqDictionary::from_text(text, "dict.txt")),
                         ("dict.txt" + message).c_str(), hat::Error);
}

}  // namespace

TEST_SUITE("data/fairseq_dictionary") {
    TEST_CASE("words of the file follow the four special ones") {
        const std::string text = "der 7\nhaus@@ 5\n日本 0\n";
        const auto dictionary = FairseqDictionary::from_text(text, "dict.txt");
        CHECK(dictionary.size() == 7);
        CHECK(dictionary.word(2) == "</s>");
        CHECK(dictionary.word(4) == "der");
        CHECK(dictionary.count(5) == 5);
        CHECK(dictionary.id("日本") == 6);
        CHECK(dictionary.id("die") == 3);
        CHECK(dictionary.special() == hat::fairseq_special_tokens);
        CHECK(dictionary.text() == text);
    }

    TEST_CASE("a line is split at its last space") {
        const auto dictionary = FairseqDictionary::from_text("a b 3\n  4\n", "dict.txt");
        CHECK(dictionary.word(4) == "a b");
        CHECK(dictionary.word(5) == " ");
    }

    TEST_CASE("of a word that is named twice, the later number counts") {
        const auto dictionary = FairseqDictionary::from_text("x 9\ny 8\nx 7\n<unk> 6\n", "d");
        CHECK(dictionary.size() == 8);
        CHECK(dictionary.id("x") == 6);
        CHECK(dictionary.word(4) == "x");
        CHECK(dictionary.id("<unk>") == 7);
        CHECK(dictionary.id("never seen") == 3);
    }

    TEST_CASE("what is saved is loaded") {
        const hat::support::TemporaryDirectory directory;
        const auto dictionary = FairseqDictionary::from_text("a 1\nb 2\n", "dict.txt");
        dictionary.save(directory / "dict.txt");
        CHECK(FairseqDictionary::load(directory / "dict.txt").text() == dictionary.text());
    }

    TEST_CASE("words are numbered by count, then by code point, and padded to a multiple") {
        std::map<std::string, std::int64_t> counts;
        hat::data::count_words({"b a\tä  <unk> b", "z\u00A0a z", ""}, counts);
        CHECK(counts.at("z") == 2);
        const auto all = FairseqDictionary::build(counts, {});
        CHECK(all.text() == "a 2\nb 2\nz 2\nä 1\n");
        CHECK(FairseqDictionary::build(counts, {.threshold = 2, .padding_factor = 1}).text() ==
              "a 2\nb 2\nz 2\n");
        CHECK(FairseqDictionary::build(counts, {.most_words = 5, .padding_factor = 4}).text() ==
              "a 2\nmadeupword0000 0\nmadeupword0001 0\nmadeupword0002 0\n");
    }

    TEST_CASE("lines become numbers at any white space, and numbers lines") {
        const auto dictionary = FairseqDictionary::from_text("ein@@ 3\nder 2\n", "dict.txt");
        CHECK(dictionary.encode(" \tein@@\u3000der  and ") == std::vector<int>{4, 5, 3});
        CHECK(dictionary.encode("").empty());
        CHECK(dictionary.decode({4, 5, 3, 2}) == "ein@@ der <unk>");
        CHECK(dictionary.decode({2}).empty());
        const auto side = hat::data::encode({"der", ""}, dictionary);
        CHECK(side.sentences.tokens == std::vector<int>{5, 2, 2});
        CHECK(side.vocab_size == 6);
        CHECK_THROWS_WITH_AS(static_cast<void>(dictionary.decode({6})),
                             "dictionary: the text has token 6, expected 0 to 5", hat::Error);
        CHECK_THROWS_AS(static_cast<void>(dictionary.encode("\xff")), hat::Error);
    }

    TEST_CASE("a line without a count is named") {
        const std::string expected = ": expected a word, a space and its count";
        check_rejected("a 1\nb\n", ":2" + expected);
        check_rejected("a \n", ":1" + expected);
        check_rejected("a 1x\n", ":1" + expected);
        check_rejected("a 99999999999999999999\n", ":1" + expected);
        check_rejected("\n", ":1" + expected);
        check_rejected("a 1\n\xff 1\n", ":2: byte 1 of the line is not valid UTF-8");
    }
}
