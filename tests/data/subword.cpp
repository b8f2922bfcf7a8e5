// SPDX-License-Identifier: Apache-2.0
#include <hat/data/subword.hpp>
#include <hat/data/subword_trainer.hpp>

#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using hat::data::SpecialTokens;
using hat::data::Subword;
using hat::data::SubwordModel;
using hat::data::SubwordOptions;
using hat::data::train_subword;

namespace {

const std::vector<std::string> text{
    "the quick brown fox jumps over the lazy dog", "the dog sleeps while the fox runs",
    "a brown dog and a quick fox", "the lazy fox jumps and the quick dog runs over",
    "dogs and foxes sleep over the brown leaves"};

std::string error_of(const SubwordOptions& options) {
    try {
        static_cast<void>(train_subword(text, options));
    } catch (const hat::Error& error) {
        return error.what();
    }
    return "no error";
}

}  // namespace

TEST_SUITE("data/subword") {
    TEST_CASE("a line survives encoding and decoding") {
        for (const SubwordModel model : {SubwordModel::unigram, SubwordModel::bpe}) {
            const Subword subword = train_subword(text, {.vocab_size = 40, .model = model});
            CHECK(subword.size() == 40);
            CHECK(subword.special() == SpecialTokens{});
            for (const std::string& line : text) {
                const std::vector<int> ids = subword.encode(line);
                CHECK(ids.size() < line.size());
                CHECK(subword.decode(ids) == line);
            }
        }
    }

    TEST_CASE("the same text gives the same model") {
        const SubwordOptions options{.vocab_size = 40};
        CHECK(train_subword(text, options).bytes() == train_subword(text, options).bytes());
    }

    TEST_CASE("special ids are data") {
        const SpecialTokens special{.unk = 3, .bos = 0, .eos = 2, .pad = 1};
        const Subword subword = train_subword(text, {.vocab_size = 40, .special = special});
        CHECK(subword.special() == special);
        CHECK(subword.vocabulary().piece(special.eos) == "</s>");
        CHECK(subword.decode({special.bos, special.pad, special.eos}).empty());
        CHECK(subword.encode("東") == std::vector{subword.vocabulary().id("▁"), special.unk});
    }

    TEST_CASE(
        "a vocabulary larger than the text allows is an error that says how large it may be") {
        const std::string most = "subword model: vocabulary size 5000 is larger than the text "
                                 "allows, expected at most ";
        for (const SubwordModel model : {SubwordModel::unigram, SubwordModel::bpe}) {
            const std::string error = error_of({.vocab_size = 5000, .model = model});
            REQUIRE_MESSAGE(error.starts_with(most), error);
            const int size = std::stoi(error.substr(most.size()));
            CHECK(train_subword(text, {.vocab_size = size, .model = model}).size() == size);
            CHECK(error_of({.vocab_size = size + 1, .model = model}) != "no error");
        }
    }

    TEST_CASE("options that cannot be are errors") {
        CHECK(error_of({.vocab_size = 20}) ==
              "subword model: vocabulary size 20 is too small for the characters of the text, "
              "expected at least 31");
        CHECK(error_of({.vocab_size = 3}) ==
              "subword model: vocabulary size 3 has no room for the special id 3");
        CHECK(error_of({.vocab_size = -1}) ==
              "subword model: vocabulary size -1, expected at least 1");
        CHECK(error_of({.threads = 0}) == "subword model: 0 threads, expected 1 to 128");
        CHECK_THROWS_WITH_AS(static_cast<void>(train_subword({"", ""})),
                             "subword model: there is no text to train it on", hat::Error);
    }

    TEST_CASE("a model is saved and loaded") {
        const hat::support::TemporaryDirectory folder;
        const std::string path = folder / "subword.model";
        const Subword subword = train_subword(text, {.vocab_size = 40});
        subword.save(path);
        const Subword loaded = Subword::load(path);
        CHECK(loaded.bytes() == subword.bytes());
        CHECK(loaded.encode(text[0]) == subword.encode(text[0]));
    }

    TEST_CASE("a model cut off anywhere is an error of one line") {
        const std::string bytes = train_subword(text, {.vocab_size = 40}).bytes();
        for (std::size_t size = 0; size < bytes.size(); size += size < 2000 ? 1 : 997) {
            CAPTURE(size);
            try {
                static_cast<void>(Subword::from_bytes(bytes.substr(0, size), "cut.model"));
                FAIL_CHECK("no error");
            } catch (const hat::Error& error) {
                const std::string message = error.what();
                CHECK(message.starts_with("cut.model: "));
                CHECK(message.find('\n') == std::string::npos);
            }
        }
    }

    TEST_CASE("a file of another kind is an error of one line") {
        CHECK_THROWS_WITH_AS(static_cast<void>(Subword::from_bytes("some text\n", "a.txt")),
                             "a.txt: not a SentencePiece model, or a truncated one, at byte 0",
                             hat::Error);
        CHECK_THROWS_WITH_AS(static_cast<void>(Subword::load("/nonexistent/a.model")),
                             "/nonexistent/a.model: cannot open: No such file or directory",
                             hat::Error);
    }

    TEST_CASE("an id outside the vocabulary is an error") {
        const Subword subword = train_subword(text, {.vocab_size = 40});
        CHECK_THROWS_WITH_AS(static_cast<void>(subword.decode({40})),
                             "subword model: found id 40, expected 0 to 39", hat::Error);
    }
}
