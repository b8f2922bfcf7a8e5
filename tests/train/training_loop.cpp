// SPDX-License-Identifier: Apache-2.0
#include <hat/train/training_loop.hpp>

#include "support/small_training.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

using hat::train::TrainingEnd;
using hat::train::TrainingLoop;
using hat::train::TrainingOptions;

namespace {

/// A loop that notes down what it is told.
struct ToldLoop : TrainingLoop {
    using TrainingLoop::TrainingLoop;

    std::string events;
    std::vector<double> losses;

    void begin() override { events += "begin "; }
    void end() noexcept override { events += "end "; }
    void updated(const hat::train::UpdateResult& /*result*/, double loss) override {
        losses.push_back(loss);
    }
    void validated(const hat::train::ValidationReport& report) override {
        events += report.is_best ? "best " : "worse ";
    }
    void keep_parameters() override { events += "keep "; }
    void save_checkpoint(bool is_best) override { events += is_best ? "save-best " : "save "; }
};

struct Run : hat::support::SmallTraining {
    ToldLoop loop;

    explicit Run(const TrainingOptions& options, double rate = 3e-3)
        : SmallTraining(2, rate), loop(trainer, corpus, held_out, options, pool) {}

    TrainingEnd run(const std::function<bool()>& stop = [] { return false; }) {
        return loop.run(whole_network(), stop);
    }
};

}  // namespace

TEST_SUITE("train/training_loop") {
    TEST_CASE("a loop trains without a file, and tells what happens in its order") {
        Run run({.updates = 6,
                 .batches = {.max_tokens = 120},
                 .validate_every = 3,
                 .checkpoint_every = 2});
        const double before = run.loop.validate().loss();
        CHECK(run.run() == TrainingEnd::finished);
        CHECK(run.loop.validate().loss() < before);
        CHECK(run.loop.losses.size() == 6);
        CHECK(run.loop.events == "begin save keep best save-best save keep best save-best end ");
        CHECK(run.loop.position().update == 6);
    }

    TEST_CASE("a loop that is set back goes on to the same bits") {
        const TrainingOptions options{.updates = 8, .batches = {.max_tokens = 120}};
        Run whole(options);
        whole.run();

        Run first(options);
        CHECK(first.run([&] { return first.loop.position().update == 5; }) == TrainingEnd::stopped);
        Run second(options);
        const hat::train::TrainingState from = first.loop.state();
        const hat::train::TrainingState to = second.loop.state();
        to.parameters = from.parameters;
        to.adam = from.adam;
        to.position = from.position;
        second.loop.go_on_from_state();
        second.run();
        CHECK(std::equal(whole.network.values().data(),
                         whole.network.values().data() + whole.network.values().size(),
                         second.network.values().data()));
        CHECK(second.loop.position() == whole.loop.position());
    }

    TEST_CASE("patience ends a training, and a run that throws ends too") {
        Run stuck(
            {.updates = 4000, .batches = {.max_tokens = 120}, .validate_every = 1, .patience = 2},
            1e-30);
        CHECK(stuck.run() == TrainingEnd::patience);

        Run broken({.updates = 4000, .batches = {.max_tokens = 120}, .validate_every = 5}, 1e30);
        CHECK_THROWS_WITH_AS(static_cast<void>(broken.run()),
                             doctest::Contains("training: diverged at update "), hat::Error);
        CHECK(broken.loop.events.ends_with("end "));
    }

    TEST_CASE("a hook that throws amid a validation leaves parameters, not their average") {
        struct Full : ToldLoop {
            using ToldLoop::ToldLoop;
            bool is_full = true;
            void keep_parameters() override {
                if (is_full) hat::fail("the disk is full");
            }
        };
        const TrainingOptions options{.updates = 6,
                                      .batches = {.max_tokens = 120},
                                      .validate_every = 3,
                                      .moving_average = 0.9};
        Run whole(options);
        whole.run();
        Run setting(options);
        Full loop(setting.trainer, setting.corpus, setting.held_out, options, setting.pool);
        const auto run = [&] { return loop.run(setting.whole_network(), [] { return false; }); };
        CHECK_THROWS_AS(static_cast<void>(run()), hat::Error);
        loop.is_full = false;
        CHECK(run() == TrainingEnd::finished);
        CHECK(std::equal(whole.network.values().data(),
                         whole.network.values().data() + whole.network.values().size(),
                         setting.network.values().data()));
    }

    TEST_CASE("options and corpora that would go wrong later are refused at once") {
        CHECK_THROWS_AS(Run({.updates = 6, .moving_average = NAN}), hat::Error);
        CHECK_THROWS_AS(Run({.updates = 6, .patience = -1}), hat::Error);
        CHECK_THROWS_AS(Run({.updates = 6, .validate_every = -1}), hat::Error);
    }
}
