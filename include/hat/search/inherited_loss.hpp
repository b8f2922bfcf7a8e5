// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/order.hpp>
#include <hat/core/random.hpp>
#include <hat/core/threads.hpp>
#include <hat/decode/any_translator.hpp>
#include <hat/decode/serving.hpp>
#include <hat/distributed/communicator.hpp>
#include <hat/distributed/shared_work.hpp>
#include <hat/model/network.hpp>
#include <hat/model/pack.hpp>
#include <hat/train/validation.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace hat::search {

/// How candidates race.
struct RaceOptions {
    /// A candidate must be among so many to matter, as the parents of an evolution; 0: no race,
    /// all are scored in full.
    int keep = 25;
    /// A candidate stops when it is worse than the last of those to keep by so many standard
    /// errors.
    double standard_errors = 4;
    int first_batches = 4;  ///< of validation that all candidates see; then twice as many each time
};

/// Scores members of a SuperTransformer by their loss on validation data with inherited weights,
/// per target token (HAT, arXiv:2005.14187, §3.2), for many at once on all threads.
///
/// Candidates race: batches are drawn in a fixed random order, and one that is surely worse than
/// the best that are kept stops early. It is compared with the last of those on the batches that
/// both have seen: differences on the same text vary far less than losses do. With 4 standard
/// errors, the chance to stop a candidate that is better is at most 1.4 % after 4 batches
/// (Student's t, 3 degrees of freedom), 0.3 % after 8 and 0.06 % after 16. The score of one
/// that is stopped is what those batches say, above that of all that are kept.
///
/// The loss of a candidate that is served in weights of fewer bits is that of its weights rounded
/// so. What a shortlist leaves out is not counted: losses are over all tokens.
///
/// A candidate whose loss is no finite number has no finite score, and is nobody's measure.
///
/// The same scores on any number of threads, and again in a search that is resumed, if it first
/// asks for its best `keep` once more: a race without a reference stops nobody.
class InheritedLoss {
public:
    /// `super`, `validator` and `pool` must outlive it; the validator must be of that pool.
    /// Throws  `Error` if an option is out of range.
    InheritedLoss(const model::Network& super, train::Validator& validator, ThreadPool& pool,
                  float label_smoothing, const RaceOptions& options = {})
        : super_(super), validator_(validator), pool_(pool), label_smoothing_(label_smoothing),
          options_(options) {
        if (options.keep < 0 || !(options.standard_errors > 0) || options.first_batches < 2)
            fail("search: a race needs keep >= 0, standard_errors > 0 and first_batches >= 2");
        order_ = indices_of(validator.batches());
        Random(std::uint64_t{0}).shuffle(order_);
    }

    /// The losses of `candidates`, members of the super network.
    ///
    /// A template, so that only those who call it wait for a compiler to go through networks of all
    /// kinds of weights.
    template <class Candidates = std::span<const model::Architecture>>
    [[nodiscard]] std::vector<double> operator()(const Candidates& candidates) {
        std::vector<Runner> runners;
        runners.reserve(candidates.size());
        for (const model::Architecture& candidate : candidates)
            runners.push_back({.architecture = &candidate});
        std::vector<Runner*> running;
        running.reserve(runners.size());
        for (Runner& runner : runners) running.push_back(&runner);
        const std::size_t all = order_.size();
        for (std::size_t seen = 0; seen < all && !running.empty();) {
            const std::size_t next = portion_after(seen);
            run(running, seen, next);
            seen = next;
            if (seen < all) eliminate(running);
        }
        for (const Runner* runner : running)
            if (std::isfinite(score(runner->losses))) finished_.push_back(runner->losses);
        keep_the_best();
        std::vector<double> scores;
        scores.reserve(runners.size());
        for (const Runner& runner : runners) scores.push_back(score(runner.losses));
        return scores;
    }

    /// Batches that were gone through, and that would have been without a race.
    [[nodiscard]] std::int64_t batches_run() const noexcept { return batches_run_; }
    [[nodiscard]] std::int64_t batches_in_full() const noexcept { return batches_in_full_; }

private:
    using Losses = std::vector<double>;  ///< summed, of the first batches in `order_`

    struct Runner {
        const model::Architecture* architecture;
        Losses losses{};
    };

    [[nodiscard]] static decode::WeightKind kind_of(const Runner& runner) noexcept {
        return decode::weight_kind_of(runner.architecture->serving);
    }

    [[nodiscard]] std::size_t portion_after(std::size_t seen) const noexcept {
        if (options_.keep == 0) return order_.size();
        const auto first = static_cast<std::size_t>(options_.first_batches);
        return std::min(order_.size(), seen == 0 ? first : 2 * seen);
    }

    [[nodiscard]] double tokens(std::size_t i) const noexcept {
        return static_cast<double>(validator_.target_tokens(order_[i]));
    }

