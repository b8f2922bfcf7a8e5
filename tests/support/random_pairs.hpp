// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/random.hpp>
#include <hat/data/corpus.hpp>
#include <hat/model/presets.hpp>

#include <cstdint>
#include <vector>

namespace hat::support {

/// A tiny language pair that can be learnt: the target is the source backwards, each word moved up
/// by one. Ids 0 … 3 are special, 2 ends a sentence.
inline data::Corpus reversed_pairs(int pairs, int vocab_size, std::uint64_t seed) {
    constexpr int eos = 2;
    data::Corpus corpus;
    corpus.source.vocab_size = corpus.target.vocab_size = vocab_size;
    corpus.source.eos = corpus.target.eos = eos;
    Random random(seed);
    for (int i = 0; i < pairs; ++i) {
        const int length = 2 + static_cast<int>(random.below(6));
        std::vector<int> source;
        for (int k = 0; k < length; ++k) {
            source.push_back(
                4 + static_cast<int>(random.below(static_cast<std::uint64_t>(vocab_size - 4))));
        }
        std::vector<int> target(source.rbegin(), source.rend());
        for (int& word : target) word = word + 1 < vocab_size ? word + 1 : 4;
        source.push_back(eos);
        target.push_back(eos);
        corpus.source.sentences.push_back(source);
        corpus.target.sentences.push_back(target);
    }
    return corpus;
}

/// A network that trains in a blink: 2 + 2 layers, 32 / 48, 4 heads, shared embeddings.
inline model::Architecture small_architecture(int vocab_size) {
    return model::uniform(
        {.encoder_layers = 2, .decoder_layers = 2, .embed_dim = 32, .ffn_dim = 48, .heads = 4},
        vocab_size, vocab_size);
}

}  // namespace hat::support
