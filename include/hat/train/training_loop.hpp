// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/slab.hpp>
#include <hat/core/threads.hpp>
#include <hat/data/batch.hpp>
#include <hat/data/batches.hpp>
#include <hat/data/corpus.hpp>
#include <hat/distributed/communicator.hpp>
#include <hat/model/genes.hpp>
#include <hat/model/network.hpp>
#include <hat/train/corpus_check.hpp>
#include <hat/train/divergence.hpp>
#include <hat/train/exponential_average.hpp>
#include <hat/train/trainer.hpp>
#include <hat/train/training_state.hpp>
#include <hat/train/validation.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace hat::train {

/// What a training does, and when. `average_last`, `directory` and `configuration` are for a
/// `Training`, which keeps files.
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
    /// Measures the whole network, with label smoothing of so much, if it is not served as it is.
    std::function<ValidationResult(Validator&, float)> measure{};
};

/// Why a training ended: all updates are done, validation got no better for long, or it was asked
/// to stop.
enum class TrainingEnd { finished, patience, stopped };

/// What a validation found: the loss over all networks that decide, that of each, and whether no
/// loss before was smaller.
struct ValidationReport {
    ValidationResult result;
    std::span<const ValidationResult> each;
    bool is_best = false;
};

/// A training from its first update, or from where its state was set to, to its end: epochs of
/// batches, validations, patience, and a watch for divergence. It writes nothing; who derives from
/// it is told what happens and keeps what is worth it (`Training` does so in a directory). With the
/// trainer's ranks, all of them run it alike and are told alike.
///
///     TrainingLoop training(trainer, corpus, validation, {.updates = 1000}, pool);
///     const auto whole = [&](model::Gradients* gradients) { return network.view(gradients); };
///     training.run([&](std::int64_t) { return whole; }, [] { return false; });
///
/// (`elastic::SuperTraining` chooses networks of a design space instead.)
///
/// A loss that is no finite number is never the best one. While something points to a divergence no
/// checkpoint is asked for, and a training that has diverged ends with an error.
class TrainingLoop {
public:
    /// All references must outlive it.
    /// Throws  `Error` if the network cannot read a corpus, or an option is out of range.
    TrainingLoop(Trainer& trainer, const data::Corpus& corpus, const data::Corpus& validation,
                 TrainingOptions options, ThreadPool& pool)
        : trainer_(trainer), corpus_(corpus), options_(std::move(options)), pool_(pool),
          validator_(validation, pool, trainer.ranks()) {
        const auto positive = [](const char* name, std::int64_t value) {
            if (value < 1) fail("training: ", name, " = ", value, ", expected at least 1");
        };
        check_corpus(network(), corpus, "training: the corpus");
        check_corpus(network(), validation, "training: the validation corpus");
        positive("updates", options_.updates);
        positive("batches_per_update", options_.batches_per_update);
        positive("checkpoint_every", options_.checkpoint_every);
        if (options_.validate_every < 0 || options_.patience < 0)
            fail("training: validate_every = ", options_.validate_every,
                 ", patience = ", options_.patience, ", expected 0 or more");
        bool decided = options_.validated.empty();
        for (const ValidatedNetwork& validated : options_.validated) {
            validate_fits_in(validated.architecture, network().architecture());
            decided = decided || validated.decides;
        }
        if (!decided) fail("training: none of the networks that are validated decides");
        if (options_.moving_average != 0)
            average_.emplace(network().table(), network().values(), options_.moving_average);
        position_.seed = trainer.options().seed;
        position_.parameters.emplace();
    }
    TrainingLoop(const TrainingLoop&) = delete;
    TrainingLoop& operator=(const TrainingLoop&) = delete;
    virtual ~TrainingLoop() = default;

