// SPDX-License-Identifier: Apache-2.0
#include <hat/data/corpus_hash.hpp>

#include <doctest/doctest.h>

using hat::data::Corpus;
using hat::data::corpus_hash;

TEST_SUITE("data/corpus_hash") {
    const Corpus corpus{.source = {.sentences = {.tokens = {4, 5, 2, 6, 2}, .offsets = {0, 3, 5}},
                                   .vocab_size = 10,
                                   .eos = 2},
                        .target = {.sentences = {.tokens = {7, 2, 8, 9, 2}, .offsets = {0, 2, 5}},
                                   .vocab_size = 10,
                                   .eos = 2}};

    TEST_CASE("the same text has the same hash, whether or not its vocabulary is known") {
        Corpus known = corpus;
        known.vocabulary = "xxh3:0";
        CHECK(corpus_hash(known) == corpus_hash(corpus));
    }

    TEST_CASE("another token, another end of a sentence or the sides exchanged change it") {
        Corpus other = corpus;
        other.target.sentences.tokens[0] = 6;
        CHECK(corpus_hash(other) != corpus_hash(corpus));
        other = corpus;
        other.target.sentences.offsets[1] = 3;
        CHECK(corpus_hash(other) != corpus_hash(corpus));
        CHECK(corpus_hash({corpus.target, corpus.source}) != corpus_hash(corpus));
    }
}
