// SPDX-License-Identifier: Apache-2.0
#include <hat/data/vocabulary.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using hat::data::SpecialTokens;
using hat::data::Vocabulary;

TEST_SUITE("data/vocabulary") {
    const std::vector<std::string> pieces{"<unk>", "<s>", "</s>", "<pad>", "▁der", "▁die"};

    TEST_CASE("a piece has an id and an id has a piece") {
        const Vocabulary vocabulary(pieces);
        CHECK(vocabulary.size() == 6);
        for (int id = 0; id < vocabulary.size(); ++id)
            CHECK(vocabulary.id(vocabulary.piece(id)) == id);
        CHECK(vocabulary.id("▁das") == vocabulary.special().unk);
        CHECK(!vocabulary.contains("▁das"));
    }
    TEST_CASE("a vocabulary may lack padding and begin, but not the end of sentence") {
        CHECK(Vocabulary({"<unk>", "</s>"}, {.unk = 0, .bos = -1, .eos = 1, .pad = -1}).size() ==
              2);
        CHECK_THROWS_WITH_AS(
            Vocabulary({"<unk>", "a"}, SpecialTokens{.unk = 0, .bos = -1, .eos = -1, .pad = -1}),
            "vocabulary: the id of eos is -1, expected 0 to 1", hat::Error);
        CHECK_THROWS_WITH_AS(Vocabulary({"a", "b", "c"}),
                             "vocabulary: the id of pad is 3, expected -1 to 2", hat::Error);
    }
    TEST_CASE("a piece that appears twice is an error with both places") {
        auto twice = pieces;
        twice.emplace_back("▁der");
        CHECK_THROWS_WITH_AS(Vocabulary(twice, {}, "vocab.txt"),
                             "vocab.txt:7: \"▁der\" appears twice (first in line 5)", hat::Error);
        twice.back().clear();
        CHECK_THROWS_WITH_AS(Vocabulary(twice, {}, "vocab.txt"), "vocab.txt:7: the piece is empty",
                             hat::Error);
    }
}
