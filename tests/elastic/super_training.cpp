// SPDX-License-Identifier: Apache-2.0
#include <hat/elastic/super_training.hpp>
#include <hat/io/text_file.hpp>
#include <hat/train/trainer.hpp>
#include <hat/train/training.hpp>

#include "support/allocations.hpp"
#include "support/small_training.hpp"
#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

using hat::elastic::DesignSpace;
using hat::elastic::Sampler;
using hat::elastic::SuperTraining;
using hat::elastic::SuperTrainingOptions;
using hat::model::Architecture;
using hat::train::Training;
using hat::train::TrainingEnd;
using hat::train::TrainingOptions;

namespace {

constexpr int vocab_size = hat::support::SmallTraining::vocab_size;

/// A space of small networks that learn in a blink.
DesignSpace small_space() {
    DesignSpace space;
    space.super = hat::support::small_architecture(vocab_size);
    space.encoder_embed_dims = space.decoder_embed_dims = {32, 16};
    space.encoder_layer_counts = {2};
    space.decoder_layer_counts = {2, 1};
    space.encoder_ffn_dims = space.decoder_ffn_dims = {48, 24};
    space.encoder_heads = space.decoder_heads = space.decoder_cross_heads = {4, 2};
    space.decoder_attended_layers = {1, 2};
    return space;
}

/// A supernet training in a directory, which another one can go on with.
struct Run : hat::support::SmallTraining {
    DesignSpace space = small_space();
    SuperTraining super;
    Training training;

    Run(const std::string& directory, const TrainingOptions& options, int threads,
        const SuperTrainingOptions& super_options)
        : SmallTraining(threads, 3e-3, hat::elastic::stored_architecture(small_space()),
                        {.shards = 4, .micro_batch_tokens = 40}),
          super(network, space, super_options),
          training(trainer, corpus, held_out, in(directory, options), pool) {}

    TrainingEnd run_until(std::int64_t update) {
        return training.run(super, [&] { return training.position().update >= update; });
    }

    hat::data::BatchPlan plan = hat::data::plan_batches(corpus, {.max_tokens = 150}, 0);
    hat::data::Batch batch;

    hat::train::UpdateResult step() {
        batch.fill(corpus, plan.sentences(static_cast<int>(trainer.updates() % plan.size())));
        trainer.accumulate(super(trainer.updates()), hat::train::view(batch));
        return trainer.update();
    }
};

bool same_bits(const hat::Slab& a, const hat::Slab& b) {
    return std::equal(a.data(), a.data() + a.size(), b.data(), b.data() + b.size());
}

std::vector<Architecture> plan_of(const SuperTrainingOptions& options, std::int64_t update) {
    const DesignSpace space = small_space();
    hat::model::Network network(hat::elastic::stored_architecture(space));
    SuperTraining super(network, space, options);
    const auto plan = super.plan(update);
    return {plan.begin(), plan.end()};
}

/// Every way to choose networks.
std::vector<SuperTrainingOptions> all_options() {
    return {{},
            {.sampler = Sampler::reference},
            {.random_networks = 2, .sandwich = true},
            {.random_networks = 1, .sandwich = true, .shrink_after = 3},
            {.random_networks = 1, .sandwich = true, .distillation = {.share = 0.5F}}};
}

}  // namespace

