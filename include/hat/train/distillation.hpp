// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/autograd/distillation.hpp>
#include <hat/autograd/functions.hpp>
#include <hat/autograd/tape.hpp>
#include <hat/core/arena.hpp>
#include <hat/core/error.hpp>
#include <hat/kernels/activation.hpp>
#include <hat/model/network.hpp>
#include <hat/model/transformer.hpp>
#include <hat/train/shards.hpp>

#include <utility>

/// Distillation on words: a student learns from targets and from what a teacher expects at each
/// position (arXiv:1503.02531).
///
///     const auto objective = train::taught_by(teacher.view(), {.share = 0.5F}, make_student);
///     trainer.accumulate(objective, batch);
namespace hat::train {

/// How a teacher takes part in the loss.
struct DistillationOptions {
    float share = 0.5F;        ///< of the loss that is the teacher's, 0 … 1
    float temperature = 1.0F;  ///< that both distributions are softened by
};

/// Throws  `Error` if an option is out of range.
inline void validate(const DistillationOptions& options) {
    if (!(options.share >= 0 && options.share <= 1))
        fail("distillation: share = ", options.share, ", expected 0 to 1");
    if (!(options.temperature > 0 && options.temperature <= 1000))
        fail("distillation: temperature = ", options.temperature,
             ", expected a positive number up to 1000");
}

/// Checks that `teacher` can teach `student`: both read and write the same vocabularies.
///
/// Throws  `Error` saying what differs.
inline void validate_teacher(const model::Architecture& teacher,
                             const model::Architecture& student) {
    const auto same = [](const char* field, int found, int expected) {
        if (found != expected)
            fail("distillation: the teacher has ", field, " = ", found, ", the student ", expected);
    };
    same("target_vocab_size", teacher.target_vocab_size, student.target_vocab_size);
    same("source_vocab_size", teacher.source_vocab_size, student.source_vocab_size);
}

namespace detail {

/// What the logits of a batch are made from.  Shapes  [target tokens, output_dim]
template <class Context, class Weights>
autograd::Variable final_states(Context& context, const model::Transformer<Weights>& model,
                                const nn::DropoutRates& rates, const model::Batch& batch) {
    model::Encoded encoded;
    if (model.architecture.has_encoder())
        encoded = encode(context, model, rates, batch.source, batch.source_sentences);
    return model::decode(context, model, rates, encoded, batch.input, batch.target_sentences)
        .output;
}

}  // namespace detail

/// As `learn`, and leaves in `states` what the network's logits are made from, dropout included:
/// what it can teach others in the same update.
///
/// Shapes  states [target tokens, output_dim]
template <class Weights>
LossSum learn_and_keep_states(const model::Transformer<Weights>& model,
                              const MicroBatch& micro_batch, Matrix states) {
    const model::Batch& batch = micro_batch.batch;
    autograd::Tape tape(micro_batch.memory, micro_batch.scratch, micro_batch.key);
    const auto y = detail::final_states(tape, model, micro_batch.dropout, batch);
    const auto sum =
        autograd::cross_entropy(tape, y, model.output, batch.target, micro_batch.label_smoothing);
    kernels::add(y.value, states, false);
    tape.backward();
    return {sum, batch.target_sentences.tokens()};
}

/// As `learn`, from a teacher, too; `Weights` are trainable.
template <class Weights>
LossSum learn_from(const kernels::SoftTargets& soft_targets,
                   const model::Transformer<Weights>& student, const MicroBatch& micro_batch) {
    const model::Batch& batch = micro_batch.batch;
    autograd::Tape tape(micro_batch.memory, micro_batch.scratch, micro_batch.key,
                        micro_batch.milestones);
    const auto y =
        Weights::multiplied(tape, detail::final_states(tape, student, micro_batch.dropout, batch));
    const auto sum = autograd::distilled_cross_entropy(tape, y, student.output, batch.target,
                                                       micro_batch.label_smoothing, soft_targets);
    tape.backward();
    return {sum, batch.target_sentences.tokens()};
}

/// What makes the objective of a student with a teacher of its own, which drops nothing and does
/// not change: any network with the same vocabularies.
///
/// `make_student(gradients)` makes the student, see `ShardedGradients::add`.
///
/// Throws  `Error` if an option is out of range.
template <class MakeStudent>
[[nodiscard]] auto taught_by(const model::Transformer<nn::Trainable>& teacher,
                             const DistillationOptions& options, MakeStudent make_student) {
    validate(options);
    return [teacher, options, make_student](model::Gradients* gradients) {
        return [&teacher, &options,
                student = make_student(gradients)](const MicroBatch& micro_batch) {
            const model::Batch& batch = micro_batch.batch;
            Arena& memory = micro_batch.memory;
            const Matrix states =
                memory.matrix(batch.target_sentences.tokens(), teacher.architecture.output_dim());
            {
                const ArenaScope scope(memory);
                autograd::Eval eval(memory, micro_batch.scratch);
                kernels::add(detail::final_states(eval, teacher, {}, batch).value, states, false);
            }
            return learn_from({states, teacher.output.value, options.share, options.temperature},
                              student, micro_batch);
        };
    };
}

}  // namespace hat::train
