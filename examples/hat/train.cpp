// SPDX-License-Identifier: Apache-2.0

/// hat train: training data and an architecture, or a design space → a translator, a language model
/// or a SuperTransformer.

#include <hat/core/error.hpp>
#include <hat/elastic/design_space.hpp>
#include <hat/elastic/spaces.hpp>
#include <hat/elastic/super_training.hpp>
#include <hat/io/architecture_json.hpp>
#include <hat/io/model_directory.hpp>
#include <hat/train/perplexity.hpp>

#include "architecture_argument.hpp"
#include "commands.hpp"
#include "job.hpp"
#include "language_data.hpp"
#include "model_argument.hpp"
#include "recipe_flag.hpp"
#include "space_argument.hpp"
#include "training_flags.hpp"
#include "training_run.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace hat::program {

namespace {

struct TrainOptions {
    TrainingFlags flags;
    const CLI::App* command = nullptr;
    std::string architecture, space, init, task = "translation", recipe;
    int block = 512;
    elastic::SuperTrainingOptions super;
    elastic::SuperValidationOptions validation;
    std::optional<int> sandwich;
};

const std::map<std::string, elastic::Sampler> samplers{{"uniform", elastic::Sampler::uniform},
                                                       {"reference", elastic::Sampler::reference}};
const std::map<std::string, elastic::ScoredBy> scores{{"mean", elastic::ScoredBy::mean},
                                                      {"largest", elastic::ScoredBy::largest},
                                                      {"smallest", elastic::ScoredBy::smallest},
                                                      {"random", elastic::ScoredBy::random}};

/// Random or loaded weights; what is to be told of the content of data and weights.
template <class Data>
io::Json initialize(model::Network& network, const TrainOptions& options, const Job& job,
                    const Data& data) {
    io::Json content = {{"data", data_content(data, job)}};
    if (options.init.empty()) {
        network.initialize(options.flags.seed);
        return content;
    }
    const auto directory = io::ModelDirectory::open(model_path(options.init));
    if (directory.config().architecture != network.architecture()) {
        fail("--init ", options.init, ": has another architecture than this training");
    }
    check_vocabulary(directory, "--init " + options.init, data.text_files());
    directory.load_weights(network.table(), network.values());
    content["init"] = model_content(directory);
    return content;
}

template <class Data>
void finish(const TrainOptions& options, const Job& job, const model::Network& network,
            const Data& data, const io::Json& settings, const TrainingResult& result) {
    if (!job.is_first()) return;
    save_trained_model(options.flags.out + "/model", file_name(options.flags.out), network,
                       options.flags, data, settings, result);
}

/// Trains all of `network` in every update, and writes the model.
template <class Data>
void train_whole(const TrainOptions& options, const Job& job, RunDirectory& place,
                 const io::Json& settings, model::Network& network, const Data& data,
                 ThreadPool& pool) {
    const auto whole = [&](model::Gradients* gradients) { return network.view(gradients); };
    const auto result =
        run_training(options.flags, {.job = job, .place = place, .settings = settings}, network,
                     data, pool, [&](std::int64_t) { return whole; });
    finish(options, job, network, data, settings, result);
}

/// The flags that were not given, as `--recipe` says.
void follow_recipe(TrainOptions& options, const model::Architecture& architecture) {
    if (options.recipe.empty()) return;
    follow_recipe(*options.command, options.recipe, options.task == "language-model",
                  architecture.decoder.embed_dim, options.flags);
}

void train_network(TrainOptions options, const Job& job, const TrainingData& data,
                   RunDirectory& place) {
    const auto architecture = architecture_argument(
        options.architecture.empty() ? "tiny" : options.architecture, data.subword.size());
    if (!architecture.has_encoder()) {
        fail("--architecture ", options.architecture,
             ": has no encoder, so it is for --task language-model");
    }
    if (architecture.target_vocab_size != data.subword.size() ||
        architecture.source_vocab_size != data.subword.size()) {
        fail("--architecture ", options.architecture, ": has vocabularies of ",
             architecture.source_vocab_size, " and ", architecture.target_vocab_size,
             ", but the data one of ", data.subword.size());
    }
    follow_recipe(options, architecture);
    ThreadPool pool(job.threads(options.flags.threads));
    model::Network network(architecture);
    io::Json content = initialize(network, options, job, data);
    const io::Json settings =
        training_settings(options.flags, {{"init", options.init},
                                          {"architecture", io::architecture_to_json(architecture)},
                                          {"content", std::move(content)}});
    train_whole(options, job, place, settings, network, data, pool);
}

/// Throws  `Error` if the architecture is no language model for blocks of this vocabulary.
void check_language_model(const TrainOptions& options, model::Network& network, int vocab_size) {
    const std::string where = "--architecture " + options.architecture;
    const model::Architecture& architecture = network.architecture();
    if (architecture.has_encoder()) {
        fail(where, ": has an encoder, but a language model has none");
    }
    if (architecture.target_vocab_size != vocab_size) {
        fail(where, ": has a vocabulary of ", architecture.target_vocab_size,
             ", but the data one of ", vocab_size);
    }
    if (const int longest = train::max_text_length(network.view()); options.block > longest) {
        fail("--block ", options.block, ": the network has positions for ", longest, " tokens");
    }
    if (options.block > options.flags.max_tokens) {
        fail("--block ", options.block, ": a batch has --max-tokens ", options.flags.max_tokens);
    }
}

void train_language_model(TrainOptions options, const Job& job, RunDirectory& place) {
    if (options.architecture.empty()) options.architecture = "tiny-lm";
    TextData text = load_text_data(options.flags.data, corpus_check(options.flags.data, job));
    const int vocab_size = text.vocab_size;
    const auto architecture = architecture_argument(options.architecture, vocab_size);
    follow_recipe(options, architecture);
    ThreadPool pool(job.threads(options.flags.threads));
    model::Network network(architecture);
    check_language_model(options, network, vocab_size);
    const BlockData data(std::move(text), options.block);
    io::Json content = initialize(network, options, job, data);
    const io::Json settings =
        training_settings(options.flags, {{"task", options.task},
                                          {"block", options.block},
                                          {"init", options.init},
                                          {"architecture", io::architecture_to_json(architecture)},
                                          {"content", std::move(content)}});
    train_whole(options, job, place, settings, network, data, pool);
}

/// Networks that are served with a shortlist have that of their data.
void require_shortlist(const TrainOptions& options, const elastic::DesignSpace& space,
                       const TrainingData& data) {
    const auto& choices = space.listed_tokens;
    if (std::all_of(choices.begin(), choices.end(), [](int tokens) { return tokens == 0; })) return;
    if (!data.files.contains(io::shortlist_file_name))
        fail("--data: ", options.flags.data, " has no shortlist, which networks of --space ",
             options.space, " are served with (listed-tokens-choice); hat prepare --data ",
             options.flags.data, " --shortlist 100 --out … adds one");
}

void train_super_transformer(const TrainOptions& options, const Job& job, const TrainingData& data,
                             RunDirectory& place) {
    const elastic::DesignSpace space = space_argument(options.space, data.subword.size());
    require_shortlist(options, space, data);
    elastic::SuperTrainingOptions super_options = options.super;
    super_options.seed = options.flags.seed;
    if (options.sandwich) {
        super_options.sandwich = true;
        super_options.random_networks = *options.sandwich;
    }
    elastic::SuperValidationOptions validation = options.validation;
    validation.seed = options.flags.seed;

    ThreadPool pool(job.threads(options.flags.threads));
    model::Network network(elastic::stored_architecture(space));
    io::Json content = initialize(network, options, job, data);
    elastic::SuperTraining super(network, space, super_options);
    const std::string space_yaml = elastic::design_space_to_yaml({.space = space});
    const io::Json settings =
        training_settings(options.flags, {{"init", options.init},
                                          {"space", space_yaml},
                                          {"sampler", word_of(samplers, super_options.sampler)},
                                          {"sandwich", super_options.sandwich},
                                          {"random_networks", super_options.random_networks},
                                          {"shrink_after", super_options.shrink_after},
                                          {"distill", super_options.distillation.share},
                                          {"temperature", super_options.distillation.temperature},
                                          {"validate_random", validation.random_networks},
                                          {"validate_attended", validation.attended_layers},
                                          {"score_by", word_of(scores, validation.scored_by)},
                                          {"content", std::move(content)}});
    const auto result = run_training(options.flags,
                                     {.job = job,
                                      .place = place,
                                      .settings = settings,
                                      .validated = elastic::validated_networks(space, validation),
                                      .files = {{"space.yml", space_yaml}}},
                                     network, data, pool, super);
    finish(options, job, network, data, settings, result);
}

void train(const TrainOptions& options, const Job& job) {
    check_shards(options.flags, job);
    RunDirectory place(options.flags.out, options.flags, job);
    if (options.task == "language-model") {
        if (!options.space.empty()) fail("--space: is for --task translation");
        train_language_model(options, job, place);
        return;
    }
    const TrainingData data =
        load_training_data(options.flags.data, corpus_check(options.flags.data, job));
    if (options.space.empty())
        train_network(options, job, data, place);
    else
        train_super_transformer(options, job, data, place);
}

void add_super_flags(CLI::App& command, TrainOptions& options, CLI::Option* space) {
    const auto add = [&](CLI::Option* option) {
        return option->needs(space)->group("SuperTransformer");
    };
    const NumberFlags number(command);
    add(add_choice(command, "--sampler", options.super.sampler, samplers,
                   "draws the random network of an update: uniform (from the seed) or "
                   "reference (as the published program)"));
    add(number.without_default("--sandwich", options.sandwich, {.low = 0, .high = 1000},
                               "every update trains the largest, the smallest and so many random "
                               "networks; without it, one random network, as published"));
    add(number("--distill", options.super.distillation.share, {.low = 0, .high = 1},
               "with --sandwich: the share of the loss in which the largest network "
               "teaches the others in the same update"));
    add(number("--temperature", options.super.distillation.temperature,
               {.low = 0.01F, .high = 1000}, "that teacher and pupils are softened by"));
    add(number("--shrink-after", options.super.shrink_after, {.low = 0, .high = 1'000'000'000},
               "so many updates train the largest alone first"));
    add(number("--validate-random", options.validation.random_networks, {.low = 0, .high = 1000},
               "random networks that validations measure, always the same, besides "
               "the largest and the smallest"));
    add(number("--validate-attended", options.validation.attended_layers, {.low = 0, .high = 3},
               "encoder layers that the largest and the smallest attend to in "
               "validations; 0: as the space says; published: 1"));
    add(add_choice(command, "--score-by", options.validation.scored_by, scores,
                   "whose validation loss tells the best: mean (of all), largest, "
                   "smallest (published) or random"));
}

}  // namespace

void add_train(CLI::App& app) {
    auto options = std::make_shared<TrainOptions>();
    CLI::App* command =
        app.add_subcommand("train", "Trains a network, or a SuperTransformer, on prepared data.");
    command->footer(
        "Examples:\n  hat train --data data --architecture tiny --updates 7000 "
        "--dropout 0.3 --out run\n  hat train --data data --space multi30k --sandwich 2 "
        "--out super\n  hat train --task language-model --data text --architecture tiny-lm "
        "--out run\nThe model is in run/model then.\n\n"
        "On several machines, or as several processes (if hat is built with -D HAT_WITH_MPI=ON), "
        "to\n"
        "the same bytes:\n  mpirun -n 2 hat train --data data --space multi30k --sandwich 2 --out "
        "super");
    CLI::Option* architecture =
        command
            ->add_option("--architecture", options->architecture,
                         "YAML file, or a network with a name; without it tiny, or tiny-lm")
            ->type_name(file_or(preset_names()));
    CLI::Option* space =
        command
            ->add_option("--space", options->space,
                         "train a SuperTransformer of this design space: YAML file, or a name")
            ->type_name(file_or(elastic::built_in_space_names()))
            ->excludes(architecture);
    command->add_option("--out", options->flags.out, "directory of the run")->required();
    command->add_option("--init", options->init, "start from this run's or model's weights");
    command->add_option("--task", options->task, "what is trained")
        ->check(CLI::IsMember({"translation", "language-model"}))
        ->capture_default_str();
    NumberFlags{*command}("--block", options->block, {.low = 1, .high = 1'000'000'000},
                          "language model: tokens that are read as one, cut from the text "
                          "regardless of lines");
    command
        ->add_option("--recipe", options->recipe,
                     "sets what no other flag does as a published DeLighT network was trained")
        ->type_name(one_of(train::delight_recipe_names))
        ->excludes(space);
    options->command = command;
    add_training_flags(*command, options->flags);
    add_super_flags(*command, *options, space);
    const CLI::Option* smoothing = command->get_option("--label-smoothing");
    command->callback([options, command, smoothing] {
        // Perplexity is what a language model is for: its loss is smoothed only if one asks.
        if (options->task == "language-model" && smoothing->count() == 0)
            options->flags.label_smoothing = 0;
        run_job(*command, [&](const Job& job) { train(*options, job); });
    });
}

}  // namespace hat::program
