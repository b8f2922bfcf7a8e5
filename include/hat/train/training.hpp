// SPDX-License-Identifier: Apache-2.0
// Needs: nlohmann-json
#pragma once

#include <hat/core/error.hpp>
#include <hat/data/corpus.hpp>
#include <hat/distributed/communicator.hpp>
#include <hat/io/atomic_file.hpp>
#include <hat/io/file_status.hpp>
#include <hat/io/json.hpp>
#include <hat/io/jsonl.hpp>
#include <hat/io/settings_difference.hpp>
#include <hat/io/text_file.hpp>
#include <hat/report/progress.hpp>
#include <hat/train/averaging.hpp>
#include <hat/train/checkpoint.hpp>
#include <hat/train/checkpoint_directory.hpp>
#include <hat/train/rank_state.hpp>
#include <hat/train/trainer.hpp>
#include <hat/train/training_loop.hpp>
#include <hat/train/training_state.hpp>
#include <hat/train/validation.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hat::train {

namespace detail {

/// The update that a line of the log is about; 0 where it does not say.
[[nodiscard]] inline std::int64_t update_of(std::string_view line) {
    const io::Json record = io::parse_json_or_discard(line);
    if (!record.is_object() || !record.contains("update")) return 0;
    const io::Json& update = record["update"];
    return update.is_number_integer() ? update.get<std::int64_t>() : 0;
}

}  // namespace detail

/// A training from its first update, or from its newest checkpoint, to its end, in a directory and
/// with its progress on stderr. Of several ranks the first alone reads and writes there, and
/// speaks; a checkpoint says nothing of ranks, and any number of them may go on with it.
///
/// The directory then holds `checkpoints/`, `parameters/` (the last few, for their mean) and
/// `log.jsonl`. A killed training loses at most `checkpoint_every` updates, and goes on bit for
/// bit.
///
/// A training that has diverged ends with an error: what is there can be gone back to.
/// `diverged.json` then holds the line, which a resume repeats.
class Training : public TrainingLoop {
public:
    /// All references must outlive it.
    /// Throws  `Error` as `TrainingLoop`, or if `average_last` is not positive.
    Training(Trainer& trainer, const data::Corpus& corpus, const data::Corpus& validation,
             const TrainingOptions& options, ThreadPool& pool)
        : TrainingLoop(trainer, corpus, validation, options, pool), directory_(options.directory),
          checkpoints_(directory_ + "/checkpoints"),
          ring_(directory_ + "/parameters", options.average_last) {
        state().position.configuration = options.configuration;
    }

    /// Goes back to the newest checkpoint; false if there is none.
    /// Throws  `Error` if it is of another training, or of one that has diverged and would be
    ///         given up by the same rules again, or lacks parameters that it needs for their mean.
    bool resume() {
        const auto load = [this](const TrainingState& state) {
            const std::string configuration = position().configuration;
            repeat_divergence();
            if (checkpoints_.empty() || !checkpoints_.resume(state)) return false;
            if (const std::string difference =
                    io::settings_difference(position().configuration, configuration);
                !difference.empty())
                fail(directory_, ": was trained with other settings: ", difference);
            TrainingPosition& position = state.position;
            position.configuration = configuration;
            if (!position.parameters) position.parameters = ring_.found(position.update);
            ring_.check(kept_parameters());
            saved_parameters_ = *position.parameters;
            return true;
        };
        const bool is_loaded = load_whole_state(ranks(), part_offsets(), state(), load);
        if (is_loaded) go_on_from_state();
        return is_loaded;
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
        if (ranks().size() == 1) return ring_.mean(network().table(), kept_parameters());
        Slab mean(network().table());
        if (ranks().is_first()) mean = ring_.mean(network().table(), kept_parameters());
        detail::broadcast(ranks(), mean);
        return mean;
    }

protected:
    [[nodiscard]] std::string name() const override { return directory_; }

    void begin() override {
        if (!ranks().is_first()) return;
        // What was done after the checkpoint is done again, and logged again.
        log_.emplace(
            io::JsonLines::resume_while(directory_ + "/log.jsonl", [&](std::string_view line) {
                return detail::update_of(line) <= position().update;
            }));
        progress_.emplace(report::ProgressOptions{
            .updates = options().updates, .done = position().update, .ranks = ranks().size()});
        told_ = logged_ = Clock(ranks());
        std::remove(divergence_path().c_str());
    }

    void end() noexcept override {
        progress_.reset();
        log_.reset();
    }

