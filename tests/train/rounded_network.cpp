// SPDX-License-Identifier: Apache-2.0
#include <hat/data/batch.hpp>
#include <hat/data/batches.hpp>
#include <hat/model/pack.hpp>
#include <hat/train/distillation.hpp>
#include <hat/train/rounded_network.hpp>
#include <hat/train/trainer.hpp>
#include <hat/train/training_loop.hpp>

#include "support/allocations.hpp"
#include "support/architectures.hpp"
#include "support/sentences.hpp"
#include "support/small_training.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

using hat::Slab;
using hat::model::Architecture;
using hat::model::Gradients;
using hat::model::Network;
using hat::nn::PackedInt8;
using hat::train::RoundedNetwork;
using hat::train::served_loss;
using hat::train::ValidationResult;
using hat::train::Validator;

namespace {

const hat::support::SentencePairs pairs({{4, 5, 6, 2}, {7, 2}, {8, 9, 10, 11, 12, 13, 2}},
                                        {{2, 14, 15}, {2, 16, 17, 18, 19}, {2, 20}});

/// A training for 8 bits of `support::SmallTraining`.
struct Run : hat::support::SmallTraining {
    RoundedNetwork<> rounded{network};
    hat::train::TrainingLoop loop;

    explicit Run(int threads, std::int64_t updates = 12)
        : SmallTraining(threads),
          loop(trainer, corpus, held_out,
               {.updates = updates,
                .batches = {.max_tokens = 120},
                .measure =
                    [this](Validator& validator, float smoothing) {
                        return served_loss<PackedInt8>(network, validator, smoothing);
                    }},
               pool) {}

    void run() {
        loop.run(
            [this](std::int64_t) {
                rounded.round();
                return [this](Gradients* gradients) { return rounded.view(gradients); };
            },
            [] { return false; });
    }
};

bool same_bits(const Slab& a, const Slab& b) {
    return std::equal(a.data(), a.data() + a.size(), b.data(), b.data() + b.size());
}

}  // namespace

TEST_SUITE("train/rounded_network") {
    TEST_CASE("the forward pass of the training is that of the network served in 8 bits") {
        for (const Architecture& a :
             {hat::support::small_architecture(40),
              hat::support::uneven_translator(hat::model::Sharing::all),
              hat::support::uneven_translator(hat::model::Sharing::decoder_input_output),
              hat::support::define_translator(40, 36)}) {
            Network network(a);
            network.initialize(3);
            RoundedNetwork rounded(network);
            const hat::model::PackedModelOf<PackedInt8> served(network.view());
            hat::Arena memory;
            hat::Arena scratch;
            hat::autograd::Tape tape(memory, scratch, hat::RandomKey(1));
            hat::autograd::Eval eval(memory, scratch);
            Gradients gradients(network.table());
            const hat::Matrix found =
                hat::support::logits_of(tape, rounded.view(&gradients), {}, pairs.batch());
            const hat::Matrix expected =
                hat::support::logits_of(eval, served.view(), {}, pairs.batch());
            double largest = 0;
            double worst = 0;
            for (int i = 0; i < found.rows(); ++i) {
                for (int j = 0; j < found.cols(); ++j) {
                    largest = std::max(largest, std::abs(static_cast<double>(expected(i, j))));
                    worst = std::max(worst,
                                     std::abs(static_cast<double>(found(i, j) - expected(i, j))));
                }
            }
            CHECK(worst < 1e-5 * largest);
        }
    }

    TEST_CASE("it lowers the loss in 8 bits, with the same bits on any number of threads") {
        Run one(1);
        Run two(2);
        const double before = one.loop.validate().loss();
        CHECK(before == two.loop.validate().loss());
        one.run();
        two.run();
        CHECK(one.loop.validate().loss() < 0.97 * before);
        CHECK(same_bits(one.network.values(), two.network.values()));
    }

    TEST_CASE("parameters are not rounded themselves; vectors never are") {
        Run run(1, 3);
        const Slab before = run.network.values();
        run.run();
        run.rounded.round();
        CHECK(!same_bits(before, run.network.values()));
        const auto rounded = run.rounded.view();
        const auto whole = run.network.view();
        CHECK(rounded.output.value(0, 0) != whole.output.value(0, 0));
        CHECK(rounded.encoder_layers[0].final_layer_norm.gain.value.data() ==
              whole.encoder_layers[0].final_layer_norm.gain.value.data());
    }

    TEST_CASE("the loss that is validated is the one in 8 bits") {
        Run run(1);
        const ValidationResult found = run.loop.validate();
        Validator validator(run.held_out, run.pool);
        const hat::model::PackedModelOf<PackedInt8> served(run.network.view());
        CHECK(found.loss() == validator(served.view(), 0.1F).loss());
        CHECK(found.loss() != validator(run.network.view(), 0.1F).loss());
    }

    TEST_CASE("a teacher teaches the rounded network") {
        Run run(1);
        run.rounded.round();
        const hat::data::BatchPlan plan =
            hat::data::plan_batches(run.corpus, {.max_tokens = 150}, 0);
        hat::data::Batch batch;
        batch.fill(run.corpus, plan.sentences(0));
        const auto make = [&](Gradients* gradients) { return run.rounded.view(gradients); };
        run.trainer.accumulate(hat::train::taught_by(run.network.view(), {.share = 0}, make),
                               hat::train::view(batch));
        const double taught = run.trainer.update().gradient_norm;
        Run plain(1);
        plain.rounded.round();
        plain.trainer.accumulate(
            [&](Gradients* gradients) { return plain.rounded.view(gradients); },
            hat::train::view(batch));
        CHECK(taught == doctest::Approx(plain.trainer.update().gradient_norm).epsilon(1e-5));
    }

    TEST_CASE("rounding again allocates nothing") {
        Run run(1);
        CHECK(hat::support::allocations_in([&] {
                  run.rounded.round();
                  static_cast<void>(run.rounded.view());
              }) == 0);
    }
}
