// SPDX-License-Identifier: Apache-2.0
#include <hat/data/word_alignment.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <map>
#include <random>
#include <utility>
#include <vector>

using hat::ThreadPool;
using hat::data::align_words;
using hat::data::LexicalTable;
using hat::data::Side;

namespace {

Side side_of(int vocab_size, const std::vector<std::vector<int>>& sentences) {
    Side side{.vocab_size = vocab_size, .eos = 0};
    for (std::vector<int> sentence : sentences) {
        sentence.push_back(0);
        side.sentences.push_back(sentence);
    }
    return side;
}

/// Sentences of `words` tokens, some of which are a function of those of the other side.
std::pair<Side, Side> random_pairs(int sentences, int words) {
    std::mt19937 random(7);
    const auto draw = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
    std::vector<std::vector<int>> given;
    std::vector<std::vector<int>> predicted;
    for (int s = 0; s < sentences; ++s) {
        auto& left = given.emplace_back();
        auto& right = predicted.emplace_back();
        for (int k = draw(7); k > 0; --k) {
            left.push_back(1 + draw(words));
            right.push_back(draw(5) == 0 ? 1 + draw(words) : 1 + (left.back() * 3) % words);
        }
        if (draw(3) == 0) right.push_back(1 + draw(words));
    }
    return {side_of(words + 1, given), side_of(words + 1, predicted)};
}

/// The algorithm of the textbook (Koehn, Statistical Machine Translation, figure 4.3), with the
/// null word as token −1 in front of every given sentence.
std::map<std::pair<int, int>, double> textbook(const Side& given, const Side& predicted,
                                               int iterations) {
    const auto words = [](const Side& side, int s) {
        const auto tokens = side.sentences[s];
        return std::vector<int>(tokens.begin(), tokens.end() - 1);
    };
    std::map<std::pair<int, int>, double> t;
    for (int iteration = 0; iteration < iterations; ++iteration) {
        std::map<std::pair<int, int>, double> count;
        std::map<int, double> total;
        for (int s = 0; s < given.sentences.size(); ++s) {
            std::vector<int> sources = words(given, s);
            sources.insert(sources.begin(), -1);
            for (const int e : words(predicted, s)) {
                const auto probability = [&](int f) {
                    return iteration == 0 ? 1.0 / predicted.vocab_size : t[{e, f}];
                };
                double all = 0;
                for (const int f : sources) all += probability(f);
                for (const int f : sources) {
                    count[{e, f}] += probability(f) / all;
                    total[f] += probability(f) / all;
                }
            }
        }
        for (const auto& [pair, n] : count) t[pair] = n / total[pair.second];
    }
    return t;
}

bool same_bits(const LexicalTable& a, const LexicalTable& b) {
    bool same = a.vocab_size() == b.vocab_size();
    for (int given = 0; same && given <= a.null_word(); ++given)
        same = a.row(given).tokens == b.row(given).tokens &&
               a.row(given).probabilities == b.row(given).probabilities;
    return same;
}

}  // namespace

