// SPDX-License-Identifier: Apache-2.0
#include <hat/data/paired_bootstrap.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using hat::data::ChrfOptions;
using hat::data::corpus_bleu;
using hat::data::corpus_chrf;
using hat::data::paired_bootstrap;

namespace {

/// Sentences of ten words out of a small vocabulary.
std::vector<std::string> sentences(int count, std::uint64_t seed) {
    hat::Random random(seed);
    std::vector<std::string> lines;
    for (int i = 0; i < count; ++i) {
        std::string line;
        for (int w = 0; w < 10; ++w) line += " w" + std::to_string(random.below(50));
        lines.push_back(line.substr(1));
    }
    return lines;
}

/// `lines` with the last word of some replaced: of those whose number `every` divides.
std::vector<std::string> spoilt(std::vector<std::string> lines, std::size_t every) {
    for (std::size_t i = 0; i < lines.size(); i += every)
        lines[i] = lines[i].substr(0, lines[i].rfind(' ')) + " wrong";
    return lines;
}

}  // namespace

TEST_SUITE("data/paired_bootstrap") {
    const auto references = sentences(200, 1);
    const auto good = spoilt(references, 10);
    const auto bad = spoilt(references, 2);

    TEST_CASE("the scores are those of the whole corpus, the interval holds their difference") {
        const auto result = paired_bootstrap(good, bad, references);
        CHECK(result.first == corpus_bleu(good, references).score);
        CHECK(result.second == corpus_bleu(bad, references).score);
        CHECK(result.low < result.difference);
        CHECK(result.difference < result.high);
        CHECK(result.low > 0);
        CHECK(result.p_value == doctest::Approx(1.0 / 1001));
    }

    TEST_CASE("chrF is compared likewise, with words too") {
        const auto result = paired_bootstrap(good, bad, references, {}, ChrfOptions{});
        CHECK(result.first == corpus_chrf(good, references).score);
        CHECK(result.second == corpus_chrf(bad, references).score);
        CHECK(0 < result.low);
        CHECK(result.low < result.difference);
        CHECK(result.difference < result.high);
        CHECK(result.p_value == doctest::Approx(1.0 / 1001));
        CHECK(result.line().starts_with("chrF2 "));

        const ChrfOptions with_words{.word_order = 2};
        const auto words = paired_bootstrap(good, bad, references, {}, with_words);
        CHECK(words.first == corpus_chrf(good, references, with_words).score);
        CHECK(words.line().starts_with("chrF2++ "));
    }

    TEST_CASE("with a single sentence every sample is the corpus") {
        const std::vector<std::string> one{"a b c d e f"};
        const std::vector<std::string> other{"a b c x e f"};
        const auto result = paired_bootstrap(one, other, one, {.samples = 20}, ChrfOptions{});
        const double difference = corpus_chrf(one, one).score - corpus_chrf(other, one).score;
        CHECK(result.low == difference);
        CHECK(result.high == difference);
    }

    TEST_CASE("exchanging the systems mirrors the result") {
        const auto there = paired_bootstrap(good, bad, references);
        const auto back = paired_bootstrap(bad, good, references);
        CHECK(back.difference == -there.difference);
        CHECK(back.low == -there.high);
        CHECK(back.high == -there.low);
    }

    TEST_CASE("a system against itself differs by nothing, for certain") {
        const auto result = paired_bootstrap(good, good, references);
        CHECK(result.difference == 0);
        CHECK(result.low == 0);
        CHECK(result.high == 0);
        CHECK(result.p_value == 1);
    }

    TEST_CASE("systems that err as often elsewhere do not differ significantly") {
        std::vector<std::string> shifted = references;
        for (std::size_t i = 5; i < shifted.size(); i += 10) shifted[i] = bad[0];
        std::vector<std::string> other = references;
        for (std::size_t i = 0; i < other.size(); i += 10) other[i] = bad[0];
        const auto result = paired_bootstrap(shifted, other, references);
        CHECK(result.low < 0);
        CHECK(result.high > 0);
        CHECK(result.p_value > 0.05);
    }

    TEST_CASE("the line names sizes and seed") {
        const auto result = paired_bootstrap(good, good, references, {.samples = 10, .seed = 3});
        const std::string score = hat::data::detail::fixed(result.first, 2);
        CHECK(result.line() == "BLEU " + score + " against " + score +
                                   ": 0.00 (95% interval 0.00 to 0.00, p = 1.000, paired "
                                   "bootstrap, 10 samples, seed 3)");
    }

    TEST_CASE("what cannot be compared is an error") {
        const std::vector<std::string> none;
        CHECK_THROWS_WITH_AS(static_cast<void>(paired_bootstrap(none, none, none)),
                             "paired bootstrap: there are no sentences", hat::Error);
        CHECK_THROWS_AS(static_cast<void>(paired_bootstrap(good, none, references)), hat::Error);
        CHECK_THROWS_WITH_AS(
            static_cast<void>(paired_bootstrap(good, bad, references, {.samples = 1})),
            "paired bootstrap: samples = 1, expected at least 2", hat::Error);
        CHECK_THROWS_WITH_AS(
            static_cast<void>(paired_bootstrap(good, bad, references, {.confidence = 1})),
            "paired bootstrap: confidence = 1.000000, expected between 0 and 1", hat::Error);
    }
}
