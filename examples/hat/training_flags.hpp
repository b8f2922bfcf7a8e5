// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/io/json.hpp>
#include <hat/train/schedule.hpp>
#include <hat/train/trainer.hpp>
#include <hat/version.hpp>

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
    int shards = 4;
    int micro_batch_tokens = 512;
    std::uint64_t seed = 1;
    int threads = 0;
    bool resume = false;
};

/// Adds all of them to `command`, but for `--out`, whose meaning differs.
inline void add_training_flags(CLI::App& command, TrainingFlags& flags) {
    command.add_option("--data", flags.data, "what `hat prepare` made")->required();
    const auto number = [&](const char* name, auto& value, const char* text) {
        return command.add_option(name, value, text)->capture_default_str();
    };
    number("--updates", flags.updates, "updates in all")->check(CLI::PositiveNumber);
    number("--max-tokens", flags.max_tokens, "target tokens a batch")->check(CLI::PositiveNumber);
    number("--batches-per-update", flags.batches_per_update, "batches an update")
        ->check(CLI::PositiveNumber);
    number("--schedule", flags.schedule, "of the learning rate")
        ->check(CLI::IsMember({"inverse-sqrt", "cosine", "linear"}));
    number("--learning-rate", flags.learning_rate, "its peak")->check(CLI::PositiveNumber);
    number("--initial-rate", flags.initial_rate, "learning rate of the first update")
        ->check(CLI::NonNegativeNumber);
    number("--final-rate", flags.final_rate, "lowest rate (cosine, linear)")
        ->check(CLI::NonNegativeNumber);
    number("--warmup", flags.warmup, "updates to the peak")->check(CLI::PositiveNumber);
    number("--period", flags.period,
           "updates from peak to lowest rate, then it restarts (cosine); 0: all after the warm-up")
        ->check(CLI::NonNegativeNumber);
    number("--dropout", flags.dropout, "behind embeddings and sublayers")
        ->check(CLI::Range(0.0, 0.99));
    number("--attention-dropout", flags.attention_dropout, "on attention probabilities")
        ->check(CLI::Range(0.0, 0.99));
    number("--activation-dropout", flags.activation_dropout, "inside feed-forward layers")
        ->check(CLI::Range(0.0, 0.99));
    number("--unit-dropout", flags.unit_dropout, "in every layer of DExTra units")
        ->check(CLI::Range(0.0, 0.99));
    number("--embedding-dropout", flags.embedding_dropout,
           "shared by all tokens of a sentence, on embeddings that a DExTra widens")
        ->check(CLI::Range(0.0, 0.99));
    number("--position-dropout", flags.position_dropout,
           "likewise, behind the sum with the positions")
        ->check(CLI::Range(0.0, 0.99));
    number("--softmax-dropout", flags.softmax_dropout, "in front of an adaptive softmax")
        ->check(CLI::Range(0.0, 0.99));
    command.add_flag("--full-dropout", flags.full_dropout,
                     "sub-networks too, which otherwise drop less the narrower they are");
    number("--label-smoothing", flags.label_smoothing, "share of the uniform distribution")
        ->check(CLI::Range(0.0, 0.99));
    number("--clip-norm", flags.clip_norm, "largest gradient norm; 0: any")
        ->check(CLI::NonNegativeNumber);
    number("--weight-decay", flags.weight_decay, "decoupled")->check(CLI::NonNegativeNumber);
    number("--beta2", flags.beta2, "Adam's second decay")->check(CLI::Range(0.0, 0.99999));
    number("--average-last", flags.average_last,
           "the model is the mean of the parameters at this many last validations")
        ->check(CLI::Range(1, 1000));
    number("--moving-average", flags.moving_average,
           "decay of a moving average of the parameters; 0: none")
        ->check(CLI::Range(0.0, 0.999999));
    number("--validate-every", flags.validate_every, "updates; 0: after each epoch")
        ->check(CLI::NonNegativeNumber);
    number("--checkpoint-every", flags.checkpoint_every, "updates")->check(CLI::PositiveNumber);
    number("--patience", flags.patience,
           "stop after so many validations without a better loss; 0: never")
        ->check(CLI::NonNegativeNumber);
    number("--shards", flags.shards,
           "parts of a batch with gradients of their own: the most threads it can use")
        ->check(CLI::Range(1, 1024));
    number("--micro-batch-tokens", flags.micro_batch_tokens,
           "target tokens that go through the network together")
        ->check(CLI::PositiveNumber);
    number("--seed", flags.seed, "of weights, batches and dropout");
    number("--threads", flags.threads, "0: all cores")->check(CLI::NonNegativeNumber);
    command.add_flag("--resume", flags.resume, "go on after the newest checkpoint");
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

/// All that decides what an update computes: the data, `what` is trained, and the flags; neither
/// threads nor where it is written. How many updates there are belongs to it only if the schedule
/// asks: a training can be made longer.
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
