// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/random.hpp>
#include <hat/core/slab.hpp>
#include <hat/core/threads.hpp>
#include <hat/train/adam.hpp>
#include <hat/train/checkpoint.hpp>
#include <hat/train/exponential_average.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace hat::support {

[[nodiscard]] inline bool same_bits(const Slab& a, const Slab& b) {
    return std::equal(a.data(), a.data() + a.size(), b.data(), b.data() + b.size());
}

/// A training whose gradients are random numbers of its update: all that a checkpoint must hold,
/// without a network.
struct TrainingCase {
    TensorTable table;
    Slab parameters{table};
    train::Adam adam{table};
    train::ExponentialAverage average{table, parameters, 0.9};
    train::TrainingPosition position;
    ThreadPool pool{1};

    explicit TrainingCase(TensorTable of = small_table()) : table(std::move(of)) {}

    static TensorTable small_table() {
        TensorTable table;
        table.add_matrix("weight", 7, 9);
        table.add_vector("bias", 33);
        return table;
    }

    [[nodiscard]] train::TrainingState state() {
        return {table, parameters, adam, &average.values(), position};
    }

    /// The first tensor gets a gradient in every update, the others in every other one.
    void train(int updates) {
        Slab gradients(table);
        for (int i = 0; i < updates; ++i) {
            const auto update = static_cast<std::uint64_t>(position.update);
            Random random(RandomKey(1).split(update));
            for (const auto& entry : table) {
                std::generate_n(gradients.data() + entry.offset, entry.size(),
                                [&] { return static_cast<float>(random.normal()); });
            }
            std::vector<std::uint8_t> has_gradient(static_cast<std::size_t>(table.size()),
                                                   update % 2 == 0 ? 1 : 0);
            has_gradient[0] = 1;
            adam.step(parameters, gradients, has_gradient, {.learning_rate = 0.1}, pool);
            average.update(parameters, position.update, pool);
            ++position.update;
        }
    }

    friend bool operator==(const TrainingCase& a, const TrainingCase& b) {
        return same_bits(a.parameters, b.parameters) &&
               same_bits(a.adam.first_moment(), b.adam.first_moment()) &&
               same_bits(a.adam.second_moment(), b.adam.second_moment()) &&
               std::ranges::equal(a.adam.steps(), b.adam.steps()) &&
               same_bits(a.average.values(), b.average.values()) && a.position == b.position;
    }
};

}  // namespace hat::support
