// SPDX-License-Identifier: Apache-2.0
#include <hat/data/tokenizer.hpp>

#include <doctest/doctest.h>

using hat::data::tokenize;
using hat::data::Tokenizer;

TEST_SUITE("data/tokenizer") {
    TEST_CASE("13a parts punctuation from words but not from numbers") {
        CHECK(tokenize("Hello, world!") == "Hello , world !");
        CHECK(tokenize("1,000.5 is 3.") == "1,000.5 is 3 .");
        CHECK(tokenize("2-fold well-known") == "2 - fold well-known");
        CHECK(tokenize("a...b") == "a . . . b");
        CHECK(tokenize("don't (x)") == "don't ( x )");
    }
    TEST_CASE("13a resolves four entities and joins hyphenated lines") {
        CHECK(tokenize("&quot;a&quot; &amp;lt; &lt;b&gt;") == "\" a \" < < b >");
        CHECK(tokenize("one-\ntwo\nthree <skipped>") == "onetwo three");
    }
    TEST_CASE("intl knows punctuation and symbols of all scripts") {
        CHECK(tokenize("«Ja», 5€ 3,5", Tokenizer::international) == "« Ja » , 5 € 3,5");
        CHECK(tokenize("a-b 1-2", Tokenizer::international) == "a - b 1-2");
    }
    TEST_CASE("char makes every code point a word, none changes nothing but spaces") {
        CHECK(tokenize("aé 東", Tokenizer::character) == "a é 東");
        CHECK(tokenize("  a,  b ", Tokenizer::none) == "a, b");
    }
    TEST_CASE("a tokeniser is found by the name sacreBLEU gives it") {
        for (const Tokenizer t : hat::data::all_tokenizers)
            CHECK(hat::data::tokenizer_named(hat::data::name(t)) == t);
        CHECK_THROWS_WITH_AS(static_cast<void>(hat::data::tokenizer_named("ja-mecab")),
                             "tokeniser: found \"ja-mecab\", expected 13a, none, char, intl or zh",
                             hat::Error);
    }

    TEST_CASE("zh parts Chinese characters and punctuation, and the rest as 13a") {
        CHECK(tokenize("保存文件。", Tokenizer::chinese) == "保 存 文 件 。");
        CHECK(tokenize("打开Word 2.0文件, OK!", Tokenizer::chinese) ==
              "打 开 Word 2.0 文 件 , OK !");
        CHECK(tokenize("１２ ㄅ ⺀ 豈", Tokenizer::chinese) == "１ ２ ㄅ ⺀ 豈");
        CHECK(tokenize("한국 é", Tokenizer::chinese) == "한국 é");
        CHECK(tokenize("𠀀𠀁", Tokenizer::chinese) == "𠀀𠀁");  // as sacreBLEU has it
        CHECK(tokenize("a…b“c”", Tokenizer::chinese) == "a … b “ c ”");
    }
    TEST_CASE("zh knows no entities, and a number at the end keeps its period") {
        CHECK(tokenize("&quot;", Tokenizer::chinese) == "& quot ;");
        CHECK(tokenize(" 3. ", Tokenizer::chinese) == "3.");
        CHECK(tokenize("3.", Tokenizer::v13a) == "3 .");
    }
}