TEST_SUITE("elastic/super_training") {
    TEST_CASE("by default an update trains one random network of the space") {
        const DesignSpace space = small_space();
        std::set<int> decoder_layers;
        for (int update = 0; update < 20; ++update) {
            const auto plan = plan_of({}, update);
            REQUIRE(plan.size() == 1);
            CHECK(contains(space, plan[0]));
            CHECK(plan == plan_of({}, update));
            decoder_layers.insert(plan[0].decoder.layer_count);
        }
        CHECK(decoder_layers.size() == 2);
        CHECK(plan_of({.seed = 1}, 3) != plan_of({.seed = 2}, 3));
    }

    TEST_CASE("the reference's networks do not depend on the seed") {
        const SuperTrainingOptions options{.sampler = Sampler::reference};
        for (int update = 0; update < 5; ++update) {
            const auto plan = plan_of(options, update);
            REQUIRE(plan.size() == 1);
            CHECK(plan[0] == hat::elastic::reference_sample(small_space(), update));
        }
    }

    TEST_CASE("the sandwich is the largest, the smallest and as many random ones as told") {
        const DesignSpace space = small_space();
        const SuperTrainingOptions options{.random_networks = 3, .sandwich = true};
        const auto plan = plan_of(options, 4);
        REQUIRE(plan.size() == 5);
        CHECK(plan[0] == largest(space));
        CHECK(plan[1] == smallest(space));
        CHECK((plan[2] != plan[3] || plan[3] != plan[4]));
    }

    TEST_CASE("before it shrinks, the largest is trained alone") {
        const DesignSpace space = small_space();
        const SuperTrainingOptions options{.shrink_after = 5};
        CHECK(plan_of(options, 4) == std::vector{largest(space)});
        CHECK(plan_of(options, 5) == plan_of({}, 5));
    }

    TEST_CASE("one network an update trains as that network does") {
        const hat::support::TemporaryDirectory directory;
        Run run(directory.path(), {.updates = 1}, 1, {.sampler = Sampler::reference});
        Run plain(directory.path(), {.updates = 1}, 1, {});
        for (int update = 0; update < 4; ++update) {
            const auto result = run.step();
            const Architecture sub = hat::elastic::reference_sample(plain.space, update);
            plain.batch.fill(plain.corpus, plain.plan.sentences(update % plain.plan.size()));
            plain.trainer.accumulate(
                [&](hat::model::Gradients* gradients) {
                    return plain.network.view(sub, gradients);
                },
                hat::train::view(plain.batch));
            const auto expected = plain.trainer.update();
            CHECK(result.loss.loss == expected.loss.loss);
            CHECK(result.loss_tokens == result.target_tokens);
        }
        CHECK(same_bits(run.network.values(), plain.network.values()));
    }

    TEST_CASE("the loss of several networks is the mean over their tokens") {
        const hat::support::TemporaryDirectory directory;
        Run run(directory.path(), {.updates = 1}, 2, {.random_networks = 2, .sandwich = true});
        const auto result = run.step();
        CHECK(result.loss_tokens == 4 * result.target_tokens);
        const double loss = result.loss.loss / static_cast<double>(result.loss_tokens);
        CHECK(loss > 2);
        CHECK(loss < 5);
    }

    TEST_CASE("the largest teaches the others: who says the same learns nothing from it") {
        // A space with one member: all networks of the sandwich are the same.
        DesignSpace space = small_space();
        space.encoder_embed_dims = space.decoder_embed_dims = {32};
        space.decoder_layer_counts = {2};
        space.encoder_ffn_dims = space.decoder_ffn_dims = {48};
        space.encoder_heads = space.decoder_heads = space.decoder_cross_heads = {4};
        space.decoder_attended_layers = {1};
        const hat::data::Corpus corpus = hat::support::reversed_pairs(40, vocab_size, 1);
        const auto plan = hat::data::plan_batches(corpus, {.max_tokens = 150}, 0);
        hat::data::Batch batch;
        batch.fill(corpus, plan.sentences(0));
        hat::ThreadPool pool(1);
        const hat::train::InverseSqrtSchedule schedule{
            .peak_rate = 1e-3, .initial_rate = 1e-4, .warmup = 10};
        const auto gradient_norm = [&](const SuperTrainingOptions& options) {
            hat::model::Network network(hat::elastic::stored_architecture(space));
            network.initialize(1);
            hat::train::Trainer trainer(network, schedule, {}, pool);
            SuperTraining super(network, space, options);
            trainer.accumulate(super(0), hat::train::view(batch));
            return trainer.update().gradient_norm;
        };
        const double alone = gradient_norm({});
        const double taught = gradient_norm(
            {.random_networks = 2, .sandwich = true, .distillation = {.share = 1.0F}});
        CHECK(taught == doctest::Approx(alone / 4).epsilon(1e-6));
        const double untaught = gradient_norm({.random_networks = 2, .sandwich = true});
        CHECK(untaught == doctest::Approx(alone).epsilon(1e-6));
    }

    TEST_CASE("layers that no network of an update has stay as they are") {
        const hat::support::TemporaryDirectory directory;
        DesignSpace space = small_space();
        Run run(directory.path(), {.updates = 1}, 1, {});
        const hat::Slab before = run.network.values();
        std::int64_t update = 0;
        while (plan_of({}, update).front().decoder.layer_count != 1) ++update;
        run.batch.fill(run.corpus, run.plan.sentences(0));
        run.trainer.accumulate(run.super(update), hat::train::view(run.batch));
        static_cast<void>(run.trainer.update());
        for (const auto& entry : run.network.table()) {
            const auto old = before.matrix(entry);
            const auto now = std::as_const(run.network).values().matrix(entry);
            const bool same = std::equal(old.data(), old.data() + entry.size(), now.data());
            CAPTURE(entry.name);
            CHECK(same == entry.name.starts_with("decoder.layers.1."));
        }
    }

    TEST_CASE("a resumed training goes on bit for bit, on another number of threads too") {
        for (const SuperTrainingOptions& super_options : all_options()) {
            CAPTURE(super_options.random_networks);
            const hat::support::TemporaryDirectory directory;
            const TrainingOptions options{.updates = 12,
                                          .checkpoint_every = 4,
                                          .validated =
                                              hat::elastic::validated_networks(small_space(), {})};
            Run whole(directory.path() + "/whole", options, 1, super_options);
            CHECK(whole.run_until(1000) == TrainingEnd::finished);
            const std::string cut = directory.path() + "/cut";
            {
                Run first(cut, options, 2, super_options);
                CHECK(first.run_until(5) == TrainingEnd::stopped);
            }
            Run second(cut, options, 1, super_options);
            REQUIRE(second.training.resume());
            CHECK(second.run_until(1000) == TrainingEnd::finished);
            CHECK(same_bits(whole.network.values(), second.network.values()));
            CHECK(whole.training.position() == second.training.position());
        }
    }

    TEST_CASE("a steady update makes no heap call") {
        for (const SuperTrainingOptions& super_options : all_options()) {
            const hat::support::TemporaryDirectory directory;
            Run run(directory.path(), {.updates = 1}, 2, super_options);
            run.batch.reserve(run.plan);
            for (int i = 0; i < 3 * run.plan.size(); ++i) run.step();
            CHECK(hat::support::allocations_in([&] {
                      for (int b = 0; b < run.plan.size(); ++b) run.step();
                  }) == 0);
        }
    }

    TEST_CASE("a validation tells the losses of the largest, the smallest and random networks") {
        const hat::support::TemporaryDirectory directory;
        const TrainingOptions options{
            .updates = 2,
            .validated = hat::elastic::validated_networks(
                small_space(),
                {.random_networks = 2, .scored_by = hat::elastic::ScoredBy::smallest})};
        Run run(directory.path(), options, 1, {});
        CHECK(run.run_until(1000) == TrainingEnd::finished);
        const std::string log = hat::io::read_file(directory.path() + "/log.jsonl");
        for (const char* name : {"loss_largest", "loss_smallest", "loss_random_1", "loss_random_2"})
            CHECK(log.find(name) != log.npos);
        const auto result = run.training.validate();
        hat::train::Validator validator(run.held_out, run.pool);
        const auto smallest_result =
            validator(run.network.view(smallest(run.space)), run.trainer.options().label_smoothing);
        CHECK(result.loss() == smallest_result.loss());
    }

    TEST_CASE("the networks of validations are always the same; the published ones attend to one "
              "layer") {
        const DesignSpace space = small_space();
        const auto ours = hat::elastic::validated_networks(space, {.random_networks = 3});
        const auto again = hat::elastic::validated_networks(space, {.random_networks = 3});
        REQUIRE(ours.size() == 5);
        for (std::size_t i = 0; i < ours.size(); ++i) {
            CHECK(ours[i].architecture == again[i].architecture);
            CHECK(ours[i].decides);
        }
        CHECK(ours[0].architecture.decoder.layer_shapes[0].attended_layers == 2);
        const auto published = hat::elastic::validated_networks(
            space, {.random_networks = 0,
                    .attended_layers = 1,
                    .scored_by = hat::elastic::ScoredBy::smallest});
        REQUIRE(published.size() == 2);
        CHECK(published[0].architecture.decoder.layer_shapes[0].attended_layers == 1);
        CHECK_FALSE(published[0].decides);
        CHECK(published[1].decides);
    }

    TEST_CASE("options out of range are errors") {
        const DesignSpace space = small_space();
        hat::model::Network network(hat::elastic::stored_architecture(space));
        const auto make = [&](const SuperTrainingOptions& options) {
            return std::make_unique<SuperTraining>(network, space, options);
        };
        CHECK_THROWS_AS(make({.random_networks = 0}), hat::Error);
        CHECK_NOTHROW(make({.random_networks = 0, .sandwich = true}));
        CHECK_THROWS_WITH_AS(make({.sampler = Sampler::reference, .random_networks = 2}),
                             "super training: the reference's sampler draws one network an update, "
                             "found random networks = 2",
                             hat::Error);
        CHECK_THROWS_AS(make({.shrink_after = -1}), hat::Error);
        CHECK_THROWS_WITH_AS(
            make({.distillation = {.share = 0.5F}}),
            "super training: distillation needs the sandwich, whose largest network teaches",
            hat::Error);
        CHECK_THROWS_AS(make({.sandwich = true, .distillation = {.share = 2.0F}}), hat::Error);
        CHECK_THROWS_AS(
            static_cast<void>(hat::elastic::validated_networks(
                space, {.random_networks = 0, .scored_by = hat::elastic::ScoredBy::random})),
            hat::Error);
        hat::model::Network narrow(smallest(space));
        CHECK_THROWS_AS(SuperTraining(narrow, space, {}), hat::Error);
    }
}
