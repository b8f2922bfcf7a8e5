// SPDX-License-Identifier: Apache-2.0
#include <hat/data/subword.hpp>
#include <hat/data/subword_trainer.hpp>

#include "support/subword_text.hpp"
#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using hat::data::SpecialTokens;
using hat::data::Subword;
using hat::data::SubwordModel;
using hat::data::train_subword;
using hat::support::subword_text;

TEST_SUITE("data/subword") {
    TEST_CASE("a line survives encoding and decoding") {
        for (const SubwordModel model : {SubwordModel::unigram, SubwordModel::bpe}) {
            const Subword subword = train_subword(subword_text, {.vocab_size = 40, .model = model});
            CHECK(subword.size() == 40);
            CHECK(subword.special() == SpecialTokens{});
            for (const std::string& line : subword_text) {
                const std::vector<int> ids = subword.encode(line);
                CHECK(ids.size() < line.size());
                CHECK(subword.decode(ids) == line);
            }
        }
    }

    TEST_CASE("special ids are data") {
        const SpecialTokens special{.unk = 3, .bos = 0, .eos = 2, .pad = 1};
        const Subword subword = train_subword(subword_text, {.vocab_size = 40, .special = special});
        CHECK(subword.special() == special);
        CHECK(subword.vocabulary().piece(special.eos) == "</s>");
        CHECK(subword.decode({special.bos, special.pad, special.eos}).empty());
        CHECK(subword.encode("東") == std::vector{subword.vocabulary().id("▁"), special.unk});
    }

    TEST_CASE("a model is saved and loaded") {
        const hat::support::TemporaryDirectory folder;
        const std::string path = folder / "subword.model";
        const Subword subword = train_subword(subword_text, {.vocab_size = 40});
        subword.save(path);
        const Subword loaded = Subword::load(path);
        CHECK(loaded.bytes() == subword.bytes());
        CHECK(loaded.encode(subword_text[0]) == subword.encode(subword_text[0]));
    }

    TEST_CASE("a model cut off anywhere is an error of one line") {
        const std::string bytes = train_subword(subword_text, {.vocab_size = 40}).bytes();
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
        const Subword subword = train_subword(subword_text, {.vocab_size = 40});
        CHECK_THROWS_WITH_AS(static_cast<void>(subword.decode({40})),
                             "subword model: the text has token 40, expected 0 to 39", hat::Error);
    }

    TEST_CASE("a model that SentencePiece throws at is an error of ours") {
        const std::string bytes = train_subword(subword_text, {.vocab_size = 40}).bytes();
        const std::string empty_piece("\x0a\x02\x0a\x00", 4);
        CHECK_THROWS_AS(static_cast<void>(Subword::from_bytes(bytes + empty_piece, "a.model")),
                        hat::Error);
        CHECK_THROWS_AS(static_cast<void>(Subword::from_bytes(empty_piece + bytes, "a.model")),
                        hat::Error);
    }
}
