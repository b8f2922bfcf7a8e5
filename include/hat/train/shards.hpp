// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/autograd/tape.hpp>
#include <hat/core/arena.hpp>
#include <hat/core/error.hpp>
#include <hat/core/random.hpp>
#include <hat/core/threads.hpp>
#include <hat/model/network.hpp>
#include <hat/model/transformer.hpp>
#include <hat/train/chunks.hpp>

#include <cmath>
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
/// to when it was made, and returns the loss.
template <class F>
concept Objective = requires(const F& objective, const MicroBatch& micro_batch) {
    { objective(micro_batch) } -> std::same_as<LossSum>;
};

/// The label-smoothed loss of one network (a `model::Transformer<nn::Trainable>`, compiled only
/// where it is used), whose gradients go where its parameters say.
template <class Model>
LossSum learn(const Model& model, const MicroBatch& micro_batch) {
    autograd::Tape tape(micro_batch.memory, micro_batch.scratch, micro_batch.key);
    const auto sum =
        loss(tape, model, micro_batch.dropout, micro_batch.batch, micro_batch.label_smoothing);
    tape.backward();
    return {sum, micro_batch.batch.target_sentences.tokens()};
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

/// Computes gradients of batches on several threads, with the same bits on any number of them.
///
/// A batch is cut into shards of about as many tokens each, a shard into micro-batches whose
/// activations stay in a core's cache. Every shard adds to a gradient slab of its own; `reduce`
/// adds the slabs up in a fixed order.
class ShardedGradients {
public:
    /// Throws  `Error` if an option is out of range.
    ShardedGradients(const TensorTable& table, ShardOptions options, ThreadPool& pool)
        : options_(options), pool_(pool), chunks_(make_chunks(table)), squares_(chunks_.size()) {
        if (options.shards < 1 || options.shards > 1024) {
            fail("training: shards = ", options.shards, ", expected 1 to 1024");
        }
        if (options.micro_batch_tokens < 1) {
            fail("training: micro_batch_tokens = ", options.micro_batch_tokens,
                 ", expected at least 1");
        }
        for (int i = 0; i < options.shards; ++i) shards_.emplace_back(table);
        workspaces_.resize(static_cast<std::size_t>(pool.size()));
    }

    /// Adds the gradients of the summed loss of `batch`. `make(gradients)`, called once per shard,
    /// returns the network to train, or an `Objective`; gradients are to go there.
    template <class Make>
    LossSum add(const Make& make, const nn::DropoutRates& rates, float smoothing, RandomKey key,
                const model::Batch& batch) {
        const int sentences = batch.target_sentences.sentences();
        pool_.run(options_.shards, [&](int index, int thread) {
            Shard& shard = shards_[static_cast<std::size_t>(index)];
            Workspace& workspace = workspaces_[static_cast<std::size_t>(thread)];
            const auto objective = as_objective(make(&shard.gradients));
            const int first = detail::share_begin(batch, 0, sentences, index, options_.shards);
            const int last = detail::share_begin(batch, 0, sentences, index + 1, options_.shards);
            shard.loss = {};
            const int tokens =
                batch.target_sentences.offsets()[last] - batch.target_sentences.offsets()[first];
            const int parts =
                (tokens + options_.micro_batch_tokens - 1) / options_.micro_batch_tokens;
            for (int part = 0; part < parts; ++part) {
                const int begin = detail::share_begin(batch, first, last, part, parts);
                const int end = detail::share_begin(batch, first, last, part + 1, parts);
                if (begin == end) continue;
                workspace.memory.reset();
                workspace.scratch.reset();
                const model::Batch own = sub_batch(batch, begin, end, workspace.memory);
                const RandomKey own_key = key.split(static_cast<std::uint64_t>(index))
                                              .split(static_cast<std::uint64_t>(part));
                shard.loss += objective(MicroBatch{own, rates, smoothing, own_key, workspace.memory,
                                                   workspace.scratch});
            }
        });
        LossSum sum;
        for (const Shard& shard : shards_) sum += shard.loss;
        return sum;
    }

    /// Adds all slabs into the first, leaves zeros in the others and returns the Euclidean norm of
    /// the sum (over tensors that have a gradient; others are zero).
    double reduce() {
        Shard& total = shards_.front();
        for (std::size_t i = 1; i < shards_.size(); ++i) {
            auto& flags = shards_[i].gradients.has_gradient;
            for (std::size_t t = 0; t < flags.size(); ++t) {
                total.gradients.has_gradient[t] |= std::exchange(flags[t], std::uint8_t{0});
            }
        }
        pool_.run(static_cast<int>(chunks_.size()), [&](int index, int) {
            squares_[static_cast<std::size_t>(index)] =
                reduce_chunk(chunks_[static_cast<std::size_t>(index)]);
        });
        double sum = 0;
        for (const float square : squares_) sum += static_cast<double>(square);
        return std::sqrt(sum);
    }

    /// After `reduce`: the summed gradients. Whoever uses them leaves zeros and clears the flags.
    [[nodiscard]] model::Gradients& total() noexcept { return shards_.front().gradients; }

private:
    struct Shard {
        explicit Shard(const TensorTable& table) : gradients(table) {}
        model::Gradients gradients;
        LossSum loss;
    };
    struct Workspace {
        Arena memory;
        Arena scratch;
    };

    template <Objective F>
    [[nodiscard]] static F as_objective(const F& objective) {
        return objective;
    }
    template <class Model>
    [[nodiscard]] static auto as_objective(const Model& model) {
        return [model](const MicroBatch& micro_batch) { return learn(model, micro_batch); };
    }

    [[nodiscard]] float reduce_chunk(const Chunk& chunk) noexcept {
        const auto entry = static_cast<std::size_t>(chunk.entry);
        Shard& first = shards_.front();
        if (first.gradients.has_gradient[entry] == 0) return 0;
        float* const total = first.gradients.values.data() + chunk.offset;
        simd::Lanes squares = simd::zero();
        for (int i = 0; i < chunk.size; i += simd::lanes) {
            simd::Lanes g = simd::load(total + i);
            for (std::size_t s = 1; s < shards_.size(); ++s) {
                float* const part = shards_[s].gradients.values.data() + chunk.offset + i;
                g = g + simd::load(part);
                simd::store(simd::zero(), part);
            }
            simd::store(g, total + i);
            squares = simd::fma(g, g, squares);
        }
        return simd::sum(squares);
    }

    ShardOptions options_;
    ThreadPool& pool_;
    std::vector<Chunk> chunks_;
    std::vector<float> squares_;
    std::vector<Shard> shards_;
    std::vector<Workspace> workspaces_;
};

}  // namespace hat::train
