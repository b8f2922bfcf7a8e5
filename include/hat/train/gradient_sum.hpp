// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/aligned.hpp>
#include <hat/core/error.hpp>
#include <hat/core/simd.hpp>
#include <hat/core/slab.hpp>
#include <hat/core/threads.hpp>
#include <hat/distributed/communicator.hpp>
#include <hat/model/layer_points.hpp>
#include <hat/model/network.hpp>
#include <hat/train/chunks.hpp>
#include <hat/train/shard_tree.hpp>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace hat::train {

/// The gradients of the shards of a batch and their sum, over threads and ranks.
///
/// Every rank computes some of the shards and needs the sum of some of the tensors: those whose
/// optimiser state it keeps. The sum is that of `sum_tree`, so its bits depend on the number of
/// shards alone. What a rank can add up of the tree alone it does, and sends it to the rank that
/// keeps the tensor. With `begin`, this happens layer by layer while the layers before are still on
/// the way back.
///
///     sum.prepare();
///     sum.begin();                               // then, per shard: gradients into slab(shard),
///     sum.passed(shard, point); sum.done(shard);
///     const double norm = sum.finish(pool);      // sum.total() holds the sum of the own chunks
///
/// Memory  a slab per shard of this rank; where there are more ranks, another one in all if shards
///         and ranks are powers of two, else up to one per level of the tree, as then subtrees of
///         several sizes are sent
///
/// A template, so that an include does not compile it.
template <class Ranks = distributed::Communicator>
class GradientSum {
public:
    /// References must outlive it.
    /// Throws  `Error` if there are more ranks than shards.
    GradientSum(const TensorTable& table, int shards, Ranks& ranks)
        : table_(table), ranks_(ranks), tree_{0, shards}, chunks_(make_chunks(table)),
          squares_(chunks_.size()), floats_(table.extent()) {
        if (ranks.size() > shards)
            fail("training: shards = ", shards, ", expected at least one for each of the ",
                 ranks.size(), " ranks");
        for (int r = 0; r <= ranks.size(); ++r)
            shard_offsets_.push_back(distributed::share_begin(shards, r, ranks.size()));
        own_ = shards_of(ranks.rank());
        deal_chunks();
    }

    /// Makes the slabs, before any is used; not in the constructor, which an include compiles.
    void prepare() {
        if (!slabs_.empty()) return;
        for (int i = 0; i < own_.size(); ++i) slabs_.emplace_back(table_);
        std::ptrdiff_t received = 0;
        for (int r = 0; r < ranks_.size(); ++r)
            for_each_subtree(tree_, shards_of(r), [&](ShardRange subtree) {
                subtrees_.push_back({subtree, r, received});
                if (r != ranks_.rank()) received += own_size();
            });
        if (ranks_.size() == 1) return;
        make_buckets();
        received_ = AlignedArray<float>(received);
        passed_.resize(to_size(own_.size()) * buckets_.size());
    }

    [[nodiscard]] Ranks& ranks() const noexcept { return ranks_; }
    /// The shards that this rank computes.
    [[nodiscard]] ShardRange own_shards() const noexcept { return own_; }
    [[nodiscard]] ShardRange shards_of(int rank) const noexcept {
        return {static_cast<int>(shard_offsets_[to_size(rank)]),
                static_cast<int>(shard_offsets_[to_size(rank) + 1])};
    }
    /// Where the shards of the ranks begin.  Shapes  [ranks + 1]
    [[nodiscard]] std::span<const std::ptrdiff_t> shard_offsets() const noexcept {
        return shard_offsets_;
    }
    /// Where the gradients of a shard of this rank go.
    [[nodiscard]] model::Gradients& slab(int shard) noexcept {
        return slabs_[to_size(shard - own_.first)];
    }
    /// The chunks (`make_chunks`) whose sum this rank has, and whose parameters it changes.
    [[nodiscard]] ChunkRange own_chunks() const noexcept { return part(ranks_.rank()); }
    /// Where the parts of the ranks begin in a slab, in floats, and where the last one ends.
    ///
    /// Shapes  [ranks + 1]
    [[nodiscard]] std::span<const std::ptrdiff_t> part_offsets() const noexcept {
        return part_offsets_;
    }

