// SPDX-License-Identifier: Apache-2.0
#include <hat/data/chrf.hpp>
#include <hat/version.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using hat::data::corpus_chrf;
using Lines = std::vector<std::string>;

TEST_SUITE("data/chrf") {
    TEST_CASE("a case worked by hand") {
        // Characters: 2 of 3 against 2 of 2; pairs: 1 of 2 against 1 of 1; triples: only one side.
        const double p = (2.0 / 3.0 + 1.0 / 2.0) / 2.0;
        const double r = 1.0;
        CHECK(corpus_chrf(Lines{"a bc"}, Lines{"ab"}).score ==
              doctest::Approx(100.0 * 5.0 * p * r / (4.0 * p + r)).epsilon(1e-12));
    }
    TEST_CASE("white space is no character") {
        CHECK(corpus_chrf(Lines{"a b c"}, Lines{" abc"}).score == doctest::Approx(100.0));
    }
    TEST_CASE("punctuation at the end of a word is a word of its own in chrF++") {
        CHECK(corpus_chrf(Lines{"a)"}, Lines{"a )"}, {.word_order = 2}).score ==
              doctest::Approx(100.0));
        CHECK(corpus_chrf(Lines{"(a"}, Lines{"( a"}, {.word_order = 2}).score ==
              doctest::Approx(100.0));
    }
    TEST_CASE("the line names the score and how it was computed") {
        CHECK(corpus_chrf(Lines{"x"}, Lines{"y"}, {.word_order = 2}).line() ==
              "chrF2++|nrefs:1|case:mixed|eff:yes|nc:6|nw:2|space:no|version:hat-" +
                  std::string(hat::version) + " = 0.0");
    }
    TEST_CASE("nothing at all scores zero") {
        CHECK(corpus_chrf(Lines{""}, Lines{"a"}).score == 0.0);
        CHECK(corpus_chrf(Lines{}, Lines{}).score == 0.0);
    }
    TEST_CASE("a reference too few is an error") {
        CHECK_THROWS_WITH_AS(static_cast<void>(corpus_chrf(Lines{"a"}, Lines{})),
                             "chrF: found 1 hypotheses and 0 references, expected one reference "
                             "for every hypothesis",
                             hat::Error);
    }

    TEST_CASE("of several references the best one counts, sentence by sentence") {
        const std::vector<Lines> references{{"abc", "xyz"}, {"xyz", "abc"}};
        const auto found = corpus_chrf(Lines{"abc", "abc"}, references);
        CHECK(found.score == doctest::Approx(100.0));
        CHECK(
            found.signature.starts_with("nrefs:2|case:mixed|eff:yes|nc:6|nw:0|space:no|version:"));
        CHECK(corpus_chrf(Lines{"abd"}, std::vector<Lines>{{"abc"}, {"axx"}}).score ==
              corpus_chrf(Lines{"abd"}, Lines{"abc"}).score);
    }
}
