// SPDX-License-Identifier: Apache-2.0
#include <hat/data/line_codec.hpp>
#include <hat/data/subword_trainer.hpp>

#include "support/subword_text.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <numeric>
#include <span>
#include <string>
#include <vector>

using namespace hat::data;

namespace {

/// Words alone: a b c d and A B C D.
TextCodec words() {
    return TextCodec(FairseqText(FairseqDictionary::from_text("a 1\nb 1\nc 1\nd. 1\n", "source"),
                                 FairseqDictionary::from_text("A 1\nB 1\nC 1\nD. 1\n", "target")));
}
TextCodec pieces() {
    return TextCodec(train_subword(hat::support::subword_text, {.vocab_size = 40}));
}

/// Pieces and symbols of protected strings.
TextCodec protected_pieces() {
    TextRules rules;
    rules.protect = {"all"};
    return TextCodec(
        train_subword(
            hat::support::subword_text,
            {.vocab_size = 330, .byte_fallback = true, .symbols = Placeholders::symbols()}),
        rules);
}

/// What a network says that copies what it reads.
std::string copied(const LineCodec& codec, const SourceLine& line,
                   PlaceholderCounts* counts = nullptr) {
    return codec.decode(
        line, [&](std::size_t i) -> std::span<const int> { return line.parts[i].tokens; }, counts);
}

/// What a network says that translates word by word, and unk by unk or not at all.
std::string translated(const LineCodec& codec, const std::string& text, bool says_unk = true) {
    const SourceLine line = codec.encode(text);
    std::vector<std::vector<int>> targets;
    for (const SourcePart& part : line.parts) {
        if (part.tokens.empty()) continue;
        targets.emplace_back();
        for (const int token : part.tokens)
            if (token != 3 || says_unk) targets.back().push_back(token);
    }
    return codec.decode(line, [&](std::size_t i) -> std::span<const int> { return targets[i]; });
}

/// Checks that every piece of a line, cut into parts as short as may be, is in the word of the
/// line that has it. Returns the words that have pieces.
std::vector<std::string> words_with_pieces(const LineCodec& codec, const TextCodec& text,
                                           const std::string& line) {
    const std::u32string code_points = decode_utf8(line);
    const auto all = split_words(code_points);
    const SourceLine encoded = codec.encode(line);
    REQUIRE(encoded.parts.size() > 1);
    const auto numbers = codec.words_of_sources(encoded);
    std::vector<std::string> found;
    std::size_t asked = 0;
    for (const auto& part : encoded.parts) {
        if (part.tokens.empty()) continue;
        const std::vector<int>& words = numbers.at(asked++);
        REQUIRE(words.size() + 1 == part.tokens.size());
        for (std::size_t i = 0; i < words.size(); ++i) {
            const std::string piece = text.decode_source({part.tokens[i]}, {"?"});
            const std::string word =
                encode_utf8(std::u32string(all.at(static_cast<std::size_t>(words[i]))));
            if (piece.find('?') == std::string::npos)
                CHECK_MESSAGE(word.find(piece) != std::string::npos, word, " has no ", piece);
            if (found.empty() || found.back() != word) found.push_back(word);
        }
    }
    return found;
}

}  // namespace