    /// From here on gradients go on their way as `passed` and `done` tell that they are complete.
    void begin() {
        begun_ = true;
        if (ranks_.size() == 1) return;
        std::fill(passed_.begin(), passed_.end(), std::uint8_t{0});
        for (Bucket& bucket : buckets_) bucket.pending = own_.size();
        for (std::size_t i = 0; i < buckets_.size(); ++i) {
            const Floats floats = floats_of(common(buckets_[i].chunks, own_chunks()));
            if (floats.size == 0) continue;
            for (std::size_t s = 0; s < subtrees_.size(); ++s)
                if (const Subtree& subtree = subtrees_[s]; subtree.rank != ranks_.rank())
                    ranks_.receive(
                        distributed::bytes_of(received(subtree, floats.begin), floats.size),
                        subtree.rank, tag(i, s));
        }
    }

    /// The shard adds nothing more to the layer of this point. From any thread.
    void passed(int shard, int point) {
        if (!begun_ || ranks_.size() == 1) return;
        for (std::size_t i = 0; i < buckets_.size(); ++i)
            if (buckets_[i].point == point) pass(shard, i);
        ranks_.progress();
    }

    /// The shard adds nothing more. From any thread.
    void done(int shard) {
        if (!begun_ || ranks_.size() == 1) return;
        for (std::size_t i = 0; i < buckets_.size(); ++i)
            if (buckets_[i].point >= 0) pass(shard, i);
        ranks_.progress();
    }

    /// Adds up what is left, waits for the others, and returns the Euclidean norm of the sum (over
    /// tensors that have a gradient; others are zero), the same on all ranks. All but `total` is
    /// zero then.
    double finish(ThreadPool& pool) {
        prepare();
        if (ranks_.size() > 1) {
            if (!begun_) begin();
            for (std::size_t i = 0; i < buckets_.size(); ++i)
                if (buckets_[i].pending > 0) start(i, pool);
        }
        share_flags();  // while the large messages travel
        ranks_.wait();
        begun_ = false;
        const ChunkRange own = own_chunks();
        pool.run(static_cast<int>(chunks_.size()), [&](int index, int) noexcept {
            const Chunk& chunk = chunks_[to_size(index)];
            if (own.first <= index && index < own.last)
                squares_[to_size(index)] = sum_chunk(chunk);
            else
                clear(chunk);
        });
        distributed::all_gather(ranks_, squares_.data(), chunk_offsets_);
        double sum = 0;
        for (const float square : squares_) sum += static_cast<double>(square);
        return std::sqrt(sum);
    }

    /// After `finish`: the summed gradients of the own chunks, and which tensors have any. Whoever
    /// uses them leaves zeros and clears the flags.
    [[nodiscard]] model::Gradients& total() noexcept { return slabs_.front(); }

private:
    /// Neighbouring chunks that are complete at once: of one layer, or of none.
    struct Bucket {
        ChunkRange chunks;
        int point;        ///< −1: when all is done
        int pending = 0;  ///< own shards that may still add to it; counted by several threads
    };
    /// What a rank adds up of the tree before it needs others'.
    struct Subtree {
        ShardRange shards;
        int rank;
        std::ptrdiff_t received;  ///< where in `received_` another rank's sum of the own part is
    };
    struct Floats {
        std::ptrdiff_t begin;
        std::ptrdiff_t size;
    };

