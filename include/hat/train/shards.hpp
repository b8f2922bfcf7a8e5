// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/autograd/tape.hpp>
#include <hat/core/arena.hpp>
#include <hat/core/error.hpp>
#include <hat/core/random.hpp>
#include <hat/core/threads.hpp>
#include <hat/distributed/communicator.hpp>
#include <hat/model/network.hpp>
#include <hat/model/transformer.hpp>
#include <hat/train/gradient_sum.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace hat::train {

/// How a batch is shared out. Both numbers decide the order in which gradients are added, so they,
/// and not the number of threads, decide the bits of the result.
struct ShardOptions {
    int shards = 4;                ///< gradient slabs: the most threads that can share a batch
    int micro_batch_tokens = 512;  ///< target tokens that go forward and back together
};

/// A few sentences that go forward and back together, and all that a loss over them may need.
struct MicroBatch {
    const model::Batch& batch;
    const nn::DropoutRates& dropout;
    float label_smoothing;
    RandomKey key;  ///< of its dropout
    Arena& memory;
    Arena& scratch;
    /// Told by the last network that learns from it, and by no other, when a layer's gradients are
    /// complete: see `learn_last`.
    autograd::Milestones* milestones = nullptr;
};

/// A summed loss, and over how many tokens: what two networks say of a token counts twice.
struct LossSum {
    kernels::CrossEntropy loss;
    std::int64_t tokens = 0;

    LossSum& operator+=(const LossSum& other) noexcept {
        loss += other.loss;
        tokens += other.tokens;
        return *this;
    }
};

/// Something to learn from a micro-batch: goes forward and back, adds gradients where it was told
/// to when it was made, and returns the loss. One over several networks calls `learn` for all but
/// the last, whose way back completes the gradients.
template <class F>
concept Objective = requires(const F& objective, const MicroBatch& micro_batch) {
    { objective(micro_batch) } -> std::same_as<LossSum>;
};

/// The label-smoothed loss of one network (a `model::Transformer<nn::Trainable>`, compiled only
/// where it is used), whose gradients go where its parameters say.
template <class Model>
LossSum learn_last(const Model& model, const MicroBatch& micro_batch) {
    autograd::Tape tape(micro_batch.memory, micro_batch.scratch, micro_batch.key,
                        micro_batch.milestones);
    const auto sum =
        loss(tape, model, micro_batch.dropout, micro_batch.batch, micro_batch.label_smoothing);
    tape.backward();
    return {sum, micro_batch.batch.target_sentences.tokens()};
}

/// The same of a network whose gradients others add to behind it.
template <class Model>
LossSum learn(const Model& model, const MicroBatch& micro_batch) {
    MicroBatch own = micro_batch;
    own.milestones = nullptr;
    return learn_last(model, own);
}

/// The sentences `first` … `last − 1` of a batch as a batch of their own; the offsets are made in
/// `memory`.
inline model::Batch sub_batch(const model::Batch& batch, int first, int last, Arena& memory) {
    const auto cut = [&](const Ragged& sentences) {
        int* const offsets = memory.allocate<int>(last - first + 1);
        const int begin = sentences.offsets()[first];
        for (int i = first; i <= last; ++i) offsets[i - first] = sentences.offsets()[i] - begin;
        return Ragged(offsets, last - first);
    };
    const auto tokens = [&](std::span<const int> all, const Ragged& sentences, const Ragged& own) {
        return all.subspan(static_cast<std::size_t>(sentences.offsets()[first]),
                           static_cast<std::size_t>(own.tokens()));
    };
    model::Batch part;
    if (batch.source_sentences.sentences() > 0) {
        part.source_sentences = cut(batch.source_sentences);
        part.source = tokens(batch.source, batch.source_sentences, part.source_sentences);
    }
    part.target_sentences = cut(batch.target_sentences);
    part.target = tokens(batch.target, batch.target_sentences, part.target_sentences);
    part.input = tokens(batch.input, batch.target_sentences, part.target_sentences);
    return part;
}

namespace detail {

/// The sentence at which the share `index` of `count` begins when tokens are shared out evenly.
inline int share_begin(const model::Batch& batch, int first, int last, int index,
                       int count) noexcept {
    if (index == count) return last;
    const auto cost = [&](int sentence) {
        const Ragged& source = batch.source_sentences;
        return std::int64_t{batch.target_sentences.offsets()[sentence]} +
               (source.sentences() > 0 ? source.offsets()[sentence] : 0);
    };
    const std::int64_t wanted = cost(first) + (cost(last) - cost(first)) * index / count;
    int sentence = first;
    while (sentence < last && cost(sentence) < wanted) ++sentence;
    return sentence;
}

}  // namespace detail

/// Sentences first … last − 1 of a batch.
struct SentenceRange {
    int first;
    int last;
};

/// What all micro-batches of a batch share.
struct LearningRules {
    nn::DropoutRates dropout{};
    float label_smoothing = 0;
};

/// Computes gradients of batches on several threads and ranks, with the same bits on any number of
/// them.
///
/// A batch is cut into shards of about as many tokens each, a shard into micro-batches whose
/// activations stay in a core's cache. Every shard adds to a gradient slab of its own; `reduce`
/// adds the slabs up in a fixed order.
class ShardedGradients {
public:
    /// Of all batches since the last sum.
    struct Sum {
        LossSum loss;
        double norm = 0;  ///< of the gradients, over tensors that have one; others are zero
    };

