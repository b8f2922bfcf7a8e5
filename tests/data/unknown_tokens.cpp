// SPDX-License-Identifier: Apache-2.0
#include <hat/data/fairseq_dictionary.hpp>
#include <hat/data/unknown_tokens.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace hat::data;

TEST_SUITE("data/unknown_tokens") {
    const auto dictionary = FairseqDictionary::from_text("the 9\nfox 2\n", "dict.txt");

    UnknownTokens count(std::initializer_list<std::string_view> lines) {
        UnknownTokens unknown;
        for (const std::string_view line : lines)
            unknown.add(dictionary, line, dictionary.encode(line));
        return unknown;
    }

    TEST_CASE("unknown tokens and the lines that have some are counted") {
        const auto unknown = count({"the fox", "the 保存 保存 emoji", "fox", "x"});
        CHECK(unknown.lines() == 4);
        CHECK(unknown.tokens() == 8);
        CHECK(unknown.unknown() == 4);
        CHECK(unknown.lines_with_unknown() == 2);
        CHECK(unknown.share() == 0.5);
        CHECK(unknown.is_many());
        CHECK(unknown.text() == "4 of 8 tokens (50.00 %) in 2 lines unknown: 保存 emoji x");
    }
    TEST_CASE("a text that is known has no examples, and one token in a hundred is not many") {
        CHECK(count({"the fox"}).text() == "0 of 2 tokens (0.00 %) in 0 lines unknown");
        CHECK(count({}).share() == 0.0);
        UnknownTokens unknown = count({"x"});
        for (int i = 0; i < 99; ++i) unknown.add(dictionary, "the", dictionary.encode("the"));
        CHECK_FALSE(unknown.is_many());
        unknown.add(dictionary, "x", dictionary.encode("x"));
        CHECK(unknown.is_many());
    }
    TEST_CASE("examples are few and short") {
        const auto unknown = count({"a b c d e f", std::string(100, 'x')});
        CHECK(unknown.examples().size() == 5);
        std::string word = "x";
        for (int i = 0; i < 30; ++i) word += "ä";
        CHECK(count({word}).examples().front() == word.substr(0, 39) + "…");
    }
}
