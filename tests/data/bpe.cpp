// SPDX-License-Identifier: Apache-2.0
#include <hat/data/bpe.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using hat::data::BpeCodes;
using hat::data::remove_bpe;

namespace {

const std::string merges = "l o\nlo w\ne s\nes t</w>\n";

BpeCodes codes_of(const std::string& text) {
    return BpeCodes::from_text(text, "codes");
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
