// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The task of the tutorial: to write the letters of a word in the order of the alphabet. What is
/// here is used by several chapters; each says which part of it it explains.

#include <hat/core/special_tokens.hpp>
#include <hat/core/threads.hpp>
#include <hat/data/batch.hpp>
#include <hat/data/batches.hpp>
#include <hat/data/corpus.hpp>
#include <hat/decode/translate.hpp>
#include <hat/model/presets.hpp>
#include <hat/train/trainer.hpp>
#include <hat/train/validation.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace letters {

constexpr hat::SpecialTokens special{};  // ids 0 … 3
constexpr int first_letter = 4;          // the id of 'a'
constexpr int vocab_size = first_letter + 26;

/// A word as the network reads it: ids, and the end of the sentence.
inline std::vector<int> sentence(std::string_view word) {
    std::vector<int> ids;
    for (const char letter : word) ids.push_back(letter - 'a' + first_letter);
    ids.push_back(special.eos);
    return ids;
}

/// Random words of two to seven different letters, and what is to be said of each.
inline hat::data::Corpus corpus(int pairs, std::uint64_t seed) {
    hat::data::Corpus corpus{{{}, vocab_size, special.eos}, {{}, vocab_size, special.eos}};
    hat::Random random(seed);
    for (int i = 0; i < pairs; ++i) {
        std::string word = "abcdefghijklmnopqrstuvwxyz";
        random.shuffle(word);
        word.resize(2 + random.below(6));
        corpus.source.sentences.push_back(sentence(word));
        std::sort(word.begin(), word.end());
        corpus.target.sentences.push_back(sentence(word));
    }
    return corpus;
}

/// A network of one layer on each side.
constexpr hat::model::Architecture small = hat::model::uniform(
    {.encoder_layers = 1, .decoder_layers = 1, .embed_dim = 32, .ffn_dim = 64, .heads = 4},
    vocab_size, vocab_size);

constexpr hat::train::InverseSqrtSchedule rate{
    .peak_rate = 1e-2, .initial_rate = 1e-5, .warmup = 60};

/// Calls `learn(batch)` with so many batches of examples.
template <class Learn>
void each_batch(int batches, const Learn& learn) {
    const hat::data::Corpus examples = corpus(10'000, 1);
    hat::data::Batch batch;
    for (int epoch = 0; batches > 0; ++epoch) {
        const auto plan = hat::data::plan_batches(examples, {.max_tokens = 500}, epoch);
        for (int b = 0; b < plan.size() && batches > 0; ++b, --batches) {
            batch.fill(examples, plan.sentences(b));
            learn(hat::train::view(batch));
        }
    }
}

inline void train(hat::model::Network& network, int updates, hat::ThreadPool& pool) {
    hat::train::Trainer trainer(network, rate, {.label_smoothing = 0}, pool);
    each_batch(updates, [&](const hat::model::Batch& batch) {
        trainer.accumulate(batch);
        trainer.update();
    });
}

/// What a translator says of a word.
template <class Translator>
std::string sorted(Translator& translator, std::string_view word, hat::ThreadPool& pool) {
    const std::vector<int> source = sentence(word);
    const std::array offsets{0, static_cast<int>(source.size())};
    const auto results = translator.translate({source, {offsets.data(), 1}}, {.beam = 1}, pool);
    std::string said;
    for (const int id : results[0][0].tokens)
        if (id >= first_letter) said += static_cast<char>('a' + id - first_letter);
    return said;
}

}  // namespace letters
