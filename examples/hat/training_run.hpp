// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/threads.hpp>
#include <hat/data/corpus.hpp>
#include <hat/io/atomic_file.hpp>
#include <hat/io/directory_kind.hpp>
#include <hat/io/file_status.hpp>
#include <hat/io/json.hpp>
#include <hat/io/model_directory.hpp>
#include <hat/io/text_file.hpp>
#include <hat/model/counts.hpp>
#include <hat/model/network.hpp>
#include <hat/train/training.hpp>
#include <hat/version.hpp>

#include "agreement.hpp"
#include "data_directory.hpp"
#include "job.hpp"
#include "model_argument.hpp"
#include "run_data.hpp"
#include "run_directory.hpp"
#include "text_facts.hpp"
#include "training_flags.hpp"

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

/// What `hat train` and `hat tune` do alike: a training in a directory, begun or resumed, to its
/// end, and the model that comes of it.
namespace hat::program {

inline volatile std::sig_atomic_t stop_signal = 0;  // NOLINT: a handler can set nothing else

extern "C" inline void note_signal(int signal) {
    stop_signal = signal;
    std::signal(signal, SIG_DFL);  // a second one ends the program at once
}

/// The same of a rank among several: launchers send the signal where another rank has died, too,
/// and may give no time to say more.
extern "C" inline void note_end_of_rank(int signal) {
    constexpr std::string_view line =
        "hat: ends by a signal, or because another rank has died; --resume goes on from the newest "
        "checkpoint\n";
    static_cast<void>(!::write(STDERR_FILENO, line.data(), line.size()));
    note_signal(signal);
}

/// A training besides its flags.
struct TrainingRun {
    const Job& job;
    RunDirectory& place;
    io::Json settings;  ///< all that decides what an update computes
    std::vector<train::ValidatedNetwork> validated{};
    /// As in `train::TrainingOptions`.
    std::function<train::ValidationResult(train::Validator&, float)> measure{};
    /// Files that the directory is to hold from the start: name and text.
    std::vector<std::pair<std::string, std::string>> files{};
};

/// How a training has ended.
struct TrainingResult {
    std::int64_t updates = 0;
    double loss = 0;  ///< of validation, with the mean of the last parameters
};

/// Throws  `Error` if there are more ranks than shares of an update
inline void check_shards(const TrainingFlags& flags, const Job& job) {
    if (job.ranks.size() > flags.shards)
        fail("--shards ", flags.shards, ": is the most ranks that can share an update, found ",
             job.ranks.size(),
             "; more shards round sums of gradients in another way, so they are another training");
}

/// What tells later of this run how it came to be.
inline void write_run_files(const TrainingFlags& flags, const TrainingRun& run) {
    const std::string& directory = run.place.path();
    for (const auto& [name, text] : run.files) io::write_file(directory + "/" + name, text);
    io::Json config = {{"format", io::run_format}, {"format_version", 1}};
    config.update(run.settings);
    config["data_from_run"] = data_from_run(flags.data, directory);
    io::write_file(directory + "/config.json", config.dump(2) + "\n");
}

/// Says so where a mean of parameters has a higher loss than the best ones of the training alone.
inline void tell_if_worse(const TrainingFlags& flags, const train::Training& training,
                          double loss) {
    const std::optional<double> best = training.position().best_score;
    if (flags.average_last == 1 || !best || loss <= *best) return;
    const auto update = training.best_update();
    std::fprintf(stderr,
                 "note: the mean of the last parameters is worse than the best (loss %.4f%s); "
                 "--average-last 1 takes no mean\n",
                 *best, update ? (" at update " + std::to_string(*update)).c_str() : "");
}

/// Trains `network` to the end; leaves it with the mean of the last parameters. `choose` is as for
/// `train::Training::run`; `data` is a `TrainingData` of pairs, or a `BlockData` of text.
///
/// Throws  `Error` if a signal stops it, after it has saved a checkpoint unless it is diverging.
template <class Data, class Choose>
TrainingResult run_training(const TrainingFlags& flags, const TrainingRun& run,
                            model::Network& network, const Data& data, ThreadPool& pool,
                            Choose&& choose) {
    const std::string& directory = run.place.path();
    const bool is_first = run.job.is_first();
    check_agreement(run.job, run.settings);
    train::Trainer trainer(network, make_schedule(flags), trainer_options(flags), pool,
                           run.job.ranks);
    train::Training training(trainer, data.train, data.validation,
                             {.updates = flags.updates,
                              .batches = {.max_tokens = flags.max_tokens, .seed = flags.seed},
                              .batches_per_update = flags.batches_per_update,
                              .validate_every = flags.validate_every,
                              .checkpoint_every = flags.checkpoint_every,
                              .average_last = flags.average_last,
                              .patience = flags.patience,
                              .divergence = flags.divergence,
                              .moving_average = flags.moving_average,
                              .directory = directory,
                              .configuration = run.settings.dump(),
                              .validated = run.validated,
                              .measure = run.measure},
                             pool);
    run.place.open();
    if (flags.resume) {
        if (training.resume()) {
            std::fprintf(stderr, "resumed after update %lld\n",
                         static_cast<long long>(training.position().update));
            if (training.position().update > flags.updates)
                std::fprintf(stderr,
                             "note: the run is at update %lld already, past --updates %lld\n",
                             static_cast<long long>(training.position().update),
                             static_cast<long long>(flags.updates));
        } else {
            std::fprintf(stderr, "%s: no checkpoint to resume from; begins anew\n",
                         directory.c_str());
        }
    }
    if (is_first) write_run_files(flags, run);
    const model::Architecture& architecture = network.architecture();
    std::fprintf(stderr, "%lld parameters, %lld of them in layers; %d training %s; %d threads%s\n",
                 static_cast<long long>(model::parameters(architecture)),
                 static_cast<long long>(model::layer_parameters(architecture)), data.train.size(),
                 Data::unit, pool.size(), run.job.ranks.size() > 1 ? " a rank" : "");
    // Now, as where a rank dies the launcher may leave the others no time to say it.
    if (run.job.ranks.size() > 1)
        std::fprintf(stderr,
                     "a checkpoint every %lld updates; should a rank die, the same command with "
                     "--resume goes on from the newest\n",
                     static_cast<long long>(flags.checkpoint_every));

    std::signal(SIGINT, note_signal);
    std::signal(SIGTERM, run.job.ranks.size() > 1 && is_first ? note_end_of_rank : note_signal);
    const auto end = training.run(std::forward<Choose>(choose), [] { return stop_signal != 0; });
    if (end == train::TrainingEnd::stopped) {
        std::int64_t saved = is_first ? training.newest_checkpoint().value_or(0) : 0;
        distributed::broadcast(run.job.ranks, saved);
        if (saved == 0) fail("stopped by a signal, with no checkpoint that is worth to go on from");
        fail("stopped by a signal after update ", training.position().update,
             saved == training.position().update
                 ? std::string()
                 : ", which went wrong; the last checkpoint is of update " + std::to_string(saved),
             "; go on with --resume");
    }
    if (end == train::TrainingEnd::patience) {
        std::fprintf(stderr, "stopped: %lld validations without a better loss\n",
                     static_cast<long long>(flags.patience));
    }
    network.values() = training.averaged_parameters();
    const auto result = training.validate();
    std::fprintf(stderr, "mean of the last parameters: validation loss %.4f  perplexity %.3f\n",
                 result.loss(), result.perplexity());
    if (!std::isfinite(result.loss()))
        fail(directory,
             ": the validation loss of the mean of the last parameters is not a "
             "finite number; ",
             train::divergence_advice);
    if (is_first) tell_if_worse(flags, training, result.loss());
    return {training.position().update, result.loss()};
}

/// Tokens of the longest source of a corpus, its eos not counted.
[[nodiscard]] inline int longest_source(const data::Corpus& corpus) {
    const data::Sentences& sources = corpus.source.sentences;
    int longest = 0;
    for (int i = 0; i < sources.size(); ++i) longest = std::max(longest, sources.length(i) - 1);
    return longest;
}

/// Settings as they may be published: of paths, only the last part.
[[nodiscard]] inline io::Json without_paths(io::Json settings) {
    for (const char* key : {"data", "init", "model", "teacher"})
        if (const auto found = settings.find(key); found != settings.end() && found->is_string())
            *found = file_name(found->get<std::string>());
    return settings;
}

/// Writes what was trained as a model directory and prints where it is; the card calls it `name`.
template <class Data>
void save_trained_model(const std::string& path, const std::string& name,
                        const model::Network& network, const TrainingFlags& flags, const Data& data,
                        const io::Json& settings, const TrainingResult& result) {
    io::ModelConfig config{.architecture = network.architecture(),
                           .special_tokens = data.special_tokens(),
                           .provenance = {{"training", without_paths(settings).dump()},
                                          {"updates", std::to_string(result.updates)},
                                          {"validation_loss", std::to_string(result.loss)},
                                          {"hat_version", std::string(version)}}};
    if (const int longest = longest_source(data.train); longest > 0)
        config.provenance[io::longest_source_key] = std::to_string(longest);
    config.provenance.merge(data_provenance(DataDirectory{flags.data}.configuration()));
    io::save_model_directory(
        path, config, network.table(), network.values(), data.text_files(),
        report::model_card_to_markdown(model_card(config, name), config.architecture));
    std::printf("%s\n", path.c_str());
}

}  // namespace hat::program
