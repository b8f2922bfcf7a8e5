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
}
