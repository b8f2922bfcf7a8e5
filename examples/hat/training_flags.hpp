// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/threads.hpp>
#include <hat/io/json.hpp>
#include <hat/train/divergence.hpp>
#include <hat/train/schedule.hpp>
#include <hat/train/trainer.hpp>
#include <hat/version.hpp>

#include "flags.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdint>
#include <string>

namespace hat::program {

/// What every training can be told on the command line; the values are the defaults of `hat train`.
struct TrainingFlags {
    std::string data{}, out{};
    std::string schedule = "inverse-sqrt";
    std::int64_t updates = 10000;
    int max_tokens = 4096;
    int batches_per_update = 1;
    double learning_rate = 5e-3;
    double initial_rate = 1e-7;
    double final_rate = 1e-7;
    std::int64_t warmup = 2000;
    double period = 0;
    float dropout = 0.1F;
    float attention_dropout = 0.0F;
    float activation_dropout = 0.0F;
    float unit_dropout = 0.0F;
    float embedding_dropout = 0.0F;
    float position_dropout = 0.0F;
    float softmax_dropout = 0.0F;
    bool full_dropout = false;
    float label_smoothing = 0.1F;
    double clip_norm = 0;
    double weight_decay = 0;
    double beta2 = 0.98;
    int average_last = 10;
    double moving_average = 0;
    std::int64_t validate_every = 0;
    std::int64_t checkpoint_every = 500;
    std::int64_t patience = 0;
    train::DivergenceOptions divergence{};
    int shards = 4;
    int micro_batch_tokens = 512;
    std::uint64_t seed = 1;
    int threads = 0;
    bool resume = false;
    bool overwrite = false;
};

/// Adds all of them to `command`, but for `--out`, whose meaning differs.
inline void add_training_flags(CLI::App& command, TrainingFlags& flags) {
    command.add_option("--data", flags.data, "what `hat prepare` made")->required();
    const NumberFlags number(command);
    constexpr int most = 1'000'000'000;
    const Range<float> share{.low = 0, .high = 0.99F};
    number("--updates", flags.updates, {.low = 1, .high = most}, "updates in all");
    number("--max-tokens", flags.max_tokens, {.low = 1, .high = most}, "target tokens a batch");
    number("--batches-per-update", flags.batches_per_update, {.low = 1, .high = most},
           "batches an update");
    command.add_option("--schedule", flags.schedule, "of the learning rate")
        ->check(CLI::IsMember({"inverse-sqrt", "cosine", "linear"}))
        ->capture_default_str();
    number("--learning-rate", flags.learning_rate, {.above = 0, .high = most}, "its peak");
    number("--initial-rate", flags.initial_rate, {.low = 0, .high = most},
           "learning rate of the first update");
    number("--final-rate", flags.final_rate, {.low = 0, .high = most},
           "lowest rate (cosine, linear)");
    number("--warmup", flags.warmup, {.low = 1, .high = most}, "updates to the peak");
    number("--period", flags.period, {.low = 0, .high = most},
           "updates from peak to lowest rate, then it restarts (cosine); 0: all after the warm-up");
    number("--dropout", flags.dropout, share, "behind embeddings and sublayers");
    number("--attention-dropout", flags.attention_dropout, share, "on attention probabilities");
    number("--activation-dropout", flags.activation_dropout, share, "inside feed-forward layers");
    number("--unit-dropout", flags.unit_dropout, share, "in every layer of DExTra units");
    number("--embedding-dropout", flags.embedding_dropout, share,
           "shared by all tokens of a sentence, on embeddings that a DExTra widens");
    number("--position-dropout", flags.position_dropout, share,
           "likewise, behind the sum with the positions");
    number("--softmax-dropout", flags.softmax_dropout, share, "in front of an adaptive softmax");
    command.add_flag("--full-dropout", flags.full_dropout,
                     "sub-networks too, which otherwise drop less the narrower they are");
    number("--label-smoothing", flags.label_smoothing, share, "share of the uniform distribution");
    number("--clip-norm", flags.clip_norm, {.low = 0, .high = most},
           "largest gradient norm; 0: any");
    number("--weight-decay", flags.weight_decay, {.low = 0, .high = most}, "decoupled");
    number("--beta2", flags.beta2, {.low = 0, .high = 0.99999}, "Adam's second decay");
    number("--average-last", flags.average_last, {.low = 1, .high = 1000},
           "the model is the mean of the parameters at this many last validations");
    number("--moving-average", flags.moving_average, {.low = 0, .high = 0.999999},
           "decay of a moving average of the parameters; 0: none");
    number("--validate-every", flags.validate_every, {.low = 0, .high = most},
           "updates; 0: after each epoch");
    number("--checkpoint-every", flags.checkpoint_every, {.low = 1, .high = most}, "updates");
    number("--patience", flags.patience, {.low = 0, .high = most},
           "stop after so many validations without a better loss; 0: never");
    number("--max-skipped", flags.divergence.skipped, {.low = 0, .high = most},
           "give up after so many updates in a row without a finite gradient; 0: never");
    number("--max-guessing", flags.divergence.worse_than_guessing, {.low = 0, .high = most},
           "give up after so many updates in a row that are worse than guessing; 0: never");
    number("--shards", flags.shards, {.low = 1, .high = 1024},
           "parts of a batch with gradients of their own: the most threads it can use");
    number("--micro-batch-tokens", flags.micro_batch_tokens, {.low = 1, .high = most},
           "target tokens that go through the network together");
    number("--seed", flags.seed, {}, "of weights, batches and dropout");
    number("--threads", flags.threads, {.low = 0, .high = ThreadPool::max_threads},
           "0: all cores, shared with other ranks on them");
    command.add_flag("--resume", flags.resume, "go on after the newest checkpoint")
        ->excludes(command.add_flag("--overwrite", flags.overwrite,
                                    "replace the training, and its model, that are at --out"));
}

inline train::Schedule make_schedule(const TrainingFlags& flags) {
    if (flags.schedule == "cosine") {
        return train::CosineSchedule{.peak_rate = flags.learning_rate,
                                     .minimal_rate = flags.final_rate,
                                     .initial_rate = flags.initial_rate,
                                     .warmup = flags.warmup,
                                     .period = flags.period > 0
                                                   ? flags.period
                                                   : static_cast<double>(std::max<std::int64_t>(
                                                         flags.updates - flags.warmup, 1))};
    }
    if (flags.schedule == "linear") {
        return train::LinearSchedule{.peak_rate = flags.learning_rate,
                                     .initial_rate = flags.initial_rate,
                                     .final_rate = flags.final_rate,
                                     .warmup = flags.warmup,
                                     .updates = flags.updates};
    }
    return train::InverseSqrtSchedule{.peak_rate = flags.learning_rate,
                                      .initial_rate = flags.initial_rate,
                                      .warmup = flags.warmup};
}

inline train::TrainerOptions trainer_options(const TrainingFlags& flags) {
    return {.dropout = {.residual = flags.dropout,
                        .attention = flags.attention_dropout,
                        .activation = flags.activation_dropout,
                        .unit = flags.unit_dropout,
                        .embedding = flags.embedding_dropout,
                        .position = flags.position_dropout,
                        .softmax = flags.softmax_dropout,
                        .scaled_by_width = !flags.full_dropout},
            .label_smoothing = flags.label_smoothing,
            .clip_norm = flags.clip_norm,
            .adam = {.beta2 = flags.beta2, .weight_decay = flags.weight_decay},
            .shards = {.shards = flags.shards, .micro_batch_tokens = flags.micro_batch_tokens},
            .seed = flags.seed};
}

/// All that decides what an update computes, as `io::settings_difference` compares it: the data,
/// `what` is trained, and the flags; neither threads nor where it is written. How many updates
/// there are belongs to it only if the schedule asks: a training can be made longer.
inline io::Json training_settings(const TrainingFlags& flags, const io::Json& what) {
    io::Json settings = {{"data", flags.data}};
    settings.update(what);
    settings.update({{"schedule", flags.schedule},
                     {"max_tokens", flags.max_tokens},
                     {"batches_per_update", flags.batches_per_update},
                     {"learning_rate", flags.learning_rate},
                     {"initial_rate", flags.initial_rate},
                     {"final_rate", flags.final_rate},
                     {"warmup", flags.warmup},
                     {"dropout", flags.dropout},
                     {"attention_dropout", flags.attention_dropout},
                     {"activation_dropout", flags.activation_dropout},
                     {"unit_dropout", flags.unit_dropout},
                     {"embedding_dropout", flags.embedding_dropout},
                     {"position_dropout", flags.position_dropout},
                     {"softmax_dropout", flags.softmax_dropout},
                     {"label_smoothing", flags.label_smoothing},
                     {"clip_norm", flags.clip_norm},
                     {"weight_decay", flags.weight_decay},
                     {"beta2", flags.beta2},
                     {"moving_average", flags.moving_average},
                     {"average_last", flags.average_last},
                     {"validate_every", flags.validate_every},
                     {"shards", flags.shards},
                     {"micro_batch_tokens", flags.micro_batch_tokens},
                     {"seed", flags.seed},
                     {"hat_version", std::string(version)}});
    if (flags.full_dropout) settings["full_dropout"] = true;  // older runs do not say
    if (flags.period > 0) settings["period"] = flags.period;  // nor of this
    if (flags.schedule != "inverse-sqrt") settings["updates"] = flags.updates;
    return settings;
}

}  // namespace hat::program
