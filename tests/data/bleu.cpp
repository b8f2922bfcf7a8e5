// SPDX-License-Identifier: Apache-2.0
#include <hat/data/bleu.hpp>
#include <hat/version.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

using hat::data::corpus_bleu;
using hat::data::sentence_bleu;
using hat::data::Smoothing;
using Lines = std::vector<std::string>;

TEST_SUITE("data/bleu") {
    TEST_CASE("a case worked by hand") {
        // Matches 4 of 5, 2 of 4, 1 of 3, 0 of 2 (smoothed to a half); as long as the reference.
        const auto bleu = corpus_bleu(Lines{"a b c d x"}, Lines{"a b c y d"});
        CHECK(bleu.counts.matches == std::array<std::int64_t, 4>{4, 2, 1, 0});
        CHECK(bleu.counts.totals == std::array<std::int64_t, 4>{5, 4, 3, 2});
        CHECK(bleu.brevity_penalty == 1.0);
        const double expected = 100.0 * std::pow(0.8 * 0.5 * (1.0 / 3.0) * 0.25, 0.25);
        CHECK(bleu.score == doctest::Approx(expected).epsilon(1e-12));
    }
    TEST_CASE("a short hypothesis pays the brevity penalty") {
        const auto bleu = corpus_bleu(Lines{"a b c d"}, Lines{"a b c d e f g h"});
        CHECK(bleu.brevity_penalty == doctest::Approx(std::exp(-1.0)));
        CHECK(bleu.score == doctest::Approx(100.0 * std::exp(-1.0)));
    }
    TEST_CASE("the line names the score and how it was computed") {
        CHECK(corpus_bleu(Lines{"a b c d"}, Lines{"a b c d"}).line() ==
              "BLEU|nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:hat-" +
                  std::string(hat::version) +
                  " = 100.0 100.0/100.0/100.0/100.0 (BP = 1.000 ratio = 1.000 hyp_len = 4 ref_len "
                  "= 4)");
    }
    TEST_CASE("without smoothing an order without a match makes the score zero") {
        const Lines hypothesis{"a b c d x"};
        const Lines reference{"a b c y d"};
        CHECK(corpus_bleu(hypothesis, reference, {.smoothing = Smoothing::none}).score == 0.0);
        CHECK(corpus_bleu(hypothesis, reference, {.smoothing = Smoothing::floor}).score > 0.0);
    }
    TEST_CASE("the effective order leaves out what a short sentence cannot have") {
        CHECK(sentence_bleu("a b", "a b") == doctest::Approx(100.0));
        CHECK(sentence_bleu("", "a b") == 0.0);
        CHECK(corpus_bleu(Lines{"a b"}, Lines{"a b"}).score == 0.0);
    }
    TEST_CASE("lower-casing is an option") {
        CHECK(sentence_bleu("Ä b c d", "ä B c d") < 100.0);
        CHECK(sentence_bleu("Ä b c d", "ä B c d", {.lowercase = true}) == doctest::Approx(100.0));
    }
    TEST_CASE("a reference too few is an error") {
        CHECK_THROWS_WITH_AS(static_cast<void>(corpus_bleu(Lines{"a", "b"}, Lines{"a"})),
                             "BLEU: found 2 hypotheses and 1 references, expected one reference "
                             "for every hypothesis",
                             hat::Error);
    }

    TEST_CASE("of several references each n-gram counts as often as in the one that has most") {
        // the: 7 in the hypothesis, 2 and 1 in the references (Papineni et al. 2002, example 2).
        const std::vector<Lines> references{{"the cat is on the mat"},
                                            {"there is a cat on the mat"}};
        const auto bleu = corpus_bleu(Lines{"the the the the the the the"}, references);
        CHECK(bleu.counts.matches == std::array<std::int64_t, 4>{2, 0, 0, 0});
        CHECK(bleu.counts.totals == std::array<std::int64_t, 4>{7, 6, 5, 4});
        CHECK(bleu.counts.reference_length == 7);
        CHECK(bleu.signature.starts_with("nrefs:2|case:mixed|eff:no|tok:13a|smooth:exp|version:"));
    }
    TEST_CASE("n-grams of different references count together") {
        const std::vector<Lines> references{{"a b x y"}, {"p q c d"}};
        CHECK(corpus_bleu(Lines{"a b c d"}, references).counts.matches ==
              std::array<std::int64_t, 4>{4, 2, 0, 0});
    }
    TEST_CASE("the nearest reference length counts, of two as near the shorter") {
        const auto length = [](const char* first, const char* second) {
            return corpus_bleu(Lines{"a b c d"}, std::vector<Lines>{{first}, {second}})
                .counts.reference_length;
        };
        CHECK(length("a b c d e f g h", "a b c d e") == 5);
        CHECK(length("a b c d e f", "a b") == 2);
        CHECK(length("a b", "a b c d e f") == 2);
        CHECK(length("a b c", "a b c d e") == 3);
    }
    TEST_CASE("the same reference twice changes nothing but the signature") {
        const Lines hypotheses{"the cat sat on a mat .", "one two three"};
        const Lines reference{"the cat sat on the mat .", "one three two four"};
        const auto once = corpus_bleu(hypotheses, reference);
        const auto twice = corpus_bleu(hypotheses, std::vector<Lines>{reference, reference});
        CHECK(once.counts.matches == twice.counts.matches);
        CHECK(once.score == twice.score);
        CHECK(once.signature != twice.signature);
    }
    TEST_CASE("Chinese text that matches has a score with its own tokenizer") {
        const Lines hypothesis{"保存文件。"};
        CHECK(corpus_bleu(hypothesis, Lines{"保存文件。"},
                          {.tokenizer = hat::data::Tokenizer::chinese})
                  .score == doctest::Approx(100.0));
        // 4 of 5 characters, 3 of 4 pairs, 2 of 3, 1 of 2.
        CHECK(corpus_bleu(hypothesis, Lines{"保存文件！"},
                          {.tokenizer = hat::data::Tokenizer::chinese})
                  .score ==
              doctest::Approx(100.0 * std::pow(4.0 / 5 * 3 / 4 * 2 / 3 * 1 / 2, 0.25)));
    }

    TEST_CASE("values that sacreBLEU publishes for two references") {
        const Lines hypotheses{"The dog bit the man.", "It wasn't surprising.",
                               "The man had just bitten him."};
        const std::vector<Lines> references{
            {"The dog bit the man.", "It was not unexpected.", "The man bit him first."},
            {"The dog had bit the man.", "No one was surprised.", "The man had bitten the dog."}};
        const auto score = [&](hat::data::Tokenizer tokenizer) {
            return corpus_bleu(hypotheses, references, {.tokenizer = tokenizer}).score;
        };
        using hat::data::Tokenizer;
        CHECK(score(Tokenizer::v13a) == doctest::Approx(48.530827).epsilon(1e-8));
        CHECK(score(Tokenizer::none) == doctest::Approx(49.1919566).epsilon(1e-8));
        CHECK(score(Tokenizer::international) == doctest::Approx(43.91623493).epsilon(1e-8));
    }
}