    template <class Runners>
    void run(const Runners& running, std::size_t first, std::size_t last) {
        const auto portion = static_cast<int>(last - first);
        std::vector<Runner*> of_floats;
        std::vector<Runner*> rounded;
        for (Runner* runner : running) {
            runner->losses.resize(last);
            (kind_of(*runner) == decode::WeightKind::fp32 ? of_floats : rounded).push_back(runner);
        }
        std::vector<double> losses(of_floats.size() * (last - first));
        distributed::share_work(
            validator_.ranks(), pool_, std::span(losses), [&](int task, int thread) {
                const Runner& runner = *of_floats[static_cast<std::size_t>(task / portion)];
                return batch_loss(super_.view(*runner.architecture),
                                  first + static_cast<std::size_t>(task % portion), thread);
            });
        for (std::size_t i = 0; i < losses.size(); ++i) {
            Losses& of_runner = of_floats[i / (last - first)]->losses;
            of_runner[first + i % (last - first)] = losses[i];
        }
        run_rounded(rounded, first, last);
        batches_run_ += static_cast<std::int64_t>(running.size()) * portion;
        if (first == 0)
            batches_in_full_ += static_cast<std::int64_t>(running.size() * order_.size());
    }

    /// One thread of one rank a network: no more of them are packed at once than there are threads.
    template <class Runners>
    void run_rounded(const Runners& running, std::size_t first, std::size_t last) {
        distributed::Communicator& ranks = validator_.ranks();
        const auto step = static_cast<std::size_t>(ranks.size());
        const std::size_t portion = last - first;
        std::vector<std::ptrdiff_t> offsets{0};  // networks by rank, each with its losses
        std::vector<Runner*> by_rank;
        for (std::size_t r = 0; r < step; ++r) {
            for (std::size_t i = r; i < running.size(); i += step) by_rank.push_back(running[i]);
            offsets.push_back(static_cast<std::ptrdiff_t>(by_rank.size() * portion));
        }
        std::vector<double> losses(by_rank.size() * portion);
        const auto rank = static_cast<std::size_t>(ranks.rank());
        const std::size_t begin = static_cast<std::size_t>(offsets[rank]) / portion;
        const std::size_t end = static_cast<std::size_t>(offsets[rank + 1]) / portion;
        pool_.run(static_cast<int>(end - begin), [&](int task, int thread) {
            const std::size_t index = begin + static_cast<std::size_t>(task);
            const Runner& runner = *by_rank[index];
            decode::with_weights(kind_of(runner), [&]<class Weights>() {
                const model::PackedModelOf<Weights> served(super_.view(*runner.architecture));
                for (std::size_t i = 0; i < portion; ++i)
                    losses[index * portion + i] = batch_loss(served.view(), first + i, thread);
            });
        });
        distributed::all_gather(ranks, losses.data(), offsets);
        for (std::size_t i = 0; i < losses.size(); ++i)
            by_rank[i / portion]->losses[first + i % portion] = losses[i];
    }

    [[nodiscard]] double batch_loss(const auto& network, std::size_t i, int thread) {
        return validator_.batch_loss(network, label_smoothing_, order_[i], thread).loss;
    }

    /// The loss per token. Of a part of the batches: what that of the last to keep would be, plus
    /// the difference so far.
    [[nodiscard]] double score(const Losses& losses) const noexcept {
        double sum = 0;
        double count = 0;
        double reference_so_far = 0;
        double reference_sum = 0;
        double reference_count = 0;
        for (std::size_t i = 0; i < order_.size(); ++i) {
            if (i < losses.size()) {
                sum += losses[i];
                count += tokens(i);
            }
            if (losses.size() == order_.size()) continue;
            if (i < losses.size()) reference_so_far += reference_[i];
            reference_sum += reference_[i];
            reference_count += tokens(i);
        }
        if (losses.size() == order_.size()) return sum / count;
        return reference_sum / reference_count + (sum - reference_so_far) / count;
    }

    void eliminate(std::vector<Runner*>& running) const {
        if (reference_.empty()) return;
        std::erase_if(running, [this](const Runner* runner) {
            const auto n = static_cast<double>(runner->losses.size());
            double mean = 0;
            double squares = 0;
            for (std::size_t i = 0; i < runner->losses.size(); ++i) {
                const double difference = (runner->losses[i] - reference_[i]) / tokens(i);
                mean += difference / n;
                squares += difference * difference;
            }
            const double variance = std::max(squares - n * mean * mean, 0.0) / (n - 1);
            // Written so that a loss that is no number is hopeless.
            return !(mean <= options_.standard_errors * std::sqrt(variance / n));
        });
    }

    /// Leaves the best in `finished_`; the last of them is what others are compared with.
    void keep_the_best() {
        if (options_.keep == 0) {
            finished_.clear();
            return;
        }
        std::vector<double> scores;
        for (const Losses& losses : finished_) scores.push_back(score(losses));
        std::vector<int> order = indices_of(static_cast<int>(finished_.size()));
        sort_indices(order, [&](int a, int b) {
            return scores[static_cast<std::size_t>(a)] < scores[static_cast<std::size_t>(b)];
        });
        const auto keep = static_cast<std::size_t>(options_.keep);
        std::vector<Losses> best;
        for (std::size_t i = 0; i < std::min(keep, order.size()); ++i)
            best.push_back(std::move(finished_[static_cast<std::size_t>(order[i])]));
        finished_ = std::move(best);
        if (finished_.size() == keep) reference_ = finished_.back();
    }

    const model::Network& super_;
    train::Validator& validator_;
    ThreadPool& pool_;
    float label_smoothing_;
    RaceOptions options_;
    std::vector<int> order_;        ///< of the batches
    std::vector<Losses> finished_;  ///< of the best candidates that were not stopped
    Losses reference_;              ///< of the last of those to keep; empty while there are fewer
    std::int64_t batches_run_ = 0;
    std::int64_t batches_in_full_ = 0;
};

}  // namespace hat::search