TEST_SUITE("data/word_alignment") {
    TEST_CASE("three sentences of a textbook: das Haus, das Buch, ein Buch") {
        // Koehn, Statistical Machine Translation, figure 4.4, whose model has no null word. In the
        // first iteration, where all is equally likely, it takes the same share of every word, so
        // that the probabilities of the others are those of the figure.
        enum { das = 1, haus, buch, ein };
        enum { the = 1, house, book, a };
        const Side german = side_of(5, {{das, haus}, {das, buch}, {ein, buch}});
        const Side english = side_of(5, {{the, house}, {the, book}, {a, book}});
        ThreadPool pool(1);
        const LexicalTable first = align_words(german, english, pool, 1);
        CHECK(first.probability(the, das) == doctest::Approx(0.5));
        CHECK(first.probability(house, das) == doctest::Approx(0.25));
        CHECK(first.probability(book, das) == doctest::Approx(0.25));
        CHECK(first.probability(a, das) == 0);
        CHECK(first.probability(the, buch) == doctest::Approx(0.25));
        CHECK(first.probability(book, buch) == doctest::Approx(0.5));
        CHECK(first.probability(a, buch) == doctest::Approx(0.25));
        CHECK(first.probability(book, ein) == doctest::Approx(0.5));
        CHECK(first.probability(the, haus) == doctest::Approx(0.5));
        CHECK(first.probability(house, haus) == doctest::Approx(0.5));
        CHECK(first.probability(a, ein) == doctest::Approx(0.5));
        CHECK(first.probability(book, first.null_word()) == doctest::Approx(2.0 / 6));
        // It converges to what one reads off.
        const LexicalTable last = align_words(german, english, pool, 200);
        CHECK(last.probability(house, haus) > 0.99);
        CHECK(last.probability(a, ein) > 0.99);
        CHECK(last.probability(the, das) + last.probability(the, last.null_word()) > 0.99);
    }

    TEST_CASE("probabilities are those of the textbook's algorithm") {
        const auto [given, predicted] = random_pairs(300, 40);
        ThreadPool pool(2);
        for (const int iterations : {1, 2, 5}) {
            const LexicalTable table = align_words(given, predicted, pool, iterations);
            auto expected = textbook(given, predicted, iterations);
            std::size_t pairs = 0;
            for (int f = 0; f <= table.null_word(); ++f) {
                const int other = f == table.null_word() ? -1 : f;
                pairs += table.row(f).tokens.size();
                for (const int e : table.row(f).tokens) {
                    CAPTURE(e);
                    CAPTURE(f);
                    CHECK(table.probability(e, f) ==
                          doctest::Approx(expected.at({e, other})).epsilon(1e-12));
                }
            }
            CHECK(pairs == expected.size());
        }
    }

    TEST_CASE("what a token says sums to one") {
        const auto [given, predicted] = random_pairs(200, 30);
        ThreadPool pool(1);
        const LexicalTable table = align_words(given, predicted, pool);
        for (int f = 1; f <= table.null_word(); ++f) {
            double sum = 0;
            for (const double p : table.row(f).probabilities) sum += p;
            CHECK(sum == doctest::Approx(table.row(f).tokens.empty() ? 0.0 : 1.0));
        }
    }

    TEST_CASE("any number of threads gives the same bits") {
        const auto [given, predicted] = random_pairs(3000, 60);
        ThreadPool one(1);
        const LexicalTable expected = align_words(given, predicted, one);
        for (const int threads : {2, 3}) {
            ThreadPool pool(threads);
            CHECK(same_bits(align_words(given, predicted, pool), expected));
        }
    }

    TEST_CASE("ends of sentences and empty sentences say nothing") {
        const Side given = side_of(3, {{}, {1}, {2}});
        const Side predicted = side_of(3, {{1}, {2}, {}});
        ThreadPool pool(1);
        const LexicalTable table = align_words(given, predicted, pool);
        CHECK(table.row(0).tokens.empty());
        CHECK(table.row(2).tokens.empty());
        CHECK(table.row(1).tokens == std::vector{2});
        CHECK(table.row(table.null_word()).tokens == std::vector{1, 2});
        CHECK(table.probability(0, 1) == 0);
    }

    TEST_CASE("sides that do not fit, and no iterations, are errors") {
        ThreadPool pool(1);
        CHECK_THROWS_WITH_AS(
            static_cast<void>(align_words(side_of(3, {{1}}), side_of(3, {{1}, {2}}), pool)),
            "word alignment: 1 and 2 sentences, expected as many", hat::Error);
        CHECK_THROWS_WITH_AS(
            static_cast<void>(align_words(side_of(3, {{1}}), side_of(3, {{1}}), pool, 0)),
            "word alignment: 0 iterations, expected 1 or more", hat::Error);
    }
}
