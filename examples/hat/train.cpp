// SPDX-License-Identifier: Apache-2.0

/// hat train: training data and an architecture → a model.

#include <hat/core/threads.hpp>
#include <hat/io/atomic_file.hpp>
#include <hat/io/json.hpp>
#include <hat/io/model_card.hpp>
#include <hat/io/model_directory.hpp>
#include <hat/io/slab.hpp>
#include <hat/io/text_file.hpp>
#include <hat/model/counts.hpp>
#include <hat/model/network.hpp>
#include <hat/train/training.hpp>
#include <hat/version.hpp>

#include "architecture_argument.hpp"
#include "commands.hpp"
#include "data_directory.hpp"

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

namespace hat::program {

namespace {

struct TrainOptions {
    std::string data, architecture = "tiny", out, init, task = "translation";
    std::string schedule = "inverse-sqrt";
    std::int64_t updates = 10000;
    int max_tokens = 4096;
    int batches_per_update = 1;
    double learning_rate = 5e-3;
    double initial_rate = 1e-7;
    double final_rate = 1e-7;
    std::int64_t warmup = 2000;
    float dropout = 0.1F;
    float attention_dropout = 0.0F;
    float activation_dropout = 0.0F;
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

volatile std::sig_atomic_t stop_signal = 0;  // NOLINT: a signal handler can set nothing else

extern "C" void note_signal(int signal) {
    stop_signal = signal;
    std::signal(signal, SIG_DFL);  // a second one ends the program at once
}

train::Schedule make_schedule(const TrainOptions& options) {
    if (options.schedule == "cosine") {
        return train::CosineSchedule{.peak_rate = options.learning_rate,
                                     .minimal_rate = options.final_rate,
                                     .initial_rate = options.initial_rate,
                                     .warmup = options.warmup,
                                     .period = static_cast<double>(std::max<std::int64_t>(
                                         options.updates - options.warmup, 1))};
    }
    if (options.schedule == "linear") {
        return train::LinearSchedule{.peak_rate = options.learning_rate,
                                     .initial_rate = options.initial_rate,
                                     .final_rate = options.final_rate,
                                     .warmup = options.warmup,
                                     .updates = options.updates};
    }
    return train::InverseSqrtSchedule{.peak_rate = options.learning_rate,
                                      .initial_rate = options.initial_rate,
                                      .warmup = options.warmup};
}

train::TrainerOptions trainer_options(const TrainOptions& options) {
    return {.dropout = {.residual = options.dropout,
                        .attention = options.attention_dropout,
                        .activation = options.activation_dropout},
            .label_smoothing = options.label_smoothing,
            .clip_norm = options.clip_norm,
            .adam = {.beta2 = options.beta2, .weight_decay = options.weight_decay},
            .shards = {.shards = options.shards, .micro_batch_tokens = options.micro_batch_tokens},
            .seed = options.seed};
}

/// All that decides what an update computes; neither threads nor where it is written. How many
/// updates there are belongs to it only if the schedule asks: a training can be made longer.
io::Json configuration(const TrainOptions& options, const model::Architecture& architecture) {
    io::Json settings = {{"data", options.data},
                         {"init", options.init},
                         {"architecture", io::architecture_to_json(architecture)},
                         {"schedule", options.schedule},
                         {"max_tokens", options.max_tokens},
                         {"batches_per_update", options.batches_per_update},
                         {"learning_rate", options.learning_rate},
                         {"initial_rate", options.initial_rate},
                         {"final_rate", options.final_rate},
                         {"warmup", options.warmup},
                         {"dropout", options.dropout},
                         {"attention_dropout", options.attention_dropout},
                         {"activation_dropout", options.activation_dropout},
                         {"label_smoothing", options.label_smoothing},
                         {"clip_norm", options.clip_norm},
                         {"weight_decay", options.weight_decay},
                         {"beta2", options.beta2},
                         {"moving_average", options.moving_average},
                         {"average_last", options.average_last},
                         {"validate_every", options.validate_every},
                         {"shards", options.shards},
                         {"micro_batch_tokens", options.micro_batch_tokens},
                         {"seed", options.seed},
                         {"hat_version", std::string(version)}};
    if (options.schedule != "inverse-sqrt") settings["updates"] = options.updates;
    return settings;
}

/// Starts from the weights of a model directory of the same architecture.
void initialize_from(model::Network& network, const std::string& path) {
    const auto directory = io::ModelDirectory::open(path);
    if (directory.config().architecture != network.architecture()) {
        fail("--init ", path, ": has another architecture than this training");
    }
    directory.load_weights(network.table(), network.values());
}

void save_model(const TrainOptions& options, const model::Network& network,
                const TrainingData& data, const io::Json& settings, std::int64_t updates,
                double loss) {
    const auto& special = data.subword.special();
    const io::ModelConfig config{.architecture = network.architecture(),
                                 .special_tokens = {.unk = special.unk,
                                                    .bos = special.bos,
                                                    .eos = special.eos,
                                                    .pad = special.pad},
                                 .provenance = {{"training", settings.dump()},
                                                {"updates", std::to_string(updates)},
                                                {"validation_loss", std::to_string(loss)},
                                                {"hat_version", std::string(version)}}};
    const std::string data_config = DataDirectory{options.data}.configuration();
    const io::ModelCard card{.name = std::filesystem::path(options.out).filename().string(),
                             .source_language = "source",
                             .target_language = "target",
                             .training_data = std::filesystem::exists(data_config)
                                                  ? io::read_file(data_config)
                                                  : options.data};
    const std::string path = options.out + "/model";
    io::save_model_directory(path, config, network.table(), network.values(), data.subword.bytes(),
                             io::model_card_to_markdown(card, config.architecture));
    std::printf("%s\n", path.c_str());
}

void train(const TrainOptions& options) {
    if (options.task != "translation") {
        fail("--task ", options.task, ": only translation can be trained");
    }
    const TrainingData data = load_training_data(options.data);
    const auto architecture = architecture_argument(options.architecture, data.subword.size());
    if (architecture.target_vocab_size != data.subword.size() ||
        architecture.source_vocab_size != data.subword.size()) {
        fail("--architecture ", options.architecture, ": has vocabularies of ",
             architecture.source_vocab_size, " and ", architecture.target_vocab_size,
             ", but the data one of ", data.subword.size());
    }
    ThreadPool pool(options.threads);
    model::Network network(architecture);
    if (options.init.empty())
        network.initialize(options.seed);
    else
        initialize_from(network, options.init);
    train::Trainer trainer(network, make_schedule(options), trainer_options(options), pool);
    const io::Json settings = configuration(options, architecture);
    train::Training training(trainer, data.train, data.validation,
                             {.updates = options.updates,
                              .batches = {.max_tokens = options.max_tokens, .seed = options.seed},
                              .batches_per_update = options.batches_per_update,
                              .validate_every = options.validate_every,
                              .checkpoint_every = options.checkpoint_every,
                              .average_last = options.average_last,
                              .patience = options.patience,
                              .moving_average = options.moving_average,
                              .directory = options.out,
                              .configuration = settings.dump()},
                             pool);

    const bool has_run = std::filesystem::exists(options.out + "/config.json");
    if (has_run && !options.resume) {
        fail(options.out,
             ": holds a training already; go on with --resume, or choose another --out");
    }
    std::error_code error;
    std::filesystem::create_directories(options.out, error);
    if (error) fail(options.out, ": cannot make the directory: ", error.message());
    if (options.resume) {
        if (training.resume()) {
            std::fprintf(stderr, "resumed after update %lld\n",
                         static_cast<long long>(training.position().update));
        } else {
            std::fprintf(stderr, "%s: no checkpoint to resume from; begins anew\n",
                         options.out.c_str());
        }
    }
    io::write_file(options.out + "/config.json", settings.dump(2) + "\n");
    std::fprintf(stderr, "%lld parameters, %lld of them in layers; %d training pairs; %d threads\n",
                 static_cast<long long>(model::parameters(architecture)),
                 static_cast<long long>(model::layer_parameters(architecture)), data.train.size(),
                 pool.size());

    std::signal(SIGINT, note_signal);
    std::signal(SIGTERM, note_signal);
    const auto end = training.run(
        [&](std::int64_t) {
            return [&](model::Gradients* gradients) { return network.view(gradients); };
        },
        [] { return stop_signal != 0; });
    if (end == train::TrainingEnd::stopped) {
        fail("stopped by a signal after update ", training.position().update,
             "; go on with --resume");
    }
    if (end == train::TrainingEnd::patience) {
        std::fprintf(stderr, "stopped: %lld validations without a better loss\n",
                     static_cast<long long>(options.patience));
    }
    network.values() = training.averaged_parameters();
    const auto result = training.validate();
    std::fprintf(stderr, "mean of the last parameters: validation loss %.4f  perplexity %.3f\n",
                 result.loss(), result.perplexity());
    save_model(options, network, data, settings, training.position().update, result.loss());
}

}  // namespace

void add_train(CLI::App& app) {
    auto options = std::make_shared<TrainOptions>();
    CLI::App* command = app.add_subcommand("train", "Trains a network on prepared data.");
    command->footer("Example:\n  hat train --data data --architecture tiny --updates 7000 "
                    "--dropout 0.3 --out run\nThe model is in run/model then.");
    command->add_option("--data", options->data, "what `hat prepare` made")->required();
    command->add_option("--architecture", options->architecture, "YAML file, or tiny, base or big")
        ->capture_default_str();
    command->add_option("--out", options->out, "directory of the run")->required();
    command->add_option("--init", options->init, "start from this model's weights");
    command->add_option("--task", options->task, "translation")->capture_default_str();
    const auto number = [&](const char* name, auto& value, const char* text) {
        return command->add_option(name, value, text)->capture_default_str();
    };
    number("--updates", options->updates, "updates in all")->check(CLI::PositiveNumber);
    number("--max-tokens", options->max_tokens, "target tokens a batch")
        ->check(CLI::PositiveNumber);
    number("--batches-per-update", options->batches_per_update, "batches an update")
        ->check(CLI::PositiveNumber);
    number("--schedule", options->schedule, "of the learning rate")
        ->check(CLI::IsMember({"inverse-sqrt", "cosine", "linear"}));
    number("--learning-rate", options->learning_rate, "its peak")->check(CLI::PositiveNumber);
    number("--initial-rate", options->initial_rate, "learning rate of the first update")
        ->check(CLI::NonNegativeNumber);
    number("--final-rate", options->final_rate, "lowest rate (cosine, linear)")
        ->check(CLI::NonNegativeNumber);
    number("--warmup", options->warmup, "updates to the peak")->check(CLI::PositiveNumber);
    number("--dropout", options->dropout, "behind embeddings and sublayers")
        ->check(CLI::Range(0.0, 0.99));
    number("--attention-dropout", options->attention_dropout, "on attention probabilities")
        ->check(CLI::Range(0.0, 0.99));
    number("--activation-dropout", options->activation_dropout, "inside feed-forward layers")
        ->check(CLI::Range(0.0, 0.99));
    number("--label-smoothing", options->label_smoothing, "share of the uniform distribution")
        ->check(CLI::Range(0.0, 0.99));
    number("--clip-norm", options->clip_norm, "largest gradient norm; 0: any")
        ->check(CLI::NonNegativeNumber);
    number("--weight-decay", options->weight_decay, "decoupled")->check(CLI::NonNegativeNumber);
    number("--beta2", options->beta2, "Adam's second decay")->check(CLI::Range(0.0, 0.99999));
    number("--average-last", options->average_last,
           "the model is the mean of the parameters at this many last validations")
        ->check(CLI::Range(1, 1000));
    number("--moving-average", options->moving_average,
           "decay of a moving average of the parameters; 0: none")
        ->check(CLI::Range(0.0, 0.999999));
    number("--validate-every", options->validate_every, "updates; 0: after each epoch")
        ->check(CLI::NonNegativeNumber);
    number("--checkpoint-every", options->checkpoint_every, "updates")->check(CLI::PositiveNumber);
    number("--patience", options->patience,
           "stop after so many validations without a better loss; 0: never")
        ->check(CLI::NonNegativeNumber);
    number("--shards", options->shards,
           "parts of a batch with gradients of their own: the most threads it can use")
        ->check(CLI::Range(1, 1024));
    number("--micro-batch-tokens", options->micro_batch_tokens,
           "target tokens that go through the network together")
        ->check(CLI::PositiveNumber);
    number("--seed", options->seed, "of weights, batches and dropout");
    number("--threads", options->threads, "0: all cores")->check(CLI::NonNegativeNumber);
    command->add_flag("--resume", options->resume, "go on after the newest checkpoint");
    command->callback([options] { train(*options); });
}

}  // namespace hat::program
