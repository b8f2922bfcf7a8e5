// SPDX-License-Identifier: Apache-2.0
//
// served_bits TRAINED.BIN: prints one hash for each kind of weights, of all logits and translations
// of two networks of random weights and of one that was trained: the same with every compiler, its
// flags, and every instruction set (CMakeLists.txt). How many sentences are translated together,
// and on how many threads, changes nothing, either.

#include <hat/data/corpus.hpp>
#include <hat/decode/any_translator.hpp>
#include <hat/model/delight.hpp>
#include <hat/model/network.hpp>
#include <hat/model/presets.hpp>

#include "support/bits_hash.hpp"
#include "support/toy_model.hpp"
#include "trained.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <vector>

namespace {

using namespace hat;

using support::BitsHash;
using support::OwnedSources;

constexpr int vocab_size = 300;

/// Sentences of 2 to 9 tokens.
OwnedSources random_text(int sentences) {
    OwnedSources text;
    Random random(3);
    for (int s = 0; s < sentences; ++s) {
        std::vector<int> tokens(1 + static_cast<std::size_t>(random.uniform() * 8));
        for (int& token : tokens) token = 4 + static_cast<int>(random.uniform() * (vocab_size - 4));
        tokens.push_back(2);
        text.push_back(tokens);
    }
    return text;
}

OwnedSources sources_of(const data::Corpus& corpus) {
    OwnedSources text;
    for (int s = 0; s < corpus.size(); ++s) text.push_back(corpus.source.sentences[s]);
    return text;
}

/// The logits of whole sentences, each of which is its own translation.
template <class Weights>
void add_logits(BitsHash& hash, const model::Network& network, const OwnedSources& text) {
    const model::PackedModelOf<Weights> packed(network.view());
    Arena memory;
    Arena scratch;
    autograd::Eval eval(memory, scratch);
    const auto [tokens, sentences] = text.view();
    const auto encoded = model::encode(eval, packed.view(), {}, tokens, sentences);
    const auto decoded = model::decode(eval, packed.view(), {}, encoded, tokens, sentences);
    hash.add(logits(eval, packed.view(), decoded.output).value);
}

/// Returns whether the translations are the same in all batches and on all threads.
bool add_translations(BitsHash& hash, const model::Network& network, decode::WeightKind kind,
                      const OwnedSources& text) {
    decode::AnyTranslator translator(network.view(), kind, {});
    bool is_same = true;
    for (const int beam : {1, 4}) {
        const decode::SearchOptions options{.beam = beam, .max_length_b = 9};
        std::vector<decode::Hypotheses> expected;
        for (const int threads : {1, 2}) {
            ThreadPool pool(threads);
            for (const int batch : {1, 7, 32}) {
                std::vector<decode::Hypotheses> found;
                translator.translate(text.view(), options, pool, found, batch);
                if (expected.empty()) expected = found;
                is_same = is_same && found == expected;
            }
        }
        hash.add(expected);
    }
    return is_same;
}

/// What all kinds of weights make of one network.
struct Served {
    BitsHash hashes[3];
    bool is_same = true;

    void add(const model::Network& network, const OwnedSources& text) {
        add_logits<nn::Packed>(hashes[0], network, text);
        add_logits<nn::PackedBf16>(hashes[1], network, text);
        add_logits<nn::PackedInt8>(hashes[2], network, text);
        for (const decode::WeightKind kind :
             {decode::WeightKind::fp32, decode::WeightKind::bf16, decode::WeightKind::int8})
            is_same =
                add_translations(hashes[static_cast<int>(kind)], network, kind, text) && is_same;
    }
};

/// How many of its test sentences the trained network translates as it should.
int right_translations(const model::Network& network, const data::Corpus& corpus) {
    decode::AnyTranslator translator(network.view(), decode::WeightKind::int8, {});
    ThreadPool pool(1);
    std::vector<decode::Hypotheses> found;
    translator.translate(sources_of(corpus).view(), {.beam = 1, .max_length_b = 9}, pool, found);
    int right = 0;
    for (int s = 0; s < corpus.size(); ++s) {
        const auto expected = corpus.target.sentences[s];
        const auto& tokens = found[static_cast<std::size_t>(s)].front().tokens;
        right += std::equal(tokens.begin(), tokens.end(), expected.begin(), expected.end()) ? 1 : 0;
    }
    return right;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    constexpr model::DeLighTSide side{.min_depth = 2, .max_depth = 4, .blocks = 2};
    Served served;
    for (const model::Architecture& a :
         {model::uniform({.encoder_layers = 2,
         .decoder_layers = 2,
         .embed_dim = 72,
         .ffn_dim = 130,
         .heads = 3,
         .attended_layers = 2},
                         vocab_size, vocab_size),
          model::delight({.embed_dim = 64, .encoder = side, .decoder = side, .embedding_dim = 32},
                         vocab_size, vocab_size)}) {
        model::Network network(a);
        network.initialize(1);
        served.add(network, random_text(32));
    }
    const model::Network trained = support::trained_network(argv[1]);
    const data::Corpus corpus = support::trained_test();
    served.add(trained, sources_of(corpus));
    if (const int right = right_translations(trained, corpus); right < corpus.size() * 9 / 10)
        std::printf("the trained network translates %d of %d sentences\n", right, corpus.size());
    if (!served.is_same) std::printf("translations depend on batches or threads\n");
    for (std::size_t i = 0; served.is_same && i < 3; ++i)
        std::printf("%s %016llx\n", decode::weight_kind_words[i],
                    static_cast<unsigned long long>(served.hashes[i].value()));
    return served.is_same ? 0 : 1;
}
