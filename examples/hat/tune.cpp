// SPDX-License-Identifier: Apache-2.0

/// hat tune: a model, its weights inherited from a SuperTransformer → the model after a few more
/// epochs.

#include <hat/io/architecture_json.hpp>
#include <hat/nn/weights.hpp>
#include <hat/train/distillation.hpp>
#include <hat/train/rounded_network.hpp>

#include "commands.hpp"
#include "flags.hpp"
#include "job.hpp"
#include "model_argument.hpp"
#include "output_directory.hpp"
#include "training_flags.hpp"
#include "training_run.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace hat::program {

namespace {

struct TuneOptions {
    TrainingFlags flags{.schedule = "cosine", .learning_rate = 1e-3, .average_last = 5};
    std::string model, teacher;
    train::DistillationOptions distillation;
    double epochs = 10;
    bool from_scratch = false;
    bool quantised = false;
    bool has_updates = false;
    bool has_warmup = false;
    bool has_learning_rate = false;
};

/// The flags with everything filled in that depends on others.
TrainingFlags resolved(const TuneOptions& options, const TrainingData& data) {
    TrainingFlags flags = options.flags;
    if (!options.has_updates) {
        const int batches =
            data::plan_batches(data.train, {.max_tokens = flags.max_tokens, .seed = flags.seed}, 0)
                .size();
        const double updates = options.epochs * batches / flags.batches_per_update;
        flags.updates = std::max<std::int64_t>(static_cast<std::int64_t>(updates), 1);
    }
    // Random weights need the long warm-up and the rate of a training; inherited ones do not.
    if (!options.has_learning_rate && options.from_scratch) flags.learning_rate = 5e-3;
    if (!options.has_warmup) {
        flags.warmup = options.from_scratch ? std::min<std::int64_t>(2000, flags.updates / 5)
                                            : std::min<std::int64_t>(200, flags.updates / 20);
        flags.warmup = std::max<std::int64_t>(flags.warmup, 1);
    }
    return flags;
}

/// Trains `network`, or what `make(gradients)` makes of it, alone or with a teacher; `prepare()` is
/// called before each update.
template <class Prepare, class Make>
TrainingResult train_alone_or_taught(const TuneOptions& options, const TrainingFlags& flags,
                                     const TrainingRun& run, const LoadedModel* teacher,
                                     model::Network& network, const TrainingData& data,
                                     const Prepare& prepare, const Make& make) {
    ThreadPool pool(run.job.threads(flags.threads));
    const auto run_with = [&](const auto& objective) {
        return run_training(
            flags, run, network, data, pool, [&](std::int64_t) -> const auto& {
                prepare();
                return objective;
            });
    };
    if (teacher == nullptr) return run_with(make);
    return run_with(train::taught_by(teacher->network.view(), options.distillation, make));
}

void tune(const TuneOptions& options, const Job& job) {
    check_shards(options.flags, job);
    const std::string out = without_slash(options.flags.out);
    RunDirectory place(out + ".run", options.flags, job);
    std::optional<OutputDirectory> tuned;
    if (job.is_first())
        tuned.emplace(out, io::DirectoryKind::model, io::model_directory_names,
                      options.flags.overwrite || (options.flags.resume && place.has_training()));
    TrainingData data =
        load_training_data(options.flags.data, corpus_check(options.flags.data, job));
    const TrainingFlags flags = resolved(options, data);
    LoadedModel model(options.model);
    check_vocabulary(model.directory, "--model " + options.model, data.files);
    data.files.merge(model.directory.text_files());  // its shortlist, if the data has none
    model::Network& network = model.network;
    if (options.from_scratch) network.initialize(flags.seed);
    std::optional<LoadedModel> teacher;
    if (!options.teacher.empty()) {
        teacher.emplace(options.teacher);
        check_vocabulary(teacher->directory, "--teacher " + options.teacher, data.files);
        train::validate_teacher(teacher->network.architecture(), network.architecture());
    }

    io::Json what = {{"model", options.model},
                     {"from_scratch", options.from_scratch},
                     {"teacher", options.teacher},
                     {"architecture", io::architecture_to_json(network.architecture())}};
    what["content"] = {{"data", data_content(data, job)},
                       {"model", model_content(model.directory)}};
    if (teacher) {
        what["content"]["teacher"] = model_content(teacher->directory);
        what["distill"] = options.distillation.share;
        what["temperature"] = options.distillation.temperature;
    }
    if (options.quantised) what["quantised"] = true;  // older runs do not say
    const io::Json settings = training_settings(flags, what);
    TrainingRun run{.job = job, .place = place, .settings = settings};
    const auto trained = [&](const auto& prepare, const auto& make) {
        return train_alone_or_taught(options, flags, run, teacher ? &*teacher : nullptr, network,
                                     data, prepare, make);
    };
    TrainingResult result;
    if (options.quantised) {
        run.measure = [&](train::Validator& validator, float label_smoothing) {
            return train::served_loss<nn::PackedInt8>(network, validator, label_smoothing);
        };
        train::RoundedNetwork rounded(network);
        result = trained([&] { rounded.round(); },
                         [&](model::Gradients* gradients) { return rounded.view(gradients); });
    } else {
        result =
            trained([] {}, [&](model::Gradients* gradients) { return network.view(gradients); });
    }
    if (job.is_first())
        save_trained_model(flags.out, file_name(out), network, flags, data, settings, result);
}

}  // namespace

void add_tune(CLI::App& app) {
    auto options = std::make_shared<TuneOptions>();
    CLI::App* command = app.add_subcommand(
        "tune", "Trains a model for a few more epochs, or anew, alone or with a teacher.");
    command->footer(
        "Example:\n  hat tune --model small --data data --teacher super --out tuned\n"
        "Checkpoints and the log are in tuned.run.\n\n"
        "What --quantised makes is stored by hat quantize --weights int8; its losses are "
        "those\nof the rounded network. mpirun -n 2 in front shares the work (if hat is built "
        "with\n"
        "-D HAT_WITH_MPI=ON).");
    command->add_option("--model", options->model, "model directory or run to begin with")
        ->required();
    command->add_option("--out", options->flags.out, "model directory to write")->required();
    const NumberFlags number(*command);
    number("--epochs", options->epochs, {.above = 0, .high = 1e6},
           "over the training data, if --updates is not said");
    command->add_flag("--from-scratch", options->from_scratch,
                      "begin with random weights, and a larger rate unless told");
    command->add_flag("--quantised", options->quantised,
                      "for weights and activations of 8 bits: rounds them in the forward pass as "
                      "hat translate --weights int8 does");
    CLI::Option* teacher = command->add_option(
        "--teacher", options->teacher, "model directory or run whose network teaches word by word");
    number("--distill", options->distillation.share, {.low = 0, .high = 1},
           "share of the loss that is the teacher's")
        ->needs(teacher);
    number("--temperature", options->distillation.temperature, {.low = 0.01F, .high = 1000},
           "that teacher and pupil are softened by")
        ->needs(teacher);
    add_training_flags(*command, options->flags);
    command->get_option("--updates")->default_str("10 epochs");
    command->get_option("--warmup")->default_str("a twentieth of the updates, at most 200");
    command->callback([options, command] {
        options->has_updates = command->count("--updates") > 0;
        options->has_warmup = command->count("--warmup") > 0;
        options->has_learning_rate = command->count("--learning-rate") > 0;
        run_job(*command, [&](const Job& job) { tune(*options, job); });
    });
}

}  // namespace hat::program