    /// `ranks` must outlive it.
    /// Throws  `Error` if an option is out of range.
    ShardedGradients(const TensorTable& table, ShardOptions options, ThreadPool& pool,
                     distributed::Communicator& ranks = distributed::serial())
        : options_((validate(options), options)), pool_(pool), sum_(table, options.shards, ranks) {
        workspaces_.resize(static_cast<std::size_t>(pool.size()));
    }

    /// The sentences of `batch` that this rank goes through. Lengths decide it, so the tokens of
    /// all others need not be there.
    [[nodiscard]] SentenceRange own_sentences(const model::Batch& batch) const noexcept {
        const ShardRange own = sum_.own_shards();
        return {shard_begin(batch, own.first), shard_begin(batch, own.last)};
    }

    /// Adds the gradients of the summed loss of `batch`. `make(gradients)`, called once per shard,
    /// returns the network to train, or an `Objective`; gradients are to go there. Behind the last
    /// batch before `reduce`, if that `is_last` is said, ranks sum what is complete while they
    /// still compute.
    template <class Make>
    void add(const Make& make, const LearningRules& rules, RandomKey key, const model::Batch& batch,
             bool is_last = false) {
        const ShardRange own = sum_.own_shards();
        prepare();
        if (is_last) sum_.begin();
        pool_.run(own.size(), [&](int index, int thread) {
            const int shard = own.first + index;
            const auto objective = as_objective(make(&sum_.slab(shard)));
            losses_[static_cast<std::size_t>(shard)] +=
                run_shard(objective, rules, key.split(static_cast<std::uint64_t>(shard)), batch,
                          shard, workspaces_[static_cast<std::size_t>(thread)]);
            sum_.done(shard);
        });
    }

    /// Sums up the losses and the gradients; all but `total` is zero then.
    /// A template, so that an include does not compile it.
    template <class Result = Sum>
    Result reduce() {
        prepare();
        Result sum;
        sum.norm = sum_.finish(pool_);
        distributed::all_gather(sum_.ranks(), losses_.data(), sum_.shard_offsets());
        for (LossSum& loss : losses_) sum.loss += std::exchange(loss, {});
        return sum;
    }

    /// After `reduce`: the summed gradients of the own chunks of this rank, which without others
    /// are all. Whoever uses them leaves zeros and clears the flags.
    [[nodiscard]] model::Gradients& total() noexcept { return sum_.total(); }
    [[nodiscard]] const GradientSum<>& sum() const noexcept { return sum_; }

private:
    struct Workspace {
        Arena memory;
        Arena scratch;
    };

    /// Tells the sum how far a shard has come.
    struct ShardMilestones final : autograd::Milestones {
        ShardMilestones(GradientSum<>& of, int index) : sum(of), shard(index) {}
        void passed(int point) override { sum.passed(shard, point); }
        GradientSum<>& sum;
        int shard;
    };

    template <class Loss = LossSum>
    void prepare() {
        sum_.prepare();
        std::vector<Loss>& losses = losses_;
        losses.resize(static_cast<std::size_t>(options_.shards));
    }

    static void validate(const ShardOptions& options) {
        if (options.shards < 1 || options.shards > 1024)
            fail("training: shards = ", options.shards, ", expected 1 to 1024");
        if (options.micro_batch_tokens < 1)
            fail("training: micro_batch_tokens = ", options.micro_batch_tokens,
                 ", expected at least 1");
    }

    [[nodiscard]] int shard_begin(const model::Batch& batch, int shard) const noexcept {
        return detail::share_begin(batch, 0, batch.target_sentences.sentences(), shard,
                                   options_.shards);
    }

    template <class F>
    LossSum run_shard(const F& objective, const LearningRules& rules, RandomKey key,
                      const model::Batch& batch, int shard, Workspace& workspace) {
        const int first = shard_begin(batch, shard);
        const int last = shard_begin(batch, shard + 1);
        const int tokens =
            batch.target_sentences.offsets()[last] - batch.target_sentences.offsets()[first];
        const int parts = (tokens + options_.micro_batch_tokens - 1) / options_.micro_batch_tokens;
        ShardMilestones milestones(sum_, shard);
        LossSum loss;
        for (int part = 0; part < parts; ++part) {
            const int begin = detail::share_begin(batch, first, last, part, parts);
            const int end = detail::share_begin(batch, first, last, part + 1, parts);
            if (begin == end) continue;
            workspace.memory.reset();
            workspace.scratch.reset();
            const model::Batch own = sub_batch(batch, begin, end, workspace.memory);
            loss +=
                objective(MicroBatch{own, rules.dropout, rules.label_smoothing,
                                     key.split(static_cast<std::uint64_t>(part)), workspace.memory,
                                     workspace.scratch, end == last ? &milestones : nullptr});
        }
        return loss;
    }

    template <Objective F>
    [[nodiscard]] static F as_objective(const F& objective) {
        return objective;
    }
    template <class Model>
    [[nodiscard]] static auto as_objective(const Model& model) {
        return [model](const MicroBatch& micro_batch) { return learn_last(model, micro_batch); };
    }

    ShardOptions options_;
    ThreadPool& pool_;
    GradientSum<> sum_;
    std::vector<LossSum> losses_;  ///< per shard, of all ranks
    std::vector<Workspace> workspaces_;
};

}  // namespace hat::train
