// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/random.hpp>
#include <hat/core/threads.hpp>
#include <hat/distributed/communicator.hpp>
#include <hat/elastic/extract.hpp>
#include <hat/elastic/genes.hpp>
#include <hat/model/network.hpp>
#include <hat/search/report.hpp>
#include <hat/train/trainer.hpp>
#include <hat/train/validation.hpp>

#include "data_directory.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>

namespace hat::program {

/// How the members are tuned whose losses say whether a SuperTransformer ranks them right.
struct HealthOptions {
    int members = 0;
    std::int64_t updates = 100;
    int max_tokens = 2000;
    double learning_rate = 1e-3;
    float dropout = 0.1F;
    float label_smoothing = 0.1F;
    std::uint64_t seed = 1;
};

/// Trains a network of its own for a few updates.
inline void tune_briefly(model::Network& network, const TrainingData& data,
                         const HealthOptions& options, ThreadPool& pool,
                         distributed::Communicator& ranks) {
    train::Trainer trainer(
        network,
        train::InverseSqrtSchedule{.peak_rate = options.learning_rate,
                                   .initial_rate = 0,
                                   .warmup = std::max<std::int64_t>(options.updates / 10, 1)},
        {.dropout = {.residual = options.dropout},
         .label_smoothing = options.label_smoothing,
         .adam = {.beta2 = 0.98},
         .seed = options.seed},
        pool, ranks);
    data::Batch batch;
    for (int epoch = 0; trainer.updates() < options.updates; ++epoch) {
        const auto plan = data::plan_batches(
            data.train, {.max_tokens = options.max_tokens, .seed = options.seed}, epoch);
        batch.reserve(plan);
        for (int b = 0; b < plan.size() && trainer.updates() < options.updates; ++b) {
            batch.fill(data.train, plan.sentences(b));
            trainer.accumulate(train::view(batch));
            trainer.update();
        }
    }
}

/// Compares what inherited weights say of members drawn at random with what they are worth after a
/// little training of their own.
inline search::SupernetHealth supernet_health(const model::Network& super,
                                              const elastic::DesignSpace& space,
                                              const TrainingData& data, train::Validator& validator,
                                              const HealthOptions& options, ThreadPool& pool) {
    const auto loss = [&](const model::Network& network, const model::Architecture& architecture) {
        return validator(network.view(architecture), options.label_smoothing).loss();
    };
    search::SupernetHealth health{.largest_loss = loss(super, largest(space)),
                                  .smallest_loss = loss(super, smallest(space)),
                                  .tuning = std::to_string(options.updates) +
                                            " updates of at most " +
                                            std::to_string(options.max_tokens) + " target tokens"};
    Random random(RandomKey(options.seed).split(0x4ea1));
    for (int tries = 0; tries < 100 * options.members; ++tries) {
        if (static_cast<int>(health.members.size()) == options.members) break;
        const model::Architecture member = elastic::sample(space, random);
        const auto same = [&](const auto& other) { return other.architecture == member; };
        if (std::any_of(health.members.begin(), health.members.end(), same)) continue;
        const double inherited = loss(super, member);
        model::Network own = elastic::extract(super, member);
        tune_briefly(own, data, options, pool, validator.ranks());
        const double tuned = loss(own, own.architecture());
        if (!std::isfinite(inherited) || !std::isfinite(tuned)) {
            std::fprintf(stderr, "health: the loss of a member is not a finite number: left out\n");
            continue;
        }
        health.members.push_back({member, inherited, tuned});
        std::fprintf(stderr, "health %zu/%d  inherited loss %.4f, tuned %.4f\n",
                     health.members.size(), options.members, inherited, tuned);
    }
    return health;
}

}  // namespace hat::program