TEST_SUITE("data/line_codec") {
    TEST_CASE("a line is one part with eos, a blank line none") {
        const TextCodec text = pieces();
        const LineCodec codec(text, {});
        const SourceLine line = codec.encode("the lazy dog");
        REQUIRE(line.parts.size() == 1);
        std::vector<int> ids = text.encode("the lazy dog");
        CHECK(line.tokens == std::ssize(ids));
        CHECK(line.unknown_tokens == 0);
        ids.push_back(text.special().eos);
        CHECK(line.parts[0].tokens == ids);
        CHECK(codec.decode(line, [&](std::size_t) -> std::span<const int> { return ids; }) ==
              "the lazy dog");
        CHECK(codec.encode("").parts.empty());
        CHECK(codec.encode("  ").parts.empty());
        CHECK(codec.encode(" \u200B\u00AD").parts.empty());
        CHECK(codec.decode(codec.encode(""), [](std::size_t) { return std::span<const int>(); })
                  .empty());
    }

    TEST_CASE("a pair is read with the vocabulary of each side") {
        const TextCodec text = words();
        const TokenPair pair = LineCodec(text, {}).encode_pair("a b", "D. Q");
        CHECK(pair.source == std::vector<int>{4, 5, 2});
        CHECK(pair.target == std::vector<int>{7, 3, 2});
    }

    TEST_CASE("a line that is too long is cut into parts and joined again") {
        const TextCodec text = words();
        const LineCodec codec(text, {.most_tokens = 6, .part_tokens = 3});
        CHECK(codec.encode("a b c d. a b").parts.size() == 1);
        CHECK(codec.encode("a b c d. A a b").parts.size() == 3);  // a b, c d., A a b
        CHECK(translated(codec, "a b c d. a b  c a b c d. c") == "A B C D. A B  C A B C D. C");
        const SourceLine line = codec.encode("a b c d. a b c");
        CHECK(line.tokens == 7);
        for (const SourcePart& part : line.parts) CHECK(part.tokens.size() <= 4);
    }

    TEST_CASE("a line may be cut before it is too long for the network") {
        const TextCodec text = words();
        const LineCodec codec(text, {.most_tokens = 6, .split_over = 4, .part_tokens = 3});
        CHECK(codec.whole_tokens() == 4);
        CHECK(codec.encode("a b c d.").parts.size() == 1);
        const SourceLine longer = codec.encode("a b d. a c");
        CHECK(longer.parts.size() == 2);
        CHECK_FALSE(longer.is_unreadable);
        CHECK(codec.encode("a b d. a c a b").is_unreadable);
        CHECK(translated(codec, "a b d. a c") == "A B D. A C");
        // No part has more than a line that is not cut.
        const LineCodec small(text, {.most_tokens = 6, .split_over = 2, .part_tokens = 3});
        for (const SourcePart& part : small.encode("a b c").parts) CHECK(part.tokens.size() <= 3);
        for (const int none : {0, 7})
            CHECK(LineCodec(text, {.most_tokens = 6, .split_over = none}).whole_tokens() == 6);
    }

    TEST_CASE("the network's k-th unk is the source's k-th unknown text, nothing or a mark") {
        const TextCodec text = words();
        const std::string line = "a Q b R d.";
        CHECK(translated(LineCodec(text, {}), line) == "A Q B R D.");
        CHECK(translated(LineCodec(text, {.unknown = UnknownPolicy::drop}), line) == "A B D.");
        CHECK(translated(LineCodec(text, {.unknown = UnknownPolicy::mark}), line) == "A ⁇ B ⁇ D.");
        CHECK(LineCodec(text, {}).encode(line).unknown_tokens == 2);
    }

    TEST_CASE("unknown words that the network says nothing of are copied behind its translation") {
        const TextCodec text = words();
        CHECK(translated(LineCodec(text, {}), "a 😀 b", false) == "A B 😀");
        CHECK(translated(LineCodec(text, {.unknown = UnknownPolicy::drop}), "a 😀 b", false) ==
              "A B");
        CHECK(translated(LineCodec(text, {.unknown = UnknownPolicy::mark}), "a 😀 b Q, R", false) ==
              "A B ⁇ ⁇ ⁇");
    }

    TEST_CASE("none is invented: an unk without unknown text in the source is nothing") {
        const TextCodec text = words();
        const LineCodec codec(text, {});
        const SourceLine line = codec.encode("a Q b");
        const std::vector<int> target{4, 3, 5, 3, 2};
        CHECK(codec.decode(line, [&](std::size_t) -> std::span<const int> { return target; }) ==
              "A Q B");
    }

    TEST_CASE("a line of which nothing is known does not reach the network") {
        for (const TextCodec& text : {words(), pieces()}) {
            const SourceLine line = LineCodec(text, {}).encode("保存 文件。");
            REQUIRE(line.parts.size() == 1);
            CHECK(line.parts[0].tokens.empty());
            CHECK(line.unknown_tokens > 0);
            CHECK(translated(LineCodec(text, {}), "保存 文件。") == "保存 文件。");
            CHECK(translated(LineCodec(text, {.unknown = UnknownPolicy::drop}), "保存 文件。")
                      .empty());
            CHECK(translated(LineCodec(text, {.unknown = UnknownPolicy::mark}), "保存 文件。") ==
                  "⁇");
        }
    }
}

