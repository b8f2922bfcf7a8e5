// SPDX-License-Identifier: Apache-2.0
#include <hat/train/corpus_check.hpp>

#include "support/random_pairs.hpp"

#include <doctest/doctest.h>

#include <vector>

using hat::data::Corpus;
using hat::model::Network;
using hat::train::check_corpus;

namespace {

constexpr int vocab_size = 24;

Corpus pairs() {
    return hat::support::reversed_pairs(5, vocab_size, 1);
}

void check_rejected(
    const Corpus& corpus, const char* message,
    const hat::model::Architecture& architecture = hat::support::small_architecture(vocab_size)) {
    Network network(architecture);
    CHECK_THROWS_WITH_AS(check_corpus(network, corpus, "pairs"), message, hat::Error);
}

}  // namespace

TEST_SUITE("train/corpus_check") {
    TEST_CASE("a corpus that the network can read passes, sentences as long as positions too") {
        Network network(hat::support::small_architecture(vocab_size));
        Corpus corpus = pairs();
        const std::vector<int> longest(1024, 5);
        corpus.source.sentences.push_back(longest);
        corpus.target.sentences.push_back(longest);
        CHECK_NOTHROW(check_corpus(network, corpus, "pairs"));
    }

    TEST_CASE("a sentence longer than the positions is an error that names it") {
        const std::vector<int> shorter(1024, 5);
        const std::vector<int> longer(1025, 5);
        Corpus source = pairs();
        source.source.sentences.push_back(longer);
        source.target.sentences.push_back(shorter);
        check_rejected(source, "pairs, source: sentence 6 has 1025 tokens, expected at most 1024, "
                               "as the network has positions for");
        Corpus target = pairs();
        target.source.sentences.push_back(shorter);
        target.target.sentences.push_back(longer);
        check_rejected(target, "pairs, target: sentence 6 has 1025 tokens, expected at most 1024, "
                               "as the network has positions for");
    }

    TEST_CASE("learned positions are as many as were learned") {
        auto learned = hat::support::small_architecture(vocab_size);
        learned.decoder.positions = hat::model::Positions::learned;
        learned.decoder.max_positions = 9;
        Corpus corpus = pairs();
        corpus.source.sentences.push_back(std::vector<int>(20, 5));
        corpus.target.sentences.push_back(std::vector<int>(10, 5));
        check_rejected(corpus,
                       "pairs, target: sentence 6 has 10 tokens, expected at most 9, as the "
                       "network has positions for",
                       learned);
    }

    TEST_CASE("another vocabulary, or a token that is not in it, is an error") {
        Corpus foreign = pairs();
        foreign.source.vocab_size = 25;
        check_rejected(foreign, "pairs, source has a vocabulary of 25, the network one of 24");
        for (const int token : {-1, vocab_size}) {
            Corpus damaged = pairs();
            damaged.target.sentences.tokens[3] = token;
            check_rejected(damaged, token < 0 ? "pairs, target has token -1, expected 0 to 23"
                                              : "pairs, target has token 24, expected 0 to 23");
            Corpus unending = pairs();
            unending.source.eos = token;
            check_rejected(unending, token < 0 ? "pairs, source has token -1, expected 0 to 23"
                                               : "pairs, source has token 24, expected 0 to 23");
        }
    }

    TEST_CASE("nothing, or a side too many or too few, is an error") {
        check_rejected({}, "pairs is empty");
        Corpus text = pairs();
        text.source = {};
        check_rejected(text, "pairs has texts of one language, the network an encoder");
        check_rejected(pairs(), "pairs has sentence pairs, the network no encoder",
                       hat::model::language_model(
                           {.layers = 1, .embed_dim = 8, .ffn_dim = 8, .heads = 1}, vocab_size));
    }

    TEST_CASE("sides of unlike numbers, and sentences without a token, are errors") {
        Corpus unlike = pairs();
        unlike.target.sentences.push_back(std::vector<int>{5, 2});
        check_rejected(unlike, "pairs has 5 sources and 6 targets");
        Corpus empty = pairs();
        empty.source.sentences.push_back(std::vector<int>{5, 2});
        empty.target.sentences.push_back(std::vector<int>{});
        check_rejected(empty, "pairs, target: sentence 6 is empty, without eos");
    }
}
