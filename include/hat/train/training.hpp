// SPDX-License-Identifier: Apache-2.0
// Needs: nlohmann-json
#pragma once

#include <hat/core/error.hpp>
#include <hat/data/batch.hpp>
#include <hat/data/batches.hpp>
#include <hat/data/corpus.hpp>
#include <hat/io/atomic_file.hpp>
#include <hat/io/file_status.hpp>
#include <hat/io/json.hpp>
#include <hat/io/jsonl.hpp>
#include <hat/io/settings_difference.hpp>
#include <hat/io/text_file.hpp>
#include <hat/model/genes.hpp>
#include <hat/report/progress.hpp>
#include <hat/train/averaging.hpp>
#include <hat/train/checkpoint.hpp>
#include <hat/train/checkpoint_directory.hpp>
#include <hat/train/corpus_check.hpp>
#include <hat/train/divergence.hpp>
#include <hat/train/exponential_average.hpp>
#include <hat/train/trainer.hpp>
#include <hat/train/validation.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hat::train {

struct TrainingOptions {
    std::int64_t updates = 0;             ///< in all
    data::BatchOptions batches{};         ///< of one update's micro-steps
    int batches_per_update = 1;           ///< gradients are accumulated over so many
    std::int64_t validate_every = 0;      ///< updates; 0: after each epoch
    std::int64_t checkpoint_every = 500;  ///< updates; a validation makes one too
    int average_last = 10;                ///< validations whose parameters are kept for their mean
    std::int64_t patience = 0;            ///< validations without a better loss; 0: go on for ever
    DivergenceOptions divergence{};       ///< when the training is given up
    double moving_average = 0;            ///< decay of a moving average of the parameters; 0: none
    std::string directory{};              ///< of checkpoints, parameters and the log
    std::string configuration{};          ///< noted in the checkpoints
    /// What is validated; none: the whole network. The score is the mean of those that decide.
    std::vector<ValidatedNetwork> validated{};
};

namespace detail {

/// The update that a line of the log is about; 0 where it does not say.
[[nodiscard]] inline std::int64_t update_of(std::string_view line) {
    const io::Json record = io::Json::parse(line, nullptr, false);
    if (!record.is_object() || !record.contains("update")) return 0;
    const io::Json& update = record["update"];
    return update.is_number_integer() ? update.get<std::int64_t>() : 0;
}

}  // namespace detail

enum class TrainingEnd { finished, patience, stopped };

/// A training from its first update, or from its newest checkpoint, to its end.
///
/// The directory then holds `checkpoints/`, `parameters/` (the last few, for their mean) and
/// `log.jsonl`. A killed training loses at most `checkpoint_every` updates, and goes on bit for
/// bit.
///
/// A loss that is no finite number is never the best one. While something points to a divergence no
/// checkpoint is made, and a training that has diverged ends with an error: what is there can be
/// gone back to. `diverged.json` then holds the line, which a resume repeats.
class Training {
public:
    /// All references must outlive it.
    /// Throws  `Error` if the network cannot read a corpus, or an option is out of range.
    Training(Trainer& trainer, const data::Corpus& corpus, const data::Corpus& validation,
             const TrainingOptions& options, ThreadPool& pool)
        : trainer_(trainer), corpus_(corpus), options_(options), pool_(pool),
          validator_(validation, pool), checkpoints_(options.directory + "/checkpoints"),
          ring_(options.directory + "/parameters", options.average_last) {
        const auto positive = [](const char* name, std::int64_t value) {
            if (value < 1) fail("training: ", name, " = ", value, ", expected at least 1");
        };
        check_corpus(network(), corpus, "training: the corpus");
        check_corpus(network(), validation, "training: the validation corpus");
        positive("updates", options.updates);
        positive("batches_per_update", options.batches_per_update);
        positive("checkpoint_every", options.checkpoint_every);
        bool decided = options.validated.empty();
        for (const ValidatedNetwork& validated : options.validated) {
            validate_fits_in(validated.architecture, network().architecture());
            decided = decided || validated.decides;
        }
        if (!decided) fail("training: none of the networks that are validated decides");
        if (options.moving_average > 0) {
            average_.emplace(network().table(), network().values(), options.moving_average);
        }
        position_.seed = trainer.options().seed;
        position_.configuration = options.configuration;
        position_.parameters.emplace();
    }

