// SPDX-License-Identifier: Apache-2.0
#include <hat/data/shortlist_building.hpp>
#include <hat/data/shortlist_file.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <random>
#include <set>
#include <string>
#include <vector>

using hat::SpecialTokens;
using hat::ThreadPool;
using hat::data::build_shortlist;
using hat::data::Corpus;
using hat::data::Shortlist;
using hat::data::shortlist_bytes;
using hat::data::shortlist_coverage;
using hat::data::ShortlistCoverage;

namespace {

constexpr int words = 50;
constexpr SpecialTokens special{.unk = 1, .bos = -1, .eos = 0, .pad = -1};

/// Tokens 2 … 51, each said by another one of the same, and now and then by any.
Corpus random_corpus(int sentences, unsigned seed) {
    std::mt19937 random(seed);
    const auto draw = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
    Corpus corpus{.source = {.vocab_size = words + 2, .eos = 0},
                  .target = {.vocab_size = words + 2, .eos = 0},
                  .vocabulary = "xxh3:words"};
    for (int s = 0; s < sentences; ++s) {
        std::vector<int> source;
        std::vector<int> target;
        for (int k = 1 + draw(6); k > 0; --k) {
            source.push_back(2 + draw(words));
            target.push_back(2 + (draw(20) == 0 ? draw(words) : (source.back() * 7) % words));
        }
        source.push_back(0);
        target.push_back(0);
        corpus.source.sentences.push_back(source);
        corpus.target.sentences.push_back(target);
    }
    return corpus;
}

}  // namespace

TEST_SUITE("data/shortlist_building") {
    TEST_CASE("each token has what both directions put first") {
        const Corpus corpus = random_corpus(400, 1);
        ThreadPool pool(2);
        const Shortlist shortlist =
            build_shortlist(corpus, {.best = 3, .frequent = 0}, special, pool);
        CHECK(shortlist.vocabulary() == "xxh3:words");
        CHECK(shortlist.lists().always == std::vector{0, 1});
        const auto forward = align_words(corpus.source, corpus.target, pool);
        const auto backward = align_words(corpus.target, corpus.source, pool);
        const auto score = [&](int s, int t) {
            const double p = forward.probability(t, s);
            return p * p * p * backward.probability(s, t);
        };
        for (int s = 0; s < words + 2; ++s) {
            CAPTURE(s);
            const auto list = shortlist.of(s);
            const std::set<int> chosen(list.begin(), list.end());
            CHECK(std::is_sorted(list.begin(), list.end()));
            double least = 1;
            for (const int t : chosen) least = std::min(least, score(s, t));
            CHECK(least > 0);
            int better = 0;
            int possible = 0;
            for (int t = 0; t < words + 2; ++t) {
                possible += score(s, t) > 0 ? 1 : 0;
                better += !chosen.contains(t) && score(s, t) > least ? 1 : 0;
            }
            CHECK(better == 0);
            CHECK(chosen.size() == static_cast<std::size_t>(std::min(possible, 3)));
            if (s >= 2) CHECK(chosen.contains(2 + (s * 7) % words));
        }
    }

    TEST_CASE("a shared vocabulary lets each token stand for itself") {
        const Corpus corpus = random_corpus(100, 2);
        ThreadPool pool(1);
        const Shortlist own = build_shortlist(
            corpus, {.best = 2, .frequent = 0, .shared_vocabulary = true}, special, pool);
        for (int s = 0; s < words + 2; ++s)
            CHECK(std::binary_search(own.of(s).begin(), own.of(s).end(), s));
    }

    TEST_CASE("the most frequent tokens, the end and the unknown one are always allowed") {
        Corpus corpus{
            .source = {.sentences = {.tokens = {2, 0, 2, 0}, .offsets = {0, 2, 4}},
                       .vocab_size = 6,
                       .eos = 0},
            .target = {.sentences = {.tokens = {4, 4, 3, 0, 3, 5, 4, 0}, .offsets = {0, 4, 8}},
                       .vocab_size = 6,
                       .eos = 0}};
        ThreadPool pool(1);
        const auto always = [&](int frequent) {
            return build_shortlist(corpus, {.best = 0, .frequent = frequent}, special, pool)
                .lists()
                .always;
        };
        CHECK(always(0) == std::vector{0, 1});
        CHECK(always(1) == std::vector{0, 1, 4});
        CHECK(always(3) == std::vector{0, 1, 3, 4});
        CHECK(always(100) == std::vector{0, 1, 2, 3, 4, 5});
    }

    TEST_CASE("any number of threads gives the same bytes") {
        const Corpus corpus = random_corpus(2000, 3);
        ThreadPool one(1);
        const std::string expected =
            shortlist_bytes(build_shortlist(corpus, {.best = 5}, special, one));
        for (const int threads : {2, 3}) {
            ThreadPool pool(threads);
            CHECK(shortlist_bytes(build_shortlist(corpus, {.best = 5}, special, pool)) == expected);
        }
    }

    TEST_CASE("coverage counts the target tokens that are listed, without their ends") {
        const Shortlist shortlist({.always = {0}, .offsets = {0, 0, 0, 1, 3}, .tokens = {4, 4, 5}},
                                  6);
        const Corpus corpus{
            .source = {.sentences = {.tokens = {2, 0, 3, 2, 0}, .offsets = {0, 2, 5}},
                       .vocab_size = 4,
                       .eos = 0},
            .target = {.sentences = {.tokens = {4, 5, 0, 5, 4, 2, 0}, .offsets = {0, 3, 7}},
                       .vocab_size = 6,
                       .eos = 0}};
        const ShortlistCoverage coverage = shortlist_coverage(shortlist, corpus);
        CHECK(coverage.tokens == 5);
        CHECK(coverage.covered == 3);
        CHECK(coverage.share() == 0.6);
        CHECK(coverage.mean_size() == 2.5);
        CHECK(ShortlistCoverage{}.share() == 1);
        CHECK(ShortlistCoverage{}.mean_size() == 0);
    }

    TEST_CASE("what cannot be is an error") {
        ThreadPool pool(1);
        Corpus corpus = random_corpus(10, 4);
        const auto error = [&](const hat::data::ShortlistOptions& options) -> std::string {
            try {
                static_cast<void>(build_shortlist(corpus, options, special, pool));
            } catch (const hat::Error& e) {
                return e.what();
            }
            return {};
        };
        CHECK(error({.best = -1}) ==
              "shortlist: -1 best and 100 frequent tokens, expected 0 or more");
        corpus.source.vocab_size = 60;
        CHECK(error({.shared_vocabulary = true}) ==
              "shortlist: a vocabulary is shared, but has 60 and 52 pieces");
        corpus.source = {};
        CHECK(error({}) == "shortlist: the corpus has no source to translate from");
    }
}
