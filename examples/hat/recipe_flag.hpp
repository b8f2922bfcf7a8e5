// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/train/delight_recipe.hpp>

#include "training_flags.hpp"

#include <CLI/CLI.hpp>

#include <string>
#include <type_traits>
#include <variant>

namespace hat::program {

/// Sets the flags that `command` was not given to what a published training of a model of width
/// `dim` had.
///
/// Throws  `Error` if there is no such recipe, or it is for the other task.
inline void follow_recipe(const CLI::App& command, const std::string& name, bool language_model,
                          int dim, TrainingFlags& flags) {
    const train::DeLighTRecipe recipe = train::delight_recipe(name, dim);
    if (recipe.language_model != language_model) {
        fail("--recipe ", name, ": is for --task ",
             recipe.language_model ? "language-model" : "translation");
    }
    const auto set = [&](const char* flag, auto& value, auto published) {
        if (command.get_option(flag)->count() == 0)
            value = static_cast<std::remove_reference_t<decltype(value)>>(published);
    };
    if (const auto* const cosine = std::get_if<train::CosineSchedule>(&recipe.schedule)) {
        set("--schedule", flags.schedule, "cosine");
        set("--period", flags.period, cosine->period);
        set("--final-rate", flags.final_rate, cosine->minimal_rate);
    } else {
        const auto& line = std::get<train::LinearSchedule>(recipe.schedule);
        set("--schedule", flags.schedule, "linear");
        set("--final-rate", flags.final_rate, line.final_rate);
    }
    std::visit(
        [&](const auto& schedule) {
            set("--learning-rate", flags.learning_rate, schedule.peak_rate);
            set("--initial-rate", flags.initial_rate, schedule.initial_rate);
            set("--warmup", flags.warmup, schedule.warmup);
        },
        recipe.schedule);
    set("--updates", flags.updates, recipe.updates);
    set("--max-tokens", flags.max_tokens, recipe.max_tokens);
    set("--batches-per-update", flags.batches_per_update, recipe.batches_per_update);
    set("--dropout", flags.dropout, recipe.dropout.residual);
    set("--attention-dropout", flags.attention_dropout, recipe.dropout.attention);
    set("--unit-dropout", flags.unit_dropout, recipe.dropout.dextra);
    set("--embedding-dropout", flags.embedding_dropout, recipe.dropout.embedding);
    set("--position-dropout", flags.position_dropout, recipe.dropout.position);
    set("--softmax-dropout", flags.softmax_dropout, recipe.softmax_dropout);
    set("--label-smoothing", flags.label_smoothing, recipe.label_smoothing);
    set("--weight-decay", flags.weight_decay, recipe.weight_decay);
}

}  // namespace hat::program