    /// Goes back to the newest checkpoint; false if there is none.
    /// Throws  `Error` if it is of another training, or of one that has diverged and would be
    ///         given up by the same rules again, or lacks parameters that it needs for their mean.
    bool resume() {
        const std::string configuration = position_.configuration;
        repeat_divergence();
        if (checkpoints_.empty() || !checkpoints_.resume(state())) return false;
        if (const std::string difference =
                io::settings_difference(position_.configuration, configuration);
            !difference.empty())
            fail(options_.directory, ": was trained with other settings: ", difference);
        position_.configuration = configuration;
        if (!position_.parameters) position_.parameters = ring_.found(position_.update);
        ring_.check(kept_parameters());
        saved_parameters_ = *position_.parameters;
        trainer_.set_updates(position_.update);
        return true;
    }

    /// Trains until the end. `choose(update)` returns what makes the network or the objective of
    /// that update (see `ShardedGradients::add`); `stop()` is asked after every update.
    ///
    /// Throws  `Error` if the training diverges: what was seen, and what may help
    template <class Choose>
    TrainingEnd run(Choose&& choose, const std::function<bool()>& stop) {
        // What was done after the checkpoint is done again, and logged again.
        auto log = io::JsonLines::resume_while(
            options_.directory + "/log.jsonl",
            [&](std::string_view line) { return detail::update_of(line) <= position_.update; });
        report::Progress progress({.updates = options_.updates, .done = position_.update});
        DivergenceWatch watch(options_.divergence, network().architecture().target_vocab_size,
                              position_.best_score);
        bool checkpoint_is_due = false;
        std::remove(divergence_path().c_str());
        data::Batch batch;
        while (position_.update < options_.updates) {
            const auto plan =
                data::plan_batches(corpus_, options_.batches, static_cast<int>(position_.epoch));
            if (position_.batch >= plan.size())
                fail(options_.directory, ": has done ", position_.batch, " batches of epoch ",
                     position_.epoch + 1, ", which has ", plan.size(),
                     " of this corpus; was it trained on another one?");
            batch.reserve(plan);
            while (position_.batch < plan.size() && position_.update < options_.updates) {
                const auto make = choose(position_.update);
                for (int i = 0; i < options_.batches_per_update && position_.batch < plan.size();
                     ++i) {
                    batch.fill(corpus_, plan.sentences(static_cast<int>(position_.batch++)));
                    trainer_.accumulate(make, view(batch));
                }
                const bool epoch_ends = position_.batch >= plan.size();
                finish_update(log, progress, watch);
                if (const auto verdict = watch.verdict()) diverge(log, *verdict);
                if (epoch_ends) {
                    ++position_.epoch;
                    position_.batch = 0;
                }
                const bool validates = options_.validate_every > 0
                                           ? position_.update % options_.validate_every == 0
                                           : epoch_ends;
                checkpoint_is_due =
                    checkpoint_is_due || position_.update % options_.checkpoint_every == 0;
                if (validates || position_.update == options_.updates) {
                    const bool goes_on = validate(log, progress, watch);
                    checkpoint_is_due = false;
                    if (!goes_on) return TrainingEnd::patience;
                } else if (checkpoint_is_due && watch.is_well()) {
                    save_checkpoint(false);
                    checkpoint_is_due = false;
                }
                if (stop()) {
                    if (watch.is_well()) save_checkpoint(false);
                    return TrainingEnd::stopped;
                }
                if (epoch_ends) break;
            }
        }
        return TrainingEnd::finished;
    }