    void updated(const UpdateResult& result, double loss) override {
        if (!ranks().is_first()) return;
        const Clock now(ranks());
        progress_->report({.update = position().update,
                           .epoch = position().epoch + 1,
                           .loss = loss,
                           .tokens = result.target_tokens,
                           .learning_rate = result.learning_rate,
                           .communication_seconds = now.communication - told_.communication});
        told_ = now;
        if (result.skipped) progress_->note("update skipped: the gradient is not finite");
        if (result.skipped || position().update % 50 == 0) {
            io::JsonRecord record;
            record.add("event", "update")
                .add("update", position().update)
                .add("epoch", position().epoch + 1)
                .add("loss", loss)
                .add("target_tokens", result.target_tokens)
                .add("gradient_norm", result.gradient_norm)
                .add("learning_rate", result.learning_rate)
                .add("skipped", result.skipped);
            if (ranks().size() > 1)
                record.add("ranks", ranks().size()).add("communication", now.share_since(logged_));
            log_->write(record);
            logged_ = now;
        }
    }

    void validated(const ValidationReport& report) override {
        if (!ranks().is_first()) return;
        const ValidationResult& result = report.result;
        char line[120];
        std::snprintf(line, sizeof line, "update %lld  validation loss %.4f  perplexity %.3f%s",
                      static_cast<long long>(position().update), result.loss(), result.perplexity(),
                      report.is_best ? "  (best)" : "");
        std::string text = line;
        io::JsonRecord record;
        record.add("event", "validation")
            .add("update", position().update)
            .add("epoch", position().epoch)
            .add("loss", result.loss())
            .add("perplexity", result.perplexity())
            .add("best", report.is_best);
        for (std::size_t i = 0; i < options().validated.size(); ++i) {
            const std::string& name = options().validated[i].name;
            std::snprintf(line, sizeof line, "%s%.40s %.4f", i == 0 ? "\n    " : "  ", name.c_str(),
                          report.each[i].loss());
            text += line;
            record.add("loss_" + name, report.each[i].loss());
        }
        progress_->note(text);
        log_->write(record);
    }

    void keep_parameters() override {
        if (!ranks().is_first()) return;
        ring_.save(*state().position.parameters, position().update, network().table(),
                   network().values());
    }

    /// Parameters stay as long as this checkpoint, or the one before it, needs them.
    void save_checkpoint(bool is_best) override {
        with_whole_state(ranks(), part_offsets(), state(), [&](const TrainingState& state) {
            checkpoints_.save(state, is_best);
            if (saved_parameters_ == position().parameters) return;
            ring_.remove_older(saved_parameters_);
            saved_parameters_ = *position().parameters;
        });
    }

    [[nodiscard]] std::string diverged(const std::string& seen) override {
        std::string line = TrainingLoop::diverged(seen);
        if (!ranks().is_first()) return line;
        if (const auto kept = checkpoints_.newest())
            line += "; the last good checkpoint is of update " + std::to_string(*kept);
        log_->write(io::JsonRecord{}
                        .add("event", "diverged")
                        .add("update", position().update)
                        .add("seen", seen));
        io::write_file(divergence_path(),
                       io::Json({{"line", line}, {"rules", divergence_rules()}}).dump(2) + "\n");
        return line;
    }

private:
    /// Seconds of all and of communication, from some moment on.
    struct Clock {
        double all = 0;
        double communication = 0;

        Clock() = default;
        explicit Clock(const distributed::Communicator& ranks)
            : all(std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
                      .count()),
              communication(ranks.seconds()) {}
        [[nodiscard]] double share_since(const Clock& before) const {
            return all > before.all ? (communication - before.communication) / (all - before.all)
                                    : 0;
        }
    };

    [[nodiscard]] std::span<const KeptParameters> kept_parameters() const noexcept {
        return *position().parameters;
    }

    [[nodiscard]] std::string divergence_path() const { return directory_ + "/diverged.json"; }

    /// What the rules were when a training was given up.
    [[nodiscard]] io::Json divergence_rules() const {
        return {{"skipped", options().divergence.skipped},
                {"worse_than_guessing", options().divergence.worse_than_guessing}};
    }

    void repeat_divergence() const {
        if (!io::exists(divergence_path())) return;
        const io::Json known = io::parse_json_or_discard(io::read_file(divergence_path()));
        if (!known.is_object()) fail(divergence_path(), ": is damaged");
        if (known.value("rules", io::Json()) == divergence_rules())
            fail(io::json_get<std::string>(known, "line", divergence_path()));
    }

    std::string directory_;
    CheckpointDirectory checkpoints_;
    ParameterRing ring_;
    std::optional<io::JsonLines> log_;              ///< of a run
    std::optional<report::Progress> progress_;      ///< of a run
    Clock told_;                                    ///< at the last report
    Clock logged_;                                  ///< at the last line of the log
    std::vector<KeptParameters> saved_parameters_;  ///< those of the last checkpoint
};

}  // namespace hat::train
