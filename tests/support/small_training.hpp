// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/threads.hpp>
#include <hat/distributed/communicator.hpp>
#include <hat/model/network.hpp>
#include <hat/train/schedule.hpp>
#include <hat/train/trainer.hpp>
#include <hat/train/training.hpp>

#include "support/random_pairs.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

namespace hat::support {

/// What a training of a small network on a tiny language pair is made of, but for its loop.
struct SmallTraining {
    static constexpr int vocab_size = 24;

    data::Corpus corpus = reversed_pairs(150, vocab_size, 1);
    data::Corpus held_out = reversed_pairs(30, vocab_size, 2);
    model::Network network;
    ThreadPool pool;
    train::Trainer trainer;

    explicit SmallTraining(int threads, double rate = 3e-3,
                           const model::Architecture& architecture = small_architecture(vocab_size),
                           const train::ShardOptions& shards = {},
                           distributed::Communicator& ranks = distributed::serial())
        : network(architecture), pool(threads),
          trainer(network,
                  train::InverseSqrtSchedule{.peak_rate = rate, .initial_rate = 1e-5, .warmup = 10},
                  {.dropout = {.residual = 0.1F}, .shards = shards, .seed = 7}, pool, ranks) {
        network.initialize(7);
    }

    /// The options with a directory, which is made, and with batches of this corpus.
    static train::TrainingOptions in(const std::string& directory, train::TrainingOptions options) {
        std::filesystem::create_directories(directory);
        options.directory = directory;
        options.batches.max_tokens = 120;
        return options;
    }

    /// What a loop trains in each of its updates: the whole network.
    [[nodiscard]] auto whole_network() {
        return [this](std::int64_t /*update*/) {
            return [this](model::Gradients* gradients) { return network.view(gradients); };
        };
    }
};

}  // namespace hat::support