    static constexpr std::size_t to_size(auto n) noexcept { return static_cast<std::size_t>(n); }
    [[nodiscard]] static ChunkRange common(ChunkRange a, ChunkRange b) noexcept {
        const int first = std::max(a.first, b.first);
        return {first, std::max(first, std::min(a.last, b.last))};
    }
    [[nodiscard]] ChunkRange part(int rank) const noexcept {
        return {static_cast<int>(chunk_offsets_[to_size(rank)]),
                static_cast<int>(chunk_offsets_[to_size(rank) + 1])};
    }
    [[nodiscard]] std::ptrdiff_t own_begin() const noexcept {
        return part_offsets_[to_size(ranks_.rank())];
    }
    [[nodiscard]] std::ptrdiff_t own_size() const noexcept {
        return part_offsets_[to_size(ranks_.rank()) + 1] - own_begin();
    }
    /// Where floats from `offset` of a slab on, of the own part, are received.
    [[nodiscard]] float* received(const Subtree& subtree, std::ptrdiff_t offset) noexcept {
        return received_.data() + subtree.received + (offset - own_begin());
    }
    [[nodiscard]] std::ptrdiff_t offset_of(int chunk) const noexcept {
        return chunk == static_cast<int>(chunks_.size()) ? floats_ : chunks_[to_size(chunk)].offset;
    }
    [[nodiscard]] Floats floats_of(ChunkRange range) const noexcept {
        const std::ptrdiff_t begin = offset_of(range.first);
        return {begin, offset_of(range.last) - begin};
    }
    [[nodiscard]] int tag(std::size_t bucket, std::size_t subtree) const noexcept {
        return static_cast<int>(bucket * subtrees_.size() + subtree);
    }

    /// Each rank keeps neighbouring chunks of about as many floats as others.
    void deal_chunks() {
        int chunk = 0;
        for (int r = 0; r <= ranks_.size(); ++r) {
            const std::ptrdiff_t wanted = distributed::share_begin(floats_, r, ranks_.size());
            while (offset_of(chunk) < wanted) ++chunk;
            chunk_offsets_.push_back(chunk);
            part_offsets_.push_back(offset_of(chunk));
        }
    }

    void make_buckets() {
        const int count = static_cast<int>(chunks_.size());
        const auto point = [&](int chunk) {
            return model::layer_point_of(table_[chunks_[to_size(chunk)].entry].name);
        };
        for (int first = 0, last = 0; first < count; first = last) {
            while (last < count && point(last) == point(first)) ++last;
            buckets_.push_back({{first, last}, point(first)});
        }
    }

    void pass(int shard, std::size_t bucket) {
        std::uint8_t& passed = passed_[to_size(shard - own_.first) * buckets_.size() + bucket];
        if (passed != 0) return;
        passed = 1;
        if (std::atomic_ref(buckets_[bucket].pending).fetch_sub(1) != 1) return;
        for (int chunk = buckets_[bucket].chunks.first; chunk < buckets_[bucket].chunks.last;
             ++chunk)
            sum_own(chunks_[to_size(chunk)]);
        send(bucket);
    }

    void start(std::size_t bucket, ThreadPool& pool) {
        const ChunkRange chunks = buckets_[bucket].chunks;
        pool.run(chunks.last - chunks.first,
                 [&](int index, int) { sum_own(chunks_[to_size(chunks.first + index)]); });
        send(bucket);
    }

    /// Adds up the own subtrees.
    void sum_own(const Chunk& chunk) noexcept {
        for (const Subtree& subtree : subtrees_)
            if (subtree.rank == ranks_.rank())
                sum_tree(
                    subtree.shards, [](ShardRange) { return false; },
                    [&](int a, int b) {
                        add_and_clear(own_floats(b) + chunk.offset, own_floats(a) + chunk.offset,
                                      chunk.size);
                    });
    }

