// SPDX-License-Identifier: Apache-2.0
//
// Prints one hash for each kind of weights, of all logits and translations of some networks: the
// same with every compiler, its flags, and every instruction set (CMakeLists.txt). How many
// sentences are translated together, and on how many threads, changes nothing, either.
//
//     served_bits TRAINED.BIN    two networks of random weights, and one that was trained
//     served_bits                the translators of the golden files

#include <hat/data/corpus.hpp>
#include <hat/decode/any_translator.hpp>
#include <hat/model/delight.hpp>
#include <hat/model/network.hpp>
#include <hat/model/presets.hpp>

#ifndef HAT_TEST_ON_DEVICE
#include "golden_networks.hpp"
#endif
#include "support/bits_hash.hpp"
#include "support/toy_model.hpp"
#include "trained.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <vector>

namespace {

using namespace hat;

using support::BitsHash;
using support::OwnedSources;

/// Sentences of 2 to 9 tokens.
OwnedSources random_text(int sentences, int vocab_size) {
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

/// A network, and what it reads and is to say.
struct Case {
    model::Transformer<nn::Trainable> network;
    OwnedSources sources;
    OwnedSources targets;  ///< one for each source
    SpecialTokens special{};
};

template <class Weights>
void add_logits(BitsHash& hash, const Case& c) {
    const model::PackedModelOf<Weights> packed(c.network);
    Arena memory;
    Arena scratch;
    autograd::Eval eval(memory, scratch);
    const auto sources = c.sources.view();
    const auto targets = c.targets.view();
    const auto encoded = model::encode(eval, packed.view(), {}, sources.tokens, sources.sentences);
    const auto decoded =
        model::decode(eval, packed.view(), {}, encoded, targets.tokens, targets.sentences);
    hash.add(logits(eval, packed.view(), decoded.output).value);
}

/// Returns whether the translations are the same in all batches and on all threads.
bool add_translations(BitsHash& hash, const Case& c, decode::WeightKind kind) {
    decode::AnyTranslator translator(c.network, kind, c.special);
    bool is_same = true;
    for (const int beam : {1, 4}) {
        const decode::SearchOptions options{.beam = beam, .max_length_b = 9};
        std::vector<decode::Hypotheses> expected;
        for (int threads = 1; threads <= std::min(2, ThreadPool::max_threads); ++threads) {
            ThreadPool pool(threads);
            for (const int batch : {1, 7, 32}) {
                std::vector<decode::Hypotheses> found;
                translator.translate(c.sources.view(), options, pool, found, batch);
                if (expected.empty()) expected = found;
                is_same = is_same && found == expected;
            }
        }
        hash.add(expected);
    }
    return is_same;
}

/// What all kinds of weights make of some networks.
struct Served {
    BitsHash hashes[3];
    bool is_same = true;

    void add(const Case& c) {
        add_logits<nn::Packed>(hashes[0], c);
        add_logits<nn::PackedBf16>(hashes[1], c);
        add_logits<nn::PackedInt8>(hashes[2], c);
        for (const decode::WeightKind kind :
             {decode::WeightKind::fp32, decode::WeightKind::bf16, decode::WeightKind::int8})
            is_same = add_translations(hashes[static_cast<int>(kind)], c, kind) && is_same;
    }

    /// Returns what the program is to return.
    [[nodiscard]] int print() const {
        if (!is_same) std::printf("translations depend on batches or threads\n");
        for (std::size_t i = 0; is_same && i < 3; ++i)
            std::printf("%s %016llx\n", decode::weight_kind_words[i],
                        static_cast<unsigned long long>(hashes[i].value()));
        return is_same ? 0 : 1;
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

int serve_small(const char* trained_path) {
    constexpr int vocab_size = 300;
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
        const OwnedSources text = random_text(32, vocab_size);
        served.add({network.view(), text, text});
    }
    const model::Network trained = support::trained_network(trained_path);
    const data::Corpus corpus = support::trained_test();
    served.add({trained.view(), sources_of(corpus), sources_of(corpus)});
    if (const int right = right_translations(trained, corpus); right < corpus.size() * 9 / 10)
        std::printf("the trained network translates %d of %d sentences\n", right, corpus.size());
    return served.print();
}

#ifndef HAT_TEST_ON_DEVICE  // which has no golden files
/// What the hashes of golden networks are of: `hash_of(golden_networks())`.
constexpr std::uint64_t golden_files_hash = 0xd3790ed53ed3b62a;

int serve_golden() {
    const auto networks = support::golden_networks();
    if (const std::uint64_t hash = support::hash_of(networks); hash != golden_files_hash) {
        std::printf("skipped: the golden files are %016llx, but hashes are known of %016llx\n",
                    static_cast<unsigned long long>(hash),
                    static_cast<unsigned long long>(golden_files_hash));
        return 0;
    }
    Served served;
    for (const auto& [network, subs, sentences] : networks) {
        // So many that places are filled again.
        OwnedSources sources = random_text(40, network.architecture().source_vocab_size);
        for (int s = 0; s < sentences.size(); ++s) sources.push_back(sentences[s]);
        const OwnedSources targets =
            random_text(sources.size(), network.architecture().target_vocab_size);
        for (const model::Architecture& sub : subs)
            served.add({network.view(sub), sources, targets, fairseq_special_tokens});
    }
    return served.print();
}
#endif

}  // namespace

int main(int argc, char** argv) {
    switch (argc) {
#ifndef HAT_TEST_ON_DEVICE
    case 1:
        return serve_golden();
#endif
    case 2:
        return serve_small(argv[1]);
    default:
        return 2;
    }
}
