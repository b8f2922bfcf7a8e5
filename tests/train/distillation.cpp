// SPDX-License-Identifier: Apache-2.0
#include <hat/data/batch.hpp>
#include <hat/data/batches.hpp>
#include <hat/train/distillation.hpp>
#include <hat/train/trainer.hpp>
#include <hat/train/validation.hpp>

#include "support/allocations.hpp"
#include "support/random_pairs.hpp"
#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

using hat::train::DistillationOptions;
using hat::train::taught_by;
using hat::train::Trainer;

namespace {

constexpr int vocab_size = 24;

/// A narrower network than `support::small_architecture`.
hat::model::Architecture narrow_architecture() {
    return hat::model::uniform(
        {.encoder_layers = 1, .decoder_layers = 1, .embed_dim = 16, .ffn_dim = 24, .heads = 2},
        vocab_size, vocab_size);
}

/// A student that learns from a teacher.
struct Run {
    hat::data::Corpus corpus = hat::support::reversed_pairs(120, vocab_size, 1);
    hat::model::Network teacher{hat::support::small_architecture(vocab_size)};
    hat::model::Network student;
    hat::ThreadPool pool;
    Trainer trainer;
    hat::data::BatchPlan plan = hat::data::plan_batches(corpus, {.max_tokens = 150}, 0);
    hat::data::Batch batch;
    DistillationOptions options;

    Run(int threads, const DistillationOptions& distillation, float dropout = 0.1F,
        const hat::model::Architecture& architecture = narrow_architecture())
        : student(architecture), pool(threads),
          trainer(
              student,
              hat::train::InverseSqrtSchedule{
                  .peak_rate = 3e-3, .initial_rate = 1e-4, .warmup = 10},
              {.dropout = {.residual = dropout}, .shards = {.shards = 4, .micro_batch_tokens = 40}},
              pool),
          options(distillation) {
        teacher.initialize(1);
        student.initialize(2);
        batch.reserve(plan);
    }

    hat::train::UpdateResult step() {
        batch.fill(corpus, plan.sentences(static_cast<int>(trainer.updates() % plan.size())));
        trainer.accumulate(
            taught_by(teacher.view(), options,
                      [this](hat::model::Gradients* gradients) { return student.view(gradients); }),
            hat::train::view(batch));
        return trainer.update();
    }
};

bool same_bits(const hat::Slab& a, const hat::Slab& b) {
    return std::equal(a.data(), a.data() + a.size(), b.data(), b.data() + b.size());
}

}  // namespace

TEST_SUITE("train/distillation") {
    TEST_CASE("the loss is that of whole logits, of a teacher without dropout") {
        const DistillationOptions options{.share = 0.7F, .temperature = 2.0F};
        Run run(2, options, 0.0F);
        hat::model::Network student = run.student;
        const auto result = run.step();
        hat::Arena memory;
        hat::Arena scratch;
        hat::autograd::Eval eval(memory, scratch);
        const auto batch = hat::train::view(run.batch);
        const auto teacher = run.teacher.view();
        const auto own = student.view();
        const auto states_of = [&](const auto& model) {
            return hat::train::detail::final_states(eval, model, {}, batch).value;
        };
        const double expected =
            hat::kernels::distilled_cross_entropy(
                states_of(own), own.output.value, batch.target, 0.1F,
                {states_of(teacher), teacher.output.value, options.share, options.temperature}, {},
                scratch)
                .loss;
        CHECK(result.loss.loss == doctest::Approx(expected).epsilon(1e-6));
        CHECK(result.loss_tokens == result.target_tokens);
    }

    TEST_CASE("the teacher stays as it is; the student comes to say what it says") {
        Run run(2, {.share = 1.0F}, 0.0F);
        const hat::Slab before = run.teacher.values();
        const double first = run.step().loss.loss;
        for (int i = 0; i < 20 * run.plan.size() - 1; ++i) run.step();
        CHECK(run.step().loss.loss < 0.5 * first);
        CHECK(same_bits(before, run.teacher.values()));
    }

    TEST_CASE("a teacher that does not count changes nothing but rounding") {
        Run run(1, {.share = 0.0F});
        Run plain(1, {});
        plain.batch.fill(plain.corpus, plain.plan.sentences(0));
        plain.trainer.accumulate(hat::train::view(plain.batch));
        const auto expected = plain.trainer.update();
        const auto result = run.step();
        CHECK(result.loss.loss == doctest::Approx(expected.loss.loss).epsilon(1e-9));
        CHECK(result.gradient_norm == doctest::Approx(expected.gradient_norm).epsilon(1e-5));
    }

    TEST_CASE("who is taught by its own equal learns nothing") {
        Run run(1, {.share = 1.0F}, 0.0F, hat::support::small_architecture(vocab_size));
        run.student.values() = run.teacher.values();
        const auto result = run.step();
        CHECK(result.loss.loss == 0.0);
        CHECK(result.gradient_norm == 0.0);
    }

    TEST_CASE("one and two threads give the same bits") {
        Run one(1, {.temperature = 2.0F});
        Run two(2, {.temperature = 2.0F});
        for (int i = 0; i < 5; ++i) CHECK(one.step().loss.loss == two.step().loss.loss);
        CHECK(same_bits(one.student.values(), two.student.values()));
    }

    TEST_CASE("a steady update makes no heap call") {
        Run run(2, {});
        for (int i = 0; i < 2 * run.plan.size(); ++i) run.step();
        CHECK(hat::support::allocations_in([&] {
                  for (int b = 0; b < run.plan.size(); ++b) run.step();
              }) == 0);
    }

    TEST_CASE("learning aloud is learning, and shows what the logits are made from") {
        Run run(1, {});
        run.batch.fill(run.corpus, run.plan.sentences(0));
        const auto batch = hat::train::view(run.batch);
        hat::Arena memory;
        hat::Arena scratch;
        const hat::nn::DropoutRates rates{.residual = 0.2F};
        const hat::train::MicroBatch micro_batch{batch,  rates,  0.1F, hat::RandomKey(3),
                                                 memory, scratch};
        hat::model::Gradients quiet(run.student.table());
        hat::model::Gradients loud(run.student.table());
        hat::support::Operand states(batch.target_sentences.tokens(), 16);
        const auto expected = learn(run.student.view(&quiet), micro_batch);
        const auto found =
            learn_and_keep_states(run.student.view(&loud), micro_batch, states.view());
        CHECK(found.loss.loss == expected.loss.loss);
        CHECK(same_bits(quiet.values, loud.values));
        // The loss of these states is the loss.
        const auto again = hat::kernels::cross_entropy(
            states.view(), run.student.view().output.value, batch.target, 0.1F, {}, scratch);
        CHECK(again.loss == expected.loss.loss);
    }

    TEST_CASE("options out of range, and a teacher of another vocabulary, are errors") {
        CHECK_THROWS_AS(validate(DistillationOptions{.share = 1.1F}), hat::Error);
        CHECK_THROWS_AS(validate(DistillationOptions{.temperature = 0.0F}), hat::Error);
        hat::model::Architecture other = narrow_architecture();
        other.source_vocab_size = other.target_vocab_size = vocab_size + 1;
        CHECK_THROWS_WITH_AS(hat::train::validate_teacher(other, narrow_architecture()),
                             "distillation: the teacher has target_vocab_size = 25, the student 24",
                             hat::Error);
        CHECK_NOTHROW(hat::train::validate_teacher(hat::support::small_architecture(vocab_size),
                                                   narrow_architecture()));
    }
}
