// SPDX-License-Identifier: Apache-2.0

/// Trains a SuperTransformer on a design space written in code, searches it with a fitness of its
/// own, extracts what it found, and asks that. The languages are digits, and the same backwards.

#include <hat/hat.hpp>

#include <array>
#include <cstdio>
#include <span>
#include <vector>

namespace {
using hat::model::Architecture;

constexpr int eos = 2;  // ids 0 … 3 are special, digit d is 4 + d
constexpr int vocab_size = 14;

hat::data::Corpus reversed_digits(int pairs, std::uint64_t seed) {
    hat::data::Corpus corpus{{{}, vocab_size, eos}, {{}, vocab_size, eos}};
    hat::Random random(seed);
    for (int i = 0; i < pairs; ++i) {
        std::vector<int> digits(2 + random.below(4));
        for (int& digit : digits) digit = 4 + static_cast<int>(random.below(10));
        std::vector<int> backwards(digits.rbegin(), digits.rend());
        for (auto* sentence : {&digits, &backwards}) sentence->push_back(eos);
        corpus.source.sentences.push_back(digits);
        corpus.target.sentences.push_back(backwards);
    }
    return corpus;
}

hat::elastic::DesignSpace small_space() {
    const Architecture largest = hat::model::uniform(
        {.encoder_layers = 2, .decoder_layers = 2, .embed_dim = 64, .ffn_dim = 128, .heads = 4},
        vocab_size, vocab_size);
    return {.super = largest,
            .encoder_embed_dims = {64, 32},
            .decoder_embed_dims = {64, 32},
            .encoder_layer_counts = {2, 1},
            .decoder_layer_counts = {2, 1},
            .encoder_ffn_dims = {128, 64, 32},
            .encoder_heads = {4, 2},
            .decoder_ffn_dims = {128, 64, 32},
            .decoder_heads = {4, 2},
            .decoder_cross_heads = {4, 2},
            .decoder_attended_layers = {1}};
}

}  // namespace

int main() {
    const hat::elastic::DesignSpace space = small_space();
    validate(space);
    hat::elastic::SuperTransformer super(space.super);
    super.network().initialize(1);
    hat::ThreadPool pool;
    const hat::data::Corpus corpus = reversed_digits(4000, 1);
    const hat::train::InverseSqrtSchedule rate{
        .peak_rate = 4e-3, .initial_rate = 1e-5, .warmup = 100};
    hat::train::Trainer trainer(super.network(), rate, {}, pool);
    hat::elastic::SuperTraining networks(super.network(), space, {.sandwich = true});
    hat::data::Batch batch;
    for (int epoch = 0; epoch < 8; ++epoch) {
        const auto plan = hat::data::plan_batches(corpus, {.max_tokens = 400}, epoch);
        for (int b = 0; b < plan.size(); ++b) {
            batch.fill(corpus, plan.sentences(b));
            trainer.accumulate(networks(trainer.updates()), hat::train::view(batch));
            trainer.update();
        }
    }

    // The best member of at most 60,000 parameters: what it says of held-out pairs, and a little
    // for every layer, because this device is said to start layers slowly.
    const hat::data::Corpus held_out = reversed_digits(200, 2);
    hat::train::Validator validator(held_out, pool);
    const auto parameters = [](const Architecture& a) { return double(layer_parameters(a)); };
    const auto fitness = [&](std::span<const Architecture> members) {
        std::vector<double> scores;
        for (const Architecture& a : members)
            scores.push_back(validator(super.sub_transformer(a), 0.0F).loss() +
                             0.01 * (a.encoder.layer_count + a.decoder.layer_count));
        return scores;
    };
    hat::search::ArchitectureProblem problem(space, parameters, fitness);
    hat::search::Evolution search(problem, 60'000, {.iterations = 3, .population = 20});
    for (bool goes_on = true; goes_on;) goes_on = search.iterate();
    std::printf("%s\n", search.best().cost <= 60'000 ? "small enough" : "too large");
    const hat::model::Network small = hat::elastic::extract(super.network(), search.best().genome);
    const hat::model::PackedModel packed(small.view());
    hat::decode::Translator translator(packed, {});
    const std::array source{4 + 3, 4 + 1, 4 + 4, eos};
    const std::array offsets{0, 4};
    const auto results = translator.translate({source, {offsets.data(), 1}}, {.beam = 4}, pool);
    for (const int id : results[0][0].tokens) std::printf(id == eos ? "\n" : "%d ", id - 4);
}

// Output:
// small enough
// 4 1 3