    /// The update of the newest checkpoint, if there is one.
    [[nodiscard]] std::optional<std::int64_t> newest_checkpoint() const {
        return checkpoints_.newest();
    }

    /// The update with the best validation, if its checkpoint is there.
    ///
    /// Throws  `Error` if that is damaged
    [[nodiscard]] std::optional<std::int64_t> best_update() const {
        if (!io::exists(checkpoints_.best_path())) return std::nullopt;
        return CheckpointFile::open(checkpoints_.best_path()).position().update;
    }

    /// The mean of the parameters at the last validations.
    ///
    /// Throws  `Error` if one of their files is missing, damaged or another one
    [[nodiscard]] Slab averaged_parameters() const {
        return ring_.mean(network().table(), kept_parameters());
    }

    /// The loss over all networks that decide.
    [[nodiscard]] ValidationResult validate() { return score(measure()); }
    [[nodiscard]] const TrainingPosition& position() const noexcept { return position_; }

private:
    [[nodiscard]] model::Network& network() const noexcept { return trainer_.network(); }

    [[nodiscard]] TrainingState state() noexcept {
        return {network().table(), network().values(), trainer_.adam(),
                average_ ? &average_->values() : nullptr, position_};
    }

    [[nodiscard]] std::span<const KeptParameters> kept_parameters() const noexcept {
        return *position_.parameters;
    }

    /// Parameters stay as long as this checkpoint, or the one before it, needs them.
    void save_checkpoint(bool is_best) {
        checkpoints_.save(state(), is_best);
        if (saved_parameters_ == position_.parameters) return;
        ring_.remove_older(saved_parameters_);
        saved_parameters_ = *position_.parameters;
    }

    [[nodiscard]] std::string divergence_path() const {
        return options_.directory + "/diverged.json";
    }

    /// What the rules were when a training was given up.
    [[nodiscard]] io::Json divergence_rules() const {
        return {{"skipped", options_.divergence.skipped},
                {"worse_than_guessing", options_.divergence.worse_than_guessing}};
    }

    void repeat_divergence() const {
        if (!io::exists(divergence_path())) return;
        const io::Json known =
            io::Json::parse(io::read_file(divergence_path()), nullptr, /*allow_exceptions=*/false);
        if (!known.is_object()) fail(divergence_path(), ": is damaged");
        if (known.value("rules", io::Json()) == divergence_rules())
            fail(io::json_get<std::string>(known, "line", divergence_path()));
    }

    /// Ends a training that has diverged.
    [[noreturn]] void diverge(io::JsonLines& log, const std::string& seen) const {
        std::string line = options_.directory + ": diverged at update " +
                           std::to_string(position_.update) + ": " + seen + "; " +
                           divergence_advice;
        if (const auto kept = checkpoints_.newest())
            line += "; the last good checkpoint is of update " + std::to_string(*kept);
        log.write(io::JsonRecord{}
                      .add("event", "diverged")
                      .add("update", position_.update)
                      .add("seen", seen));
        io::write_file(divergence_path(),
                       io::Json({{"line", line}, {"rules", divergence_rules()}}).dump(2) + "\n");
        fail(line);
    }

    void finish_update(io::JsonLines& log, report::Progress& progress, DivergenceWatch& watch) {
        const UpdateResult result = trainer_.update();
        if (average_) average_->update(network().values(), position_.update, pool_);
        ++position_.update;
        const auto tokens = static_cast<double>(std::max<std::int64_t>(result.loss_tokens, 1));
        const double loss = result.loss.loss / tokens;
        watch.see(position_.update, result.loss.nll / tokens, result.learning_rate, result.skipped);
        progress.report({.update = position_.update,
                         .epoch = position_.epoch + 1,
                         .loss = loss,
                         .tokens = result.target_tokens,
                         .learning_rate = result.learning_rate});
        if (result.skipped) progress.note("update skipped: the gradient is not finite");
        if (result.skipped || position_.update % 50 == 0) {
            log.write(io::JsonRecord{}
                          .add("event", "update")
                          .add("update", position_.update)
                          .add("epoch", position_.epoch + 1)
                          .add("loss", loss)
                          .add("target_tokens", result.target_tokens)
                          .add("gradient_norm", result.gradient_norm)
                          .add("learning_rate", result.learning_rate)
                          .add("skipped", result.skipped));
        }
    }

