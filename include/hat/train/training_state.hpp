// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/slab.hpp>
#include <hat/train/adam.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hat::train {

/// Parameters that were kept on the way for their mean: the update they are of, and the checksum of
/// their file, which is empty where that was not noted down.
struct KeptParameters {
    std::int64_t update = 0;
    std::string checksum;

    friend bool operator==(const KeptParameters&, const KeptParameters&) = default;
};

/// How far a training has come. Learning rates and random numbers are functions of `update` and
/// `seed`, so nothing else is needed to go on bit for bit.
struct TrainingPosition {
    std::int64_t update = 0;  ///< updates done
    std::int64_t epoch = 0;   ///< epochs done
    std::int64_t batch = 0;   ///< batches done of the epoch in work
    std::uint64_t seed = 0;
    std::optional<double> best_score;         ///< of the validations so far
    std::int64_t validations_since_best = 0;  ///< for early stopping
    std::string configuration;                ///< the resolved configuration, for the caller
    /// What the mean at the end needs, oldest first; none in checkpoints from before it was noted.
    std::optional<std::vector<KeptParameters>> parameters{};

    friend bool operator==(const TrainingPosition&, const TrainingPosition&) = default;
};

/// All that changes in a training: what a checkpoint is made of, and loaded into.
struct TrainingState {
    const TensorTable& table;
    Slab& parameters;
    Adam& adam;
    Slab* average;  ///< an exponential moving average, or none
    TrainingPosition& position;
};

}  // namespace hat::train