    /// Trains until the end. `choose(update)` returns what makes the network or the objective of
    /// that update (see `ShardedGradients::add`); `stop()` is asked after every update.
    ///
    /// Throws  `Error` if the training diverges: what was seen, and what may help
    template <class Choose>
    TrainingEnd run(Choose&& choose, const std::function<bool()>& stop) {
        const Run run(*this);  // a `begin` that throws halfway is ended, too
        begin();
        DivergenceWatch watch(options_.divergence, network().architecture().target_vocab_size,
                              position_.best_score);
        bool checkpoint_is_due = false;
        data::Batch batch;
        while (position_.update < options_.updates) {
            const auto plan =
                data::plan_batches(corpus_, options_.batches, static_cast<int>(position_.epoch));
            if (position_.batch == plan.size() && position_.batch > 0) {  // a hook threw there
                ++position_.epoch;
                position_.batch = 0;
                continue;
            }
            if (position_.batch >= plan.size())
                fail(name(), ": has done ", position_.batch, " batches of epoch ",
                     position_.epoch + 1, ", which has ", plan.size(),
                     " of this corpus; was it trained on another one?");
            batch.reserve(plan);
            while (position_.batch < plan.size() && position_.update < options_.updates) {
                const auto make = choose(position_.update);
                for (int i = 0; i < options_.batches_per_update && position_.batch < plan.size();
                     ++i) {
                    const auto pairs = plan.sentences(static_cast<int>(position_.batch++));
                    batch.lay_out(corpus_, pairs);
                    const SentenceRange own = trainer_.own_sentences(view(batch));
                    batch.read(corpus_, pairs, own.first, own.last);
                    const bool is_last =
                        i + 1 == options_.batches_per_update || position_.batch == plan.size();
                    trainer_.accumulate(make, view(batch), is_last);
                }
                const bool epoch_ends = position_.batch >= plan.size();
                finish_update(watch);
                if (const auto verdict = watch.verdict()) diverge(*verdict);
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
                    const bool goes_on = validate(watch);
                    checkpoint_is_due = false;
                    if (!goes_on) return TrainingEnd::patience;
                } else if (checkpoint_is_due && watch.is_well()) {
                    save_checkpoint(false);
                    checkpoint_is_due = false;
                }
                if (ranks().any(stop())) {
                    if (watch.is_well()) save_checkpoint(false);
                    ranks().barrier();  // who is through ends the others, too
                    return TrainingEnd::stopped;
                }
                if (epoch_ends) break;
            }
        }
        return TrainingEnd::finished;
    }

    /// The loss over all networks that decide.
    ///
    /// A template, so that an include does not compile a network.
    template <class Result = ValidationResult>
    [[nodiscard]] Result validate() {
        return score(measure());
    }
    [[nodiscard]] const TrainingPosition& position() const noexcept { return position_; }

    /// All that changes: on one rank of several, with its own part of the optimiser's state, to be
    /// put together by `with_whole_state` (rank_state.hpp).
    /// Whoever sets it to an earlier state calls `go_on_from_state`.
    [[nodiscard]] TrainingState state() noexcept {
        return {network().table(), network().values(), trainer_.adam(),
                average_ ? &average_->values() : nullptr, position_};
    }
    void go_on_from_state() { trainer_.set_updates(position_.update); }

    [[nodiscard]] distributed::Communicator& ranks() const noexcept { return trainer_.ranks(); }
    /// Where the parts of the ranks begin: see `GradientSum::part_offsets`.
    [[nodiscard]] std::span<const std::ptrdiff_t> part_offsets() const noexcept {
        return trainer_.sum().part_offsets();
    }

