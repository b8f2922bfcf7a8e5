// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/autograd/tape.hpp>
#include <hat/core/arena.hpp>
#include <hat/core/threads.hpp>
#include <hat/data/batch.hpp>
#include <hat/data/batches.hpp>
#include <hat/distributed/communicator.hpp>
#include <hat/distributed/shared_work.hpp>
#include <hat/model/architecture.hpp>
#include <hat/model/transformer.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace hat::train {

/// A batch of a corpus as the network reads it.
[[nodiscard]] inline model::Batch view(const data::Batch& batch) noexcept {
    return {batch.source_tokens(), batch.source(), batch.decoder_input(), batch.target_tokens(),
            batch.target()};
}

/// The loss over a corpus, without dropout.
struct ValidationResult {
    kernels::CrossEntropy sum;
    std::int64_t target_tokens = 0;

    /// Label-smoothed loss per token, natural logarithm.
    [[nodiscard]] double loss() const noexcept { return sum.loss / tokens(); }
    /// Without smoothing.
    [[nodiscard]] double nll() const noexcept { return sum.nll / tokens(); }
    [[nodiscard]] double perplexity() const noexcept { return std::exp(nll()); }

private:
    [[nodiscard]] double tokens() const noexcept {
        return static_cast<double>(std::max<std::int64_t>(target_tokens, 1));
    }
};

/// A sub-network whose loss a validation tells.
struct ValidatedNetwork {
    std::string name;  ///< in the log: "loss_" + name
    model::Architecture architecture;
    bool decides = true;  ///< whether the best parameters are chosen by it
};

/// Measures networks on one corpus; its batches are made once.
class Validator {
public:
    /// References must outlive it. Several ranks share the batches of each measurement.
    /// Throws  `Error` if the corpus is empty.
    Validator(const data::Corpus& corpus, ThreadPool& pool,
              distributed::Communicator& ranks = distributed::serial())
        : pool_(pool), ranks_(ranks) {
        constexpr int batch_tokens = 512;
        int longest = batch_tokens;
        for (int i = 0; i < corpus.size(); ++i) {
            longest = std::max(longest, corpus.target.sentences.length(i));
        }
        const auto plan = data::plan_batches(corpus, {.max_tokens = longest, .shuffle = false}, 0);
        if (plan.size() == 0) fail("validation: the corpus is empty");
        batches_.resize(static_cast<std::size_t>(plan.size()));
        for (int b = 0; b < plan.size(); ++b) {
            batches_[static_cast<std::size_t>(b)].fill(corpus, plan.sentences(b));
        }
        losses_.resize(batches_.size());
        workspaces_.resize(static_cast<std::size_t>(pool.size()));
    }

    /// `model` is a `model::Transformer` of any weights, compiled only where it is used. The same
    /// bits on any number of threads and ranks.
    template <class Model>
    [[nodiscard]] ValidationResult operator()(const Model& model, float label_smoothing) {
        distributed::share_work(ranks_, pool_, std::span(losses_), [&](int index, int thread) {
            return batch_loss(model, label_smoothing, index, thread);
        });
        ValidationResult result;
        for (std::size_t i = 0; i < batches_.size(); ++i) {
            result.sum += losses_[i];
            result.target_tokens += batches_[i].target().tokens();
        }
        return result;
    }

    /// The ranks that share the work, and the batches that they have together.
    [[nodiscard]] distributed::Communicator& ranks() const noexcept { return ranks_; }
    [[nodiscard]] int batches() const noexcept { return static_cast<int>(batches_.size()); }
    /// Tokens of the targets of a batch.
    [[nodiscard]] std::int64_t target_tokens(int batch) const noexcept {
        return batches_[static_cast<std::size_t>(batch)].target().tokens();
    }
    /// The summed loss of one batch. May be called by several threads of the pool at once, each
    /// with its own number.
    template <class Model>
    [[nodiscard]] kernels::CrossEntropy batch_loss(const Model& model, float label_smoothing,
                                                   int batch, int thread) {
        Workspace& workspace = workspaces_[static_cast<std::size_t>(thread)];
        workspace.memory.reset();
        workspace.scratch.reset();
        autograd::Eval context(workspace.memory, workspace.scratch);
        return loss(context, model, {}, view(batches_[static_cast<std::size_t>(batch)]),
                    label_smoothing);
    }

private:
    struct Workspace {
        Arena memory;
        Arena scratch;
    };

    ThreadPool& pool_;
    distributed::Communicator& ranks_;
    std::vector<data::Batch> batches_;
    std::vector<kernels::CrossEntropy> losses_;
    std::vector<Workspace> workspaces_;
};

}  // namespace hat::train
