// SPDX-License-Identifier: Apache-2.0
#include <hat/latency/workload.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace hat::latency;

namespace {

/// A corpus whose pair number i has i + 1 source and 2·(i + 1) target tokens, in a shuffled order.
hat::data::Corpus corpus_of(int pairs) {
    std::vector<int> order;
    for (int i = 0; i < pairs; ++i) order.push_back(i);
    hat::Random(5).shuffle(order);
    hat::data::Corpus corpus;
    for (const int i : order) {
        const auto length = static_cast<std::size_t>(i + 1);
        corpus.source.sentences.push_back(std::vector<int>(length, 4));
        corpus.target.sentences.push_back(std::vector<int>(2 * length, 4));
    }
    return corpus;
}

}  // namespace

TEST_SUITE("latency/workload") {
    TEST_CASE("lengths are drawn one from each part of the corpus, short to long") {
        const auto lengths = sample_lengths(corpus_of(100), 10, 3);
        REQUIRE(lengths.size() == 10);
        for (int part = 0; part < 10; ++part) {
            const PairLength pair = lengths[static_cast<std::size_t>(part)];
            CHECK(pair.source > 10 * part);
            CHECK(pair.source <= 10 * (part + 1));
            CHECK(pair.target == 2 * pair.source);
        }
        CHECK(sample_lengths(corpus_of(100), 10, 3) == lengths);
        CHECK(sample_lengths(corpus_of(100), 10, 4) != lengths);
    }

    TEST_CASE("a corpus with fewer sentences than lengths gives each once") {
        const auto lengths = sample_lengths(corpus_of(3), 10, 1);
        CHECK(lengths == std::vector<PairLength>{{1, 2}, {2, 4}, {3, 6}});
        CHECK_THROWS_WITH_AS(static_cast<void>(sample_lengths({}, 10, 1)),
                             "latency: the corpus has no sentences to take lengths from",
                             hat::Error);
    }

    TEST_CASE("means are over the lengths") {
        const LatencyWorkload workload{.lengths = {{10, 12}, {20, 15}}};
        CHECK(workload.mean_source_length() == 15.0);
        CHECK(workload.mean_target_length() == 13.5);
    }

    TEST_CASE("lengths are written and read as one word") {
        for (const std::string text : {"fixed:30", "12x14+9x8", "7x8"}) {
            CHECK(lengths_text(parse_lengths(text, "--length")) == text);
        }
        CHECK(parse_lengths("5x5", "--length") == std::vector<PairLength>{{5, 5}});
    }

    TEST_CASE("what is no length is named") {
        for (const std::string text :
             {"", "fixed:", "fixed:0", "fixed:-3", "fixed:30x30", "12", "12x", "12x0", "12x13+",
              "12x13,9x8", "99999999999x1", "corpus", "0x5", "70000x5"}) {
            CHECK_THROWS_WITH_AS(static_cast<void>(parse_lengths(text, "--length")),
                                 ("--length: expected fixed:TOKENS or SOURCExTARGET+… with 1 … "
                                  "65536 tokens each, found \"" +
                                  text + "\"")
                                     .c_str(),
                                 hat::Error);
        }
    }
}