protected:
    /// What is trained, and how.
    [[nodiscard]] model::Network& network() const noexcept { return trainer_.network(); }
    [[nodiscard]] const TrainingOptions& options() const noexcept { return options_; }

    /// What a training is called in messages.
    [[nodiscard]] virtual std::string name() const { return "training"; }
    /// Before the first update of a run.
    virtual void begin() {}
    /// After a run, however it ended.
    virtual void end() noexcept {}
    /// After an update; `loss` is a token's.
    virtual void updated(const UpdateResult& /*result*/, double /*loss*/) {}
    /// After a validation.
    virtual void validated(const ValidationReport& /*report*/) {}
    /// The parameters as they are now are among those for a mean at the end.
    virtual void keep_parameters() {}
    /// The state as it is now can be gone back to.
    virtual void save_checkpoint(bool /*is_best*/) {}
    /// The training has diverged, as was `seen`, and ends with the line that this returns.
    [[nodiscard]] virtual std::string diverged(const std::string& seen) {
        return name() + ": diverged at update " + std::to_string(position_.update) + ": " + seen +
               "; " + divergence_advice;
    }

private:
    struct Run {
        explicit Run(TrainingLoop& of) : loop(of) {}
        Run(const Run&) = delete;
        Run& operator=(const Run&) = delete;
        ~Run() { loop.end(); }
        TrainingLoop& loop;
    };

    /// While it lives the parameters are their moving average, if there is one.
    struct Averaged {
        explicit Averaged(TrainingLoop& of) : loop(of) { swap(); }
        Averaged(const Averaged&) = delete;
        Averaged& operator=(const Averaged&) = delete;
        ~Averaged() { swap(); }
        void swap() const {
            if (loop.average_) loop.average_->swap_with(loop.network().values());
        }
        TrainingLoop& loop;
    };

    [[noreturn]] void diverge(const std::string& seen) {
        const std::string line = diverged(seen);
        ranks().barrier();  // the first has written what there is to write
        fail(line);
    }

    template <class Watch>
    void finish_update(Watch& watch) {
        const UpdateResult result = trainer_.update();
        if (average_) average_->update(network().values(), position_.update, pool_);
        ++position_.update;
        const auto tokens = static_cast<double>(std::max<std::int64_t>(result.loss_tokens, 1));
        watch.see(position_.update, result.loss.nll / tokens, result.learning_rate, result.skipped);
        updated(result, result.loss.loss / tokens);
    }

    /// The losses of the networks that are validated, or of the whole one.
    template <class Result = ValidationResult>
    [[nodiscard]] std::vector<Result> measure() {
        const float smoothing = trainer_.options().label_smoothing;
        std::vector<Result> results;
        for (const ValidatedNetwork& validated : options_.validated)
            results.push_back(validator_(network().view(validated.architecture), smoothing));
        if (results.empty())
            results.push_back(options_.measure ? options_.measure(validator_, smoothing)
                                               : validator_(network().view(), smoothing));
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
    template <class Watch>
    bool validate(const Watch& watch) {
        std::vector<ValidationResult> results;
        ValidationResult result;
        bool is_number = false;
        {
            const Averaged averaged(*this);
            results = measure();
            result = score(results);
            is_number = std::isfinite(result.loss());
            if (is_number) keep_parameters();
        }
        const bool is_best =
            is_number && (!position_.best_score || !(*position_.best_score <= result.loss()));
        if (is_best) {
            position_.best_score = result.loss();
            position_.validations_since_best = 0;
        } else {
            ++position_.validations_since_best;
        }
        validated({.result = result, .each = results, .is_best = is_best});
        const bool is_lost = watch.is_lost(result.nll());
        if (!is_lost && (is_best || watch.is_well())) save_checkpoint(is_best);
        const bool goes_on =
            options_.patience == 0 || position_.validations_since_best < options_.patience;
        const bool ends = !goes_on || position_.update == options_.updates;
        if (ends && is_lost) {
            char line[120];
            std::snprintf(line, sizeof line, "the last validation loss is %.4g, without smoothing",
                          result.nll());
            diverge(line);
        }
        return goes_on;
    }

    Trainer& trainer_;
    const data::Corpus& corpus_;
    TrainingOptions options_;
    ThreadPool& pool_;
    Validator validator_;
    std::optional<ExponentialAverage> average_;
    TrainingPosition position_;
};

}  // namespace hat::train
