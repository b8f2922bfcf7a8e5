// SPDX-License-Identifier: Apache-2.0

/// Trains a translator in a few seconds, and asks it: its two languages are digits, and the same
/// digits backwards.

#include <hat/hat.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

namespace {

constexpr int eos = 2;  // ids 0 … 3 are special, digit d is 4 + d
constexpr int vocab_size = 14;

hat::data::Corpus reversed_digits(int pairs) {
    hat::data::Corpus corpus{{{}, vocab_size, eos}, {{}, vocab_size, eos}};
    hat::Random random(1);
    for (int i = 0; i < pairs; ++i) {
        std::vector<int> digits(2 + random.below(5));
        for (int& digit : digits) digit = 4 + static_cast<int>(random.below(10));
        std::vector<int> backwards(digits.rbegin(), digits.rend());
        digits.push_back(eos);
        backwards.push_back(eos);
        corpus.source.sentences.push_back(digits);
        corpus.target.sentences.push_back(backwards);
    }
    return corpus;
}

}  // namespace

int main() {
    const hat::data::Corpus corpus = reversed_digits(6000);
    hat::model::Network network(hat::model::uniform(
        {.encoder_layers = 2, .decoder_layers = 2, .embed_dim = 64, .ffn_dim = 128, .heads = 4},
        vocab_size, vocab_size));
    network.initialize(1);
    hat::ThreadPool pool;
    const hat::train::InverseSqrtSchedule rate{
        .peak_rate = 3e-3, .initial_rate = 1e-5, .warmup = 100};
    hat::train::Trainer trainer(network, rate, {}, pool);
    hat::data::Batch batch;
    for (int epoch = 0; epoch < 10; ++epoch) {
        const auto plan = hat::data::plan_batches(corpus, {.max_tokens = 500}, epoch);
        for (int b = 0; b < plan.size(); ++b) {
            batch.fill(corpus, plan.sentences(b));
            trainer.accumulate(hat::train::view(batch));
            trainer.update();
        }
    }

    const hat::model::PackedModel packed(network.view());
    hat::decode::Translator translator(packed, {});
    const std::array source{4 + 3, 4 + 1, 4 + 4, 4 + 1, 4 + 5, eos};
    const std::array offsets{0, 6};
    const auto results =
        translator.translate({source, hat::Ragged(offsets.data(), 1)}, {.beam = 5}, pool);
    for (const int id : results[0][0].tokens) std::printf(id == eos ? "\n" : "%d ", id - 4);
}

// Output:
// 5 1 4 1 3
