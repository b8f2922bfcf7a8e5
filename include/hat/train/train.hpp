// SPDX-License-Identifier: Apache-2.0
#pragma once

/// `hat/train`: from random weights to a model.
///
/// `Trainer` makes updates: gradients of a batch on several threads (`ShardedGradients`), clipping,
/// `Adam`, a `Schedule`. `check_corpus` tells whether a network can read a corpus.
/// `TrainingLoop` runs a whole training over a corpus, with validations and patience; `Training`
/// (training.hpp, which needs nlohmann-json) adds checkpoints it resumes from, and a log.
///
///     hat::train::Trainer trainer(network, schedule, {.dropout = {.residual = 0.3F}}, pool);
///     trainer.accumulate(batch);
///     const auto result = trainer.update();
///
/// `RoundedNetwork` is a network that is trained for what serving in 8 bits rounds.
///
/// To be included alone: `measure_perplexity` (perplexity.hpp), which scores a language model on a
/// text with overlapping windows, and distillation of one network into another (distillation.hpp).
///
/// The same seed and data give the same bits on any number of threads of one machine.
///
/// Limits: single precision.

#include <hat/train/adam.hpp>
#include <hat/train/clipping.hpp>
#include <hat/train/corpus_check.hpp>
#include <hat/train/divergence.hpp>
#include <hat/train/exponential_average.hpp>
#include <hat/train/rounded_network.hpp>
#include <hat/train/schedule.hpp>
#include <hat/train/shards.hpp>
#include <hat/train/trainer.hpp>
#include <hat/train/training_loop.hpp>
#include <hat/train/training_state.hpp>
#include <hat/train/validation.hpp>
