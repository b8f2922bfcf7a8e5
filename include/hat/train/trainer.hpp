// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/random.hpp>
#include <hat/core/threads.hpp>
#include <hat/distributed/communicator.hpp>
#include <hat/model/network.hpp>
#include <hat/train/adam.hpp>
#include <hat/train/clipping.hpp>
#include <hat/train/schedule.hpp>
#include <hat/train/shards.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <utility>

namespace hat::train {

/// How a `Trainer` trains.
struct TrainerOptions {
    nn::DropoutRates dropout{};    ///< where there is a layer for each
    float label_smoothing = 0.1F;  ///< share of the target's probability that all words get
    double clip_norm = 0;          ///< 0: no clipping
    AdamOptions adam{};            ///< its constants
    ShardOptions shards{};         ///< parts of a batch, whose gradients are added
    std::uint64_t seed = 1;        ///< of dropout
};

/// What one update did.
struct UpdateResult {
    kernels::CrossEntropy loss;      ///< summed over `loss_tokens`, before the update
    std::int64_t loss_tokens = 0;    ///< the target tokens, times the networks that saw them
    std::int64_t target_tokens = 0;  ///< of the batches
    double gradient_norm = 0;        ///< of the mean loss per token, before clipping
    double learning_rate = 0;
    bool skipped = false;  ///< the gradient was not finite, so nothing was changed
};

/// Trains whatever a callback hands it for an update: the whole network, a sub-network of it, as
/// views of one slab of parameters, or an `Objective` over several.
///
///     trainer.accumulate(whole_network, batch);   // as many batches as an update shall see
///     const auto result = trainer.update();
///
/// The same batches give the same bits on any number of threads, and a trainer whose parameters,
/// Adam state and `updates` are restored goes on bit for bit.
///
/// `Network` is a `model::BasicNetwork`: that of `Trainer`, or one with layers of one's own.
template <class Network>
class BasicTrainer {
public:
    /// On one rank of several, all of them make the same calls with the same batches (of which each
    /// needs the tokens of its `own_sentences` alone), and have the same parameters after each
    /// update. References must outlive it.
    ///
    /// Throws  `Error` if an option is out of range.
    BasicTrainer(Network& network, Schedule schedule, const TrainerOptions& options,
                 ThreadPool& pool, distributed::Communicator& ranks = distributed::serial())
        : network_(network), schedule_(schedule), options_(options), pool_(pool),
          gradients_(network.table(), options.shards, pool, ranks),
          adam_(network.table(), options.adam, gradients_.sum().own_chunks()) {
        const auto check = [](const char* name, float value) {
            if (!(value >= 0 && value < 1)) {
                fail("training: ", name, " = ", value, ", expected at least 0 and below 1");
            }
        };
        check("dropout", options.dropout.residual);
        check("attention dropout", options.dropout.attention);
        check("activation dropout", options.dropout.activation);
        check("unit dropout", options.dropout.unit);
        check("embedding dropout", options.dropout.embedding);
        check("position dropout", options.dropout.position);
        check("softmax dropout", options.dropout.softmax);
        check("label smoothing", options.label_smoothing);
        if (!(options.clip_norm >= 0)) {
            fail("training: clip norm = ", options.clip_norm, ", expected 0 or more");
        }
    }

    /// See `ShardedGradients::own_sentences`.
    [[nodiscard]] SentenceRange own_sentences(const model::Batch& batch) const noexcept {
        return gradients_.own_sentences(batch);
    }

    /// Adds the gradients of a batch to those of the update to come. `make(gradients)` makes the
    /// network or the objective, see `ShardedGradients::add`; `is_last` says that the update is
    /// next, and spares several ranks a wait.
    template <class Make>
    void accumulate(const Make& make, const model::Batch& batch, bool is_last = false) {
        const RandomKey key = RandomKey(options_.seed)
                                  .split(static_cast<std::uint64_t>(updates_))
                                  .split(static_cast<std::uint64_t>(batches_++));
        gradients_.add(make, {options_.dropout, options_.label_smoothing}, key, batch, is_last);
        target_tokens_ += batch.target_sentences.tokens();
    }

    /// The whole network. A template, so that an include does not compile its two passes.
    template <std::same_as<model::Batch> Batch>
    void accumulate(const Batch& batch) {
        accumulate([this](model::Gradients* gradients) { return network_.view(gradients); }, batch);
    }

    /// Changes the parameters by the gradient of the mean loss per token of all batches (and, of an
    /// objective, all networks) since the last update.
    ///
    /// A template, so that an include does not compile it.
    template <class Result = UpdateResult>
    Result update() {
        const auto sum = gradients_.reduce();
        Result result{.loss = sum.loss.loss,
                      .loss_tokens = sum.loss.tokens,
                      .target_tokens = std::exchange(target_tokens_, 0)};
        const double per_token =
            1.0 / static_cast<double>(std::max<std::int64_t>(result.loss_tokens, 1));
        result.learning_rate = schedule_.rate(updates_);
        result.gradient_norm = sum.norm * per_token;
        model::Gradients& total = gradients_.total();
        result.skipped = !std::isfinite(result.gradient_norm);
        if (result.skipped) {
            std::fill_n(total.values.data(), total.values.size(), 0.0F);
        } else {
            adam_.step(network_.values(), total.values, total.has_gradient,
                       {.learning_rate = result.learning_rate,
                        .gradient_scale =
                            per_token * clip_factor(result.gradient_norm, options_.clip_norm),
                        .clear_gradients = true},
                       pool_);
            share_parameters();
        }
        std::fill(total.has_gradient.begin(), total.has_gradient.end(), std::uint8_t{0});
        ++updates_;
        batches_ = 0;
        return result;
    }

    /// What it was given and made: the network, the optimiser, its options and schedule, the sum of
    /// gradients, and the ranks.
    [[nodiscard]] Network& network() noexcept { return network_; }
    [[nodiscard]] Adam& adam() noexcept { return adam_; }
    [[nodiscard]] const TrainerOptions& options() const noexcept { return options_; }
    [[nodiscard]] const Schedule& schedule() const noexcept { return schedule_; }
    [[nodiscard]] const GradientSum<>& sum() const noexcept { return gradients_.sum(); }
    [[nodiscard]] distributed::Communicator& ranks() const noexcept {
        return gradients_.sum().ranks();
    }

    /// Updates done so far; set when a training is resumed.
    [[nodiscard]] std::int64_t updates() const noexcept { return updates_; }
    void set_updates(std::int64_t updates) noexcept { updates_ = updates; }

private:
    /// Every rank has what each has changed.
    void share_parameters() {
        distributed::all_gather(ranks(), network_.values().data(), gradients_.sum().part_offsets());
    }

    Network& network_;
    Schedule schedule_;
    TrainerOptions options_;
    ThreadPool& pool_;
    ShardedGradients gradients_;
    Adam adam_;
    std::int64_t target_tokens_ = 0;  ///< of the update in work
    std::int64_t updates_ = 0;
    std::int64_t batches_ = 0;
};

/// The trainer of networks of the library's layers.
using Trainer = BasicTrainer<model::Network>;

}  // namespace hat::train
