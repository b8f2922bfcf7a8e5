// SPDX-License-Identifier: Apache-2.0
#include <hat/data/subword_trainer.hpp>

#include "support/subword_text.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using hat::data::SpecialTokens;
using hat::data::Subword;
using hat::data::SubwordModel;
using hat::data::SubwordOptions;
using hat::data::train_subword;
using hat::support::subword_text;

namespace {

std::string error_of(const SubwordOptions& options) {
    try {
        static_cast<void>(train_subword(subword_text, options));
    } catch (const hat::Error& error) {
        return error.what();
    }
    return "no error";
}

}  // namespace

TEST_SUITE("data/subword_trainer") {
    TEST_CASE("the same text gives the same model") {
        const SubwordOptions options{.vocab_size = 40};
        CHECK(train_subword(subword_text, options).bytes() ==
              train_subword(subword_text, options).bytes());
    }

    TEST_CASE("a small text gives a smaller vocabulary than asked for") {
        for (const SubwordModel model : {SubwordModel::unigram, SubwordModel::bpe}) {
            const Subword largest =
                train_subword(subword_text, {.vocab_size = 5000, .model = model});
            CHECK(largest.size() > 40);
            CHECK(largest.size() < 400);
            const int size = largest.size();
            CHECK(train_subword(subword_text, {.vocab_size = size, .model = model}).size() == size);
            CHECK(train_subword(subword_text, {.vocab_size = size - 1, .model = model}).size() ==
                  size - 1);
        }
    }

    TEST_CASE("text comes back as it went in") {
        std::vector<std::string> lines = subword_text;
        for (const char* line : {"5 m\u00B2 \u2026 \u2122 10\u207B\u00B3", "  two  spaces ",
                                 "\u00A0narrow\u202Fspaces\u3000", "a\u0308 \uFB01", "\r \u200B"})
            lines.emplace_back(line);
        for (const SubwordModel model : {SubwordModel::unigram, SubwordModel::bpe}) {
            const Subword subword = train_subword(lines, {.vocab_size = 80, .model = model});
            for (const std::string& line : lines)
                CHECK(subword.decode(subword.encode(line)) == line);
        }
    }

    TEST_CASE("lines of any length, and with any character, are learned from") {
        std::string spaced;
        std::string joined;
        for (int i = 0; i < 2000; ++i) (spaced += "zebra ") += i % 2 == 0 ? "quagga " : "okapi ";
        for (int i = 0; i < 30000; ++i) joined += "\u6771\u897F";
        for (const SubwordModel model : {SubwordModel::unigram, SubwordModel::bpe}) {
            std::vector<std::string> lines = subword_text;
            lines.push_back(spaced);
            lines.push_back(joined);
            lines.emplace_back("gnu \u2585gnu");
            const Subword subword = train_subword(lines, {.vocab_size = 80, .model = model});
            CHECK(subword.encode("zebra quagga okapi").size() <= 6);
            for (const char* text : {"zebra quagga", "\u6771\u897F", "gnu"})
                CHECK(subword.unknown_parts(text).empty());
        }
    }

    TEST_CASE("pieces are learned alike from words with one space between and with more") {
        std::vector<std::string> spaced = subword_text;
        for (std::string& line : spaced) {
            for (auto at = line.find(' '); at != std::string::npos; at = line.find(' ', at + 2))
                line.insert(at, 1, ' ');
            line = "  " + line + ' ';
        }
        for (const SubwordModel model : {SubwordModel::unigram, SubwordModel::bpe})
            CHECK(train_subword(spaced, {.vocab_size = 40, .model = model}).bytes() ==
                  train_subword(subword_text, {.vocab_size = 40, .model = model}).bytes());
    }

    TEST_CASE("a line is cut at spaces, else between characters") {
        using hat::data::detail::longest_line_to_learn;
        using hat::data::detail::take_part;
        const std::string word(longest_line_to_learn - 96, 'x');
        const std::string text = word + ' ' + word + ' ' + word;
        std::string_view rest = text;
        CHECK(take_part(rest) == word);
        CHECK(take_part(rest) == word);
        CHECK(take_part(rest) == word);
        CHECK(rest.empty());
        std::string umlauts = "x";
        for (std::size_t i = 0; i < longest_line_to_learn; ++i) umlauts += "\u00E4";
        rest = umlauts;
        CHECK(take_part(rest).size() == longest_line_to_learn - 1);
        CHECK(rest.starts_with("\u00E4"));
        const std::string spaces(2 * longest_line_to_learn, ' ');
        rest = spaces;
        CHECK(take_part(rest).size() == longest_line_to_learn);
    }

    TEST_CASE("bytes spell what has no piece") {
        const Subword subword =
            train_subword(subword_text, {.vocab_size = 300, .byte_fallback = true});
        CHECK(subword.decode(subword.encode("\u4FDD\t\U0001F600")) == "\u4FDD\t\U0001F600");
        CHECK(subword.unknown_parts("\u4FDD").empty());
        const std::vector<int> ids = subword.encode("\u4FDD");
        REQUIRE(ids.size() >= 3);
        for (std::size_t i = ids.size() - 3; i < ids.size(); ++i) CHECK(subword.is_unknown(ids[i]));
        CHECK(subword.is_unknown(subword.special().unk));
        for (const int id : subword.encode(subword_text.front()))
            CHECK_FALSE(subword.is_unknown(id));
        CHECK(hat::data::has_room_for_bytes(2560));
        CHECK_FALSE(hat::data::has_room_for_bytes(2559));
    }

    TEST_CASE("symbols are kept whole, and digits alone if so wished") {
        std::vector<std::string> lines = subword_text;
        for (int i = 0; i < 9; ++i) lines.emplace_back("<b>1212 1212</b>, \"x\"");
        const Subword subword = train_subword(
            lines, {.vocab_size = 60, .split_digits = true, .symbols = {"<b>", "</b>", ",", "\""}});
        const auto vocabulary = subword.vocabulary();
        for (const char* symbol : {"<b>", "</b>", ",", "\""}) CHECK(vocabulary.contains(symbol));
        const std::vector<int> ids = subword.encode("<b>12</b>");
        REQUIRE(ids.size() >= 4);
        CHECK(ids[ids.size() - 4] == vocabulary.id("<b>"));
        CHECK(ids[ids.size() - 3] == vocabulary.id("1"));
        CHECK(ids[ids.size() - 2] == vocabulary.id("2"));
        CHECK(ids[ids.size() - 1] == vocabulary.id("</b>"));
        CHECK(subword.decode(subword.encode(lines.back())) == lines.back());
    }

    TEST_CASE("options that cannot be are errors") {
        CHECK(error_of({.vocab_size = 20}) == "subword model: vocabulary size 20 is too small for "
                                              "the characters of the text, expected at least 31");
        CHECK(error_of({.vocab_size = 3}) ==
              "subword model: vocabulary size 3 has no room for the special id 3");
        CHECK(error_of({.vocab_size = -1}) ==
              "subword model: vocabulary size -1, expected at least 1");
        CHECK(error_of({.symbols = {"a b"}}) ==
              "subword model: symbol \"a b\": expected text without spaces");
        CHECK(error_of({.symbols = {""}}) == "subword model: symbol \"\": is empty, expected text");
        CHECK(error_of({.symbols = {"a", "b", "a"}}) ==
              "subword model: symbol \"a\": is given twice");
        for (const std::string reserved : {"<unk>", "<s>", "</s>", "<pad>", "<0x41>", "<0xFF>"})
            CHECK(error_of({.symbols = {reserved}}) ==
                  "subword model: symbol \"" + reserved + "\": is reserved, expected another text");
        for (const char* free : {"<0x4>", "<0x4g>", "<0xff>", "<S>"})
            CHECK(error_of({.vocab_size = 80, .symbols = {free}}) == "no error");
        CHECK(error_of({.threads = 0}) == "subword model: 0 threads, expected 1 to 128");
        CHECK_THROWS_WITH_AS(static_cast<void>(train_subword({"", ""})),
                             "subword model: there is no text to train it on", hat::Error);
        CHECK_THROWS_WITH_AS(static_cast<void>(train_subword({" ", "\u2585 "})),
                             "subword model: there is no text to train it on", hat::Error);
    }
}