    /// The losses of the networks that are validated, or of the whole one.
    [[nodiscard]] std::vector<ValidationResult> measure() {
        const float smoothing = trainer_.options().label_smoothing;
        std::vector<ValidationResult> results;
        for (const ValidatedNetwork& validated : options_.validated)
            results.push_back(validator_(network().view(validated.architecture), smoothing));
        if (results.empty()) results.push_back(validator_(network().view(), smoothing));
        return results;
    }

    [[nodiscard]] ValidationResult score(const std::vector<ValidationResult>& results) const {
        ValidationResult sum;
        for (std::size_t i = 0; i < results.size(); ++i) {
            if (!options_.validated.empty() && !options_.validated[i].decides) continue;
            sum.sum += results[i].sum;
            sum.target_tokens += results[i].target_tokens;
        }
        return sum;
    }

    /// False if patience has run out.
    bool validate(io::JsonLines& log, report::Progress& progress, const DivergenceWatch& watch) {
        if (average_) average_->swap_with(network().values());
        const std::vector<ValidationResult> results = measure();
        const ValidationResult result = score(results);
        const bool is_number = std::isfinite(result.loss());
        if (is_number)
            ring_.save(*position_.parameters, position_.update, network().table(),
                       network().values());
        if (average_) average_->swap_with(network().values());
        const bool is_best =
            is_number && (!position_.best_score || !(*position_.best_score <= result.loss()));
        if (is_best) {
            position_.best_score = result.loss();
            position_.validations_since_best = 0;
        } else {
            ++position_.validations_since_best;
        }
        char line[120];
        std::snprintf(line, sizeof line, "update %lld  validation loss %.4f  perplexity %.3f%s",
                      static_cast<long long>(position_.update), result.loss(), result.perplexity(),
                      is_best ? "  (best)" : "");
        std::string text = line;
        io::JsonRecord record;
        record.add("event", "validation")
            .add("update", position_.update)
            .add("epoch", position_.epoch)
            .add("loss", result.loss())
            .add("perplexity", result.perplexity())
            .add("best", is_best);
        for (std::size_t i = 0; i < options_.validated.size(); ++i) {
            const std::string& name = options_.validated[i].name;
            std::snprintf(line, sizeof line, "%s%.40s %.4f", i == 0 ? "\n    " : "  ", name.c_str(),
                          results[i].loss());
            text += line;
            record.add("loss_" + name, results[i].loss());
        }
        progress.note(text);
        log.write(record);
        const bool is_lost = watch.is_lost(result.nll());
        if (!is_lost && (is_best || watch.is_well())) save_checkpoint(is_best);
        const bool goes_on =
            options_.patience == 0 || position_.validations_since_best < options_.patience;
        const bool ends = !goes_on || position_.update == options_.updates;
        if (ends && is_lost) {
            std::snprintf(line, sizeof line, "the last validation loss is %.4g, without smoothing",
                          result.nll());
            diverge(log, line);
        }
        return goes_on;
    }

    Trainer& trainer_;
    const data::Corpus& corpus_;
    TrainingOptions options_;
    ThreadPool& pool_;
    Validator validator_;
    CheckpointDirectory checkpoints_;
    ParameterRing ring_;
    std::optional<ExponentialAverage> average_;
    TrainingPosition position_;
    std::vector<KeptParameters> saved_parameters_;  ///< those of the last checkpoint
};

}  // namespace hat::train
