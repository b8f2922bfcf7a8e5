// SPDX-License-Identifier: Apache-2.0
//
// train TRAINED.BIN: trains the network of trained.hpp and writes it. Not built by default: what it
// wrote stands beside it.

#include <hat/core/bfloat16.hpp>
#include <hat/core/threads.hpp>
#include <hat/data/batches.hpp>
#include <hat/train/schedule.hpp>
#include <hat/train/trainer.hpp>
#include <hat/train/training.hpp>

#include "support/random_pairs.hpp"
#include "trained.hpp"

#include <cstdint>
#include <cstdio>

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    const hat::data::Corpus corpus =
        hat::support::reversed_pairs(6000, hat::support::trained_vocab_size, 1);
    hat::model::Network network(hat::support::trained_architecture());
    network.initialize(1);
    hat::ThreadPool pool(2);
    const hat::train::InverseSqrtSchedule rate{
        .peak_rate = 4e-3, .initial_rate = 1e-5, .warmup = 100};
    hat::train::Trainer trainer(network, rate, {}, pool);
    hat::data::Batch batch;
    for (int epoch = 0; epoch < 25; ++epoch) {
        const auto plan = hat::data::plan_batches(corpus, {.max_tokens = 500}, epoch);
        for (int b = 0; b < plan.size(); ++b) {
            batch.fill(corpus, plan.sentences(b));
            trainer.accumulate(hat::train::view(batch));
            trainer.update();
        }
    }
    std::FILE* const file = std::fopen(argv[1], "wb");
    if (file == nullptr) return 1;
    for (std::ptrdiff_t i = 0; i < static_cast<std::ptrdiff_t>(network.values().size()); ++i) {
        const std::uint16_t stored = hat::float_to_bfloat16(network.values().data()[i]);
        std::fwrite(&stored, sizeof stored, 1, file);
    }
    return std::fclose(file) == 0 ? 0 : 1;
}