    void send(std::size_t bucket) {
        for (int r = 0; r < ranks_.size(); ++r) {
            const Floats floats = floats_of(common(buckets_[bucket].chunks, part(r)));
            if (r == ranks_.rank() || floats.size == 0) continue;
            for (std::size_t s = 0; s < subtrees_.size(); ++s)
                if (const Subtree& subtree = subtrees_[s]; subtree.rank == ranks_.rank())
                    ranks_.send(
                        distributed::bytes_of(
                            std::as_const(slab(subtree.shards.first)).values.data() + floats.begin,
                            floats.size),
                        r, tag(bucket, s));
        }
    }

    [[nodiscard]] float* own_floats(int shard) noexcept { return slab(shard).values.data(); }

    /// Where the sum over the subtree of this first shard stands, for an own chunk.
    [[nodiscard]] float* subtree_floats(int first_shard, const Chunk& chunk) noexcept {
        if (own_.first <= first_shard && first_shard < own_.last)
            return own_floats(first_shard) + chunk.offset;
        const Subtree* found = subtrees_.data();
        while (found->shards.first != first_shard) ++found;
        return received(*found, chunk.offset);
    }

    /// Which tensors have a gradient, on any rank.
    void share_flags() {
        auto& total = slabs_.front().has_gradient;
        for (std::size_t i = 1; i < slabs_.size(); ++i)
            for (std::size_t t = 0; t < total.size(); ++t)
                total[t] |= std::exchange(slabs_[i].has_gradient[t], std::uint8_t{0});
        ranks_.any(total.data(), static_cast<int>(total.size()));
    }

    /// The sum of one own chunk in the first slab, and its squares.
    [[nodiscard]] float sum_chunk(const Chunk& chunk) noexcept {
        float* const total = slabs_.front().values.data() + chunk.offset;
        if (slabs_.front().has_gradient[to_size(chunk.entry)] == 0) return 0;
        if (ranks_.size() == 1) {
            sum_own(chunk);
        } else {
            sum_tree(
                tree_,
                [&](ShardRange shards) {
                    for (const Subtree& subtree : subtrees_)
                        if (subtree.shards == shards) return true;
                    return false;
                },
                [&](int a, int b) {
                    add_and_clear(subtree_floats(b, chunk), subtree_floats(a, chunk), chunk.size);
                });
            const float* const sum = subtree_floats(0, chunk);
            if (sum != total) std::copy_n(sum, chunk.size, total);
        }
        simd::Lanes squares = simd::zero();
        for (int i = 0; i < chunk.size; i += simd::lanes) {
            const simd::Lanes g = simd::load(total + i);
            squares = simd::fma(g, g, squares);
        }
        return simd::sum(squares);
    }

    /// sum += part, part = 0
    static void add_and_clear(float* part, float* sum, int n) noexcept {
        for (int i = 0; i < n; i += simd::lanes) {
            simd::store(simd::load(sum + i) + simd::load(part + i), sum + i);
            simd::store(simd::zero(), part + i);
        }
    }

    /// Zeros where others keep the sum.
    void clear(const Chunk& chunk) noexcept {
        for (model::Gradients& slab : slabs_)
            std::fill_n(slab.values.data() + chunk.offset, chunk.size, 0.0F);
    }

    const TensorTable& table_;
    Ranks& ranks_;
    ShardRange tree_;
    ShardRange own_{};
    std::vector<Chunk> chunks_;
    std::vector<float> squares_;                 ///< per chunk
    std::ptrdiff_t floats_;                      ///< of a slab
    std::vector<model::Gradients> slabs_;        ///< of the own shards
    std::vector<Subtree> subtrees_;              ///< of all ranks, in order
    std::vector<std::ptrdiff_t> shard_offsets_;  ///< where the shards of the ranks begin
    std::vector<std::ptrdiff_t> chunk_offsets_;  ///< where the parts of the ranks begin
    std::vector<std::ptrdiff_t> part_offsets_;   ///< the same in floats
    std::vector<Bucket> buckets_;
    AlignedArray<float> received_;      ///< others' sums of the own part
    std::vector<std::uint8_t> passed_;  ///< per own shard and bucket
    bool begun_ = false;
};

}  // namespace hat::train
