// SPDX-License-Identifier: Apache-2.0
#include <hat/train/rank_state.hpp>
#include <hat/train/training_loop.hpp>

#include "support/small_training.hpp"
#include "support/thread_ranks.hpp"
#include "support/training_case.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <optional>
#include <vector>

using hat::distributed::Communicator;
using hat::train::TrainingLoop;
using hat::train::TrainingOptions;
using hat::train::TrainingState;

namespace {

/// A copy of all that a checkpoint holds.
struct Saved {
    hat::Slab parameters;
    hat::train::Adam adam;
    hat::Slab average;
    hat::train::TrainingPosition position;

    explicit Saved(const TrainingState& state)
        : parameters(state.parameters), adam(state.adam), average(*state.average),
          position(state.position) {}
    void load(const TrainingState& state) const {
        state.parameters = parameters;
        state.adam = adam;
        *state.average = average;
        state.position = position;
    }
    friend bool operator==(const Saved& a, const Saved& b) {
        using hat::support::same_bits;
        return same_bits(a.parameters, b.parameters) &&
               same_bits(a.adam.first_moment(), b.adam.first_moment()) &&
               same_bits(a.adam.second_moment(), b.adam.second_moment()) &&
               std::ranges::equal(a.adam.steps(), b.adam.steps()) &&
               same_bits(a.average, b.average) && a.position == b.position;
    }
};

/// What a training has saved after `updates`, which begins anew or with what another one has saved.
Saved trained(int ranks, int threads, std::int64_t updates, const std::optional<Saved>& from = {}) {
    std::optional<Saved> saved;
    hat::support::ThreadRanks(ranks).run([&](Communicator& communicator) {
        hat::support::SmallTraining small(
            threads, 3e-3,
            hat::support::small_architecture(hat::support::SmallTraining::vocab_size),
            {.micro_batch_tokens = 30}, communicator);
        TrainingLoop loop(small.trainer, small.corpus, small.held_out,
                          {.updates = updates,
                           .batches = {.max_tokens = 120},
                           .batches_per_update = 2,
                           .validate_every = 3,
                           .moving_average = 0.9},
                          small.pool);
        if (from) {
            CHECK(hat::train::load_whole_state(communicator, loop.part_offsets(), loop.state(),
                                               [&](const TrainingState& state) {
                                                   CHECK(communicator.is_first());
                                                   from->load(state);
                                                   return true;
                                               }));
            loop.go_on_from_state();
        }
        CHECK(loop.run(small.whole_network(), [] { return false; }) ==
              hat::train::TrainingEnd::finished);
        hat::train::with_whole_state(communicator, loop.part_offsets(), loop.state(),
                                     [&](const TrainingState& state) {
                                         CHECK(communicator.is_first());
                                         saved.emplace(state);
                                     });
    });
    return *saved;
}

}  // namespace

TEST_SUITE("train/rank_state") {
    TEST_CASE("ranks and threads train to the same bits, with moments, mean, scores and position") {
        const Saved one = trained(1, 1, 7);
        CHECK(one.position.best_score.has_value());
        CHECK(trained(1, 2, 7) == one);
        CHECK(trained(2, 1, 7) == one);
        CHECK(trained(3, 2, 7) == one);
        CHECK(trained(4, 1, 7) == one);
    }

    TEST_CASE("a training goes on with another number of ranks to the same bits") {
        const Saved whole = trained(1, 1, 8);
        const Saved half = trained(2, 1, 4);
        CHECK(trained(1, 1, 8, half) == whole);
        CHECK(trained(3, 1, 8, half) == whole);
        CHECK(trained(4, 1, 8, trained(3, 1, 4)) == whole);
    }

    TEST_CASE("without a state to load none changes") {
        hat::support::ThreadRanks(2).run([](Communicator& communicator) {
            hat::support::SmallTraining small(
                1, 3e-3, hat::support::small_architecture(hat::support::SmallTraining::vocab_size),
                {}, communicator);
            TrainingLoop loop(small.trainer, small.corpus, small.held_out, {.updates = 1},
                              small.pool);
            const hat::Slab before = small.network.values();
            CHECK_FALSE(hat::train::load_whole_state(communicator, loop.part_offsets(),
                                                     loop.state(),
                                                     [](const TrainingState&) { return false; }));
            CHECK(hat::support::same_bits(before, small.network.values()));
        });
    }

    TEST_CASE("of several ranks each has its part of the moments") {
        hat::support::ThreadRanks(2).run([](Communicator& communicator) {
            hat::support::SmallTraining small(
                1, 3e-3, hat::support::small_architecture(hat::support::SmallTraining::vocab_size),
                {}, communicator);
            const auto all = static_cast<double>(small.network.values().size());
            const auto own = static_cast<double>(small.trainer.adam().first_moment().size());
            CHECK(own < 0.67 * all);
        });
    }
}