TEST_SUITE("data/line_codec: what is unknown") {
    TEST_CASE("pieces: a run of unknown characters is one token, a word if spaces are around") {
        const Subword subword = train_subword(hat::support::subword_text, {.vocab_size = 40});
        const UnknownTexts unknown = subword.unknown("the 保存 d✂g 😀");
        CHECK(unknown.tokens == std::vector<UnknownText>{{"保存", true, false},
                                                         {"✂", false, false},
                                                         {"😀", true, false}});
        CHECK_FALSE(unknown.is_all);
        CHECK(subword.unknown("保存 ☃").is_all);
        CHECK_FALSE(subword.unknown("the dog").is_all);
        CHECK(subword.unknown("the dog").tokens.empty());
        std::vector<int> ids = subword.encode("the 保存 d✂g 😀");
        CHECK(subword.decode(ids, {"x", "y", "z"}) == "the x dyg z");
        CHECK(subword.decode(ids, {"x"}) == "the x dg ");
        CHECK(subword.decode(ids, {}) == "the dg ");
        CHECK(subword.decode(subword.encode("the dog"), {"x"}) == "the dog");
    }

    TEST_CASE("words cut by codes: the pieces of an unknown word follow one another") {
        const FairseqText text(FairseqDictionary::from_text("lo@@ 2\nw 1\n", "source"),
                               FairseqDictionary::from_text("x 1\n", "target"),
                               BpeCodes::from_text("#version: 0.2\nl o\n", "codes"));
        const UnknownTexts unknown = text.unknown("low lox yz");
        CHECK(unknown.tokens ==
              std::vector<UnknownText>{{"x", false, false}, {"y", true, false}, {"z", true, true}});
        CHECK_FALSE(unknown.is_all);
        CHECK(text.unknown("yz").is_all);
        CHECK(text.decode({3, 4, 3}, {"yz"}) == "yz x");
        CHECK(text.decode({3, 4, 3}) == "<unk> x <unk>");
    }

    TEST_CASE("protected strings stand as symbols and come back exactly") {
        const TextCodec text = protected_pieces();
        const LineCodec codec(text, {});
        const std::string line =
            "Click <emph>Save</emph>  {0} https://example.org/a?b=c &amp; %s dog <q 1='⟦3⟧'>";
        const SourceLine source = codec.encode(line);
        REQUIRE(source.parts.size() == 1);
        CHECK(source.parts[0].strings.size() == 7);
        CHECK(source.parts[0].strings[3].text == "https://example.org/a?b=c");
        PlaceholderCounts counts;
        CHECK(copied(codec, source, &counts) == line);
        CHECK(counts.lines == 1);
        CHECK(counts.strings == 7);
        CHECK(counts.lost == 0);
        CHECK(counts.invented == 0);
        CHECK(copied(codec, codec.encode("<b>"), &counts) == "<b>");
        CHECK(copied(codec, codec.encode("the dog"), &counts) == "the dog");
        CHECK(counts.lines == 2);
        // Without the rule, what looks like a symbol is text.
        const TextCodec plain(train_subword({"the ⟦0⟧ dog", "a ⟦0⟧ fox"}, {.vocab_size = 24}));
        const LineCodec plain_codec(plain, {});
        CHECK(copied(plain_codec, plain_codec.encode("the ⟦0⟧ dog")) == "the ⟦0⟧ dog");
    }

    TEST_CASE("lost strings are appended, marked or dropped, invented ones removed") {
        const TextCodec text = protected_pieces();
        const auto said = [&](LostStrings lost, const char* translation) {
            const LineCodec codec(text, {.lost = lost});
            std::vector<int> ids = text.encode(translation);
            ids.push_back(text.special().eos);
            PlaceholderCounts counts;
            const auto result = codec.decode(
                codec.encode("the {0} dog %s"),
                [&](std::size_t) -> std::span<const int> { return ids; }, &counts);
            CHECK(counts.lost == 1);
            CHECK(counts.invented == 2);
            return result;
        };
        const char* translation = "⟦5⟧ lazy ⟦1⟧ ⟦1⟧ fox";
        CHECK(said(LostStrings::append, translation) == "lazy %s fox {0}");
        CHECK(said(LostStrings::mark, translation) == "lazy %s fox ⟦{0}⟧");
        CHECK(said(LostStrings::drop, translation) == "lazy %s fox");
    }

    TEST_CASE("no part of a long line is cut in a protected string, and each has its own numbers") {
        const TextCodec text = protected_pieces();
        const LineCodec codec(text, {.most_tokens = 24, .part_tokens = 8});
        std::string line;
        for (int i = 0; i < 40; ++i)
            line += (i % 4 == 0   ? " <a b='is this. A dog?'>"
                     : i % 4 == 1 ? "dog{" + std::to_string(i) + "}"
                                  : "</a>⟦0⟧");
        line.erase(0, 1);
        const SourceLine source = codec.encode(line);
        CHECK(source.parts.size() > 5);
        for (const SourcePart& part : source.parts)
            if (!part.strings.empty()) CHECK(part.strings[0].number == 0);
        CHECK(copied(codec, source) == line);
    }

    TEST_CASE("white space behind a protected string is kept wherever the line is cut") {
        const TextCodec text = protected_pieces();
        for (int part_tokens = 1; part_tokens <= 9; ++part_tokens) {
            const LineCodec codec(text, {.most_tokens = 12, .part_tokens = part_tokens});
            for (int before = 0; before < 12; ++before) {
                std::string line(static_cast<std::size_t>(before), 'x');
                line += "{0}  the lazy dog {1}   fox{2}  jumps over the lazy dog";
                CAPTURE(part_tokens);
                CAPTURE(before);
                CHECK(copied(codec, codec.encode(line)) == line);
            }
        }
    }

    TEST_CASE("tokens belong to the words that white space tells apart") {
        const TextCodec text(
            FairseqText(FairseqDictionary::from_text("a@@ 1\nb 1\nc 1\n", "source"),
                        FairseqDictionary::from_text("A 1\nB@@ 1\nC 1\n", "target")));
        const LineCodec codec(text, {});
        const SourceLine line = codec.encode("a@@ b c b");
        CHECK(codec.words_of_sources(line) == std::vector<std::vector<int>>{{0, 0, 1, 2}});
        const std::vector<int> target{4, 5, 6, 5, 5, 6, 2};  // A BC BBC
        const auto said = [&](std::size_t) -> std::span<const int> { return target; };
        REQUIRE(codec.decode(line, said) == "A BC BBC");
        CHECK(codec.words_of_targets(line, said) ==
              std::vector<std::vector<int>>{{0, 1, 1, 2, 2, 2}});
    }

    TEST_CASE("words are counted through the parts of a line, and through protected strings") {
        const TextCodec text = pieces();
        const LineCodec codec(text, {.split_over = 12, .part_tokens = 12});
        const SourceLine line = codec.encode("the dog sleeps, while a fox runs");
        REQUIRE(line.parts.size() > 1);
        int last = 0;
        for (const std::vector<int>& of_part : codec.words_of_sources(line)) {
            for (const int word : of_part) {
                CHECK(word - last <= 1);
                CHECK(word >= last);
                last = word;
            }
        }
        CHECK(last == 6);

        const TextCodec with_symbols = protected_pieces();
        const LineCodec masking(with_symbols, {});
        const SourceLine masked = masking.encode("the <a href=\"x\"> dog");
        const auto words = masking.words_of_sources(masked);
        CHECK(words.at(0).back() == 3);
        CHECK(words.at(0).front() == 0);
    }

    TEST_CASE("words are numbered as they stand in the line, whatever of it is unknown") {
        const TextCodec text = pieces();
        for (const UnknownPolicy policy :
             {UnknownPolicy::copy, UnknownPolicy::drop, UnknownPolicy::mark}) {
            const LineCodec codec(text, {.split_over = 6, .part_tokens = 6, .unknown = policy});
            const auto words = words_with_pieces(
                codec, text, "the dog runs. 保存文件 😀. the fox sleeps. 東。京 a fox");
            CHECK(words.front() == "the");
            CHECK(words.back() == "fox");
        }
    }

    TEST_CASE("words of a translation are those of what is shown of it") {
        const TextCodec text = pieces();
        const LineCodec codec(text, {.split_over = 8, .part_tokens = 8});
        const SourceLine line = codec.encode("the dog runs 😀. 保存 a fox. the dog");
        REQUIRE(line.parts.size() > 2);
        // Every part is translated to itself.
        std::vector<std::vector<int>> targets;
        for (const auto& part : line.parts)
            if (!part.tokens.empty()) targets.push_back(part.tokens);
        const auto said = [&](std::size_t i) -> std::span<const int> { return targets.at(i); };
        const std::u32string code_points = decode_utf8(codec.decode(line, said));
        const auto shown = split_words(code_points);
        const auto numbers = codec.words_of_targets(line, said);
        REQUIRE(numbers.size() == targets.size());
        for (std::size_t i = 0; i < targets.size(); ++i) {
            for (std::size_t t = 0; t + 1 < targets[i].size(); ++t) {
                const std::string piece = text.decode({targets[i][t]}, {"?"});
                const std::string word = encode_utf8(
                    std::u32string(shown.at(static_cast<std::size_t>(numbers[i].at(t)))));
                if (piece.find('?') == std::string::npos)
                    CHECK_MESSAGE(word.find(piece) != std::string::npos, word, " has no ", piece);
            }
        }
    }
}
