// SPDX-License-Identifier: Apache-2.0
#include <hat/core/random.hpp>
#include <hat/data/bpe.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

using hat::data::BpeCodes;
using hat::data::remove_bpe;

namespace {

const std::string merges = "l o\nlo w\ne s\nes t</w>\n";

BpeCodes codes_of(const std::string& text) {
    return BpeCodes::from_text(text, "codes");
}

using Pieces = std::vector<std::string>;

/// What the merges make of pieces by their definition: again and again, the pair among them that
/// was learnt first is joined wherever it stands, from the left.
Pieces merged_slowly(const std::vector<std::pair<std::string, std::string>>& learnt,
                     Pieces pieces) {
    for (;;) {
        auto first = learnt.end();
        for (std::size_t i = 0; i + 1 < pieces.size(); ++i)
            first = std::min(first, std::find(learnt.begin(), learnt.end(),
                                              std::pair(pieces[i], pieces[i + 1])));
        if (first == learnt.end()) return pieces;
        Pieces joined;
        for (std::size_t i = 0; i < pieces.size(); ++i) {
            joined.push_back(pieces[i]);
            if (i + 1 < pieces.size() && std::pair(pieces[i], pieces[i + 1]) == *first)
                joined.back() += pieces[++i];
        }
        pieces = joined;
    }
}

}  // namespace

TEST_SUITE("data/bpe") {
    TEST_CASE("words are cut into what the merges make of their letters") {
        const BpeCodes codes = codes_of("#version: 0.2\n" + merges);
        CHECK(codes.size() == 4);
        CHECK(codes.apply("lowest") == "low@@ est");
        CHECK(codes.apply("low") == "lo@@ w");  // its last letter is "w</w>", never merged
        CHECK(codes.apply("lows") == "low@@ s");
        CHECK(codes.apply("est es") == "est e@@ s");
        CHECK(codes.apply("x ä日") == "x ä@@ 日");
    }

    TEST_CASE("in the older format the end of a word is a piece of its own") {
        const BpeCodes codes = codes_of("l o\nlo w\nlow </w>\nt </w>\n");
        CHECK(codes.apply("low") == "low");
        CHECK(codes.apply("lowt") == "low@@ t");
        CHECK(codes.apply("tl") == "t@@ l");
        CHECK(codes_of("#version: 0.1\nl o\n").apply("lo") == "lo");
    }

    TEST_CASE("the merge learnt first goes first, and joins all its pairs from the left") {
        CHECK(codes_of("#version: 0.2\nb c\na b\n").apply("abcd") == "a@@ bc@@ d");
        CHECK(codes_of("#version: 0.2\na b\nb c\n").apply("abcd") == "ab@@ c@@ d");
        CHECK(codes_of("#version: 0.2\na a\n").apply("aaaax") == "aa@@ aa@@ x");
        CHECK(codes_of("#version: 0.2\na a\n").apply("aaax") == "aa@@ a@@ x");
        // A merge that is named twice counts where it is named first.
        CHECK(codes_of("#version: 0.2\na b\nb c\na b\n").apply("abcd") == "ab@@ c@@ d");
    }

    TEST_CASE("any merges in any order make of a word what their definition says") {
        hat::Random random(1);
        const auto pick = [&](const auto& from) { return from[random.below(from.size())]; };
        for (int i = 0; i < 200; ++i) {
            Pieces known{"a", "b", "c"};
            std::vector<std::pair<std::string, std::string>> learnt;
            std::string text;
            for (int k = 0; k < 8; ++k) {
                learnt.emplace_back(pick(known), pick(known));
                const auto& [left, right] = learnt.back();
                text += left + " " + right + "\n";
                known.push_back(left + right);
            }
            Pieces letters;
            std::string word;
            for (int k = 0; k < 15; ++k) word += letters.emplace_back(1, pick(std::string("abc")));
            letters.push_back("</w>");
            Pieces expected = merged_slowly(learnt, letters);
            expected.pop_back();
            for (std::size_t k = 0; k + 1 < expected.size(); ++k) expected[k] += "@@";
            CHECK(codes_of(text).pieces(word) == expected);
        }
    }

    TEST_CASE("spaces alone separate words, and one is left between pieces") {
        const BpeCodes codes = codes_of(merges);
        CHECK(codes.apply("  a   b \r\n") == "a b");
        CHECK(codes.apply("").empty());
        CHECK(codes.apply("a\u00A0b") == "a@@ \u00A0@@ b");
    }

    TEST_CASE("cutting and joining gives the words back") {
        const BpeCodes codes = codes_of("#version: 0.2\n" + merges);
        for (const std::string text : {"the lowest est lows", "ä ö ü", "@@ x@ @", ""})
            CHECK(remove_bpe(codes.apply(text)) == text);
        CHECK(remove_bpe("a@@ b@@ @@ c d@@") == "abc d");
        CHECK(remove_bpe("a@@b c@ @ d  ") == "a@@b c@ @ d");
    }

    TEST_CASE("a line that is no pair is named") {
        const std::string expected = ": expected two pieces with a space between";
        const auto check = [](const std::string& text, const std::string& message) {
            CHECK_THROWS_WITH_AS(static_cast<void>(codes_of(text)), ("codes" + message).c_str(),
                                 hat::Error);
        };
        check("a b\nc\n", ":2" + expected);
        check("a b 17\n", ":1" + expected);
        check("#version: 0.3\na b\n", ":1: expected #version: 0.1 or 0.2");
        check("", ": there are no merges");
        check("#version: 0.2\n", ": there are no merges");
        check("a \xff\n", ":1: byte 3 of the line is not valid UTF-8");
    }
}
