// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/error.hpp>
#include <hat/core/order.hpp>
#include <hat/core/random.hpp>
#include <hat/data/corpus.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace hat::data {

/// Which tokens of a batch its budget limits: those of the target, or those of the source as well.
enum class Budget { target, both_sides };

/// How sentences become batches.
struct BatchOptions {
    int max_tokens = 4096;           // real tokens: batches are ragged and hold no padding
    Budget budget = Budget::target;  ///< what `max_tokens` counts
    int max_sentences = 0;           // 0: no limit
    int bucket_width = 8;    // sentences whose target lengths fall in one such range are mixed
    bool shuffle = true;     // otherwise sentences keep their order within a bucket
    std::uint64_t seed = 1;  ///< of the order
};

/// The batches of one epoch: batch `b` is made of the pairs `sentences(b)`.
class BatchPlan {
public:
    [[nodiscard]] int size() const noexcept { return static_cast<int>(ends_.size()); }

    /// Indices into the corpus. Precondition: 0 <= batch < size().
    [[nodiscard]] std::span<const int> sentences(int batch) const noexcept {
        HAT_ASSERT(0 <= batch && batch < size());
        const auto at = static_cast<std::size_t>(batch);
        const std::size_t begin = at == 0 ? 0 : ends_[at - 1];
        return {sentences_.data() + begin, ends_[at] - begin};
    }

    /// The most that one batch of this plan holds.
    [[nodiscard]] int max_sentences() const noexcept { return max_sentences_; }
    [[nodiscard]] int max_source_tokens() const noexcept { return max_source_tokens_; }
    [[nodiscard]] int max_target_tokens() const noexcept { return max_target_tokens_; }

    void push_back(std::span<const int> sentences, int source_tokens, int target_tokens) {
        sentences_.insert(sentences_.end(), sentences.data(), sentences.data() + sentences.size());
        ends_.push_back(sentences_.size());
        max_sentences_ = std::max(max_sentences_, static_cast<int>(sentences.size()));
        max_source_tokens_ = std::max(max_source_tokens_, source_tokens);
        max_target_tokens_ = std::max(max_target_tokens_, target_tokens);
    }

private:
    std::vector<int> sentences_;
    std::vector<std::size_t> ends_;
    int max_sentences_ = 0;
    int max_source_tokens_ = 0;
    int max_target_tokens_ = 0;
};

namespace detail {

inline void check_batch_options(const BatchOptions& options) {
    if (options.max_tokens < 1)
        fail("batches: found a budget of ", options.max_tokens, " tokens, expected at least 1");
    if (options.max_sentences < 0)
        fail("batches: found a limit of ", options.max_sentences,
             " sentences, expected 0 (none) or more");
    if (options.bucket_width < 1)
        fail("batches: found buckets of ", options.bucket_width, " lengths, expected at least 1");
}

/// What a batch holds so far, and whether a pair still fits.
struct Load {
    std::int64_t sentences = 0;
    std::int64_t source_tokens = 0;
    std::int64_t target_tokens = 0;

    [[nodiscard]] Load with(const Corpus& corpus, int sentence) const noexcept {
        const int source = corpus.has_source() ? corpus.source.sentences.length(sentence) : 0;
        return {sentences + 1, source_tokens + source,
                target_tokens + corpus.target.sentences.length(sentence)};
    }
    [[nodiscard]] std::int64_t limited_tokens(Budget budget) const noexcept {
        return budget == Budget::target ? target_tokens : std::max(source_tokens, target_tokens);
    }
    [[nodiscard]] bool fits(const BatchOptions& options) const noexcept {
        return limited_tokens(options.budget) <= options.max_tokens &&
               source_tokens <= std::numeric_limits<int>::max() &&
               (options.max_sentences == 0 || sentences <= options.max_sentences);
    }
};

/// All sentences, bucket by bucket, and shuffled within each.
inline std::vector<int> bucketed_order(const Corpus& corpus, const BatchOptions& options,
                                       Random& random) {
    std::vector<int> shuffled = indices_of(corpus.size());
    if (options.shuffle) random.shuffle(shuffled);
    const auto bucket = [&](int sentence) {
        const int length = corpus.target.sentences.length(sentence);
        return static_cast<std::size_t>(length / options.bucket_width);
    };
    // Where the next sentence of each bucket goes: no sentence is compared with another.
    std::vector<int> next;
    for (const int sentence : shuffled) {
        if (const std::size_t most = bucket(sentence) + 2; most > next.size()) next.resize(most);
        ++next[bucket(sentence) + 1];
    }
    for (std::size_t i = 1; i < next.size(); ++i) next[i] += next[i - 1];
    std::vector<int> order(shuffled.size());
    for (const int sentence : shuffled)
        order[static_cast<std::size_t>(next[bucket(sentence)]++)] = sentence;
    return order;
}

}  // namespace detail

/// Cuts the corpus into the batches of epoch `epoch`: as many pairs each as fit the budget, of
/// similar length, in random order. Every pair is in exactly one batch. The same corpus, options
/// and epoch give the same batches on every machine.
///
/// Cost    lengths are read, tokens are not; some 12 bytes a pair, of which 4 stay
/// Throws  `Error` at a pair that does not fit the budget by itself
[[nodiscard]] inline BatchPlan plan_batches(const Corpus& corpus, const BatchOptions& options,
                                            int epoch) {
    detail::check_batch_options(options);
    Random random(RandomKey(options.seed).split(static_cast<std::uint64_t>(epoch)));
    const std::vector<int> order = detail::bucketed_order(corpus, options, random);

    struct Batch {
        std::size_t begin, end;
        detail::Load load;
    };
    std::vector<Batch> batches;
    for (std::size_t i = 0; i < order.size(); ++i) {
        const detail::Load alone = detail::Load{}.with(corpus, order[i]);
        if (!alone.fits(options))
            fail("pair ", order[i] + 1, " of the corpus: found ",
                 alone.limited_tokens(options.budget), " tokens, expected at most ",
                 options.max_tokens, ", the budget of a batch");
        if (!batches.empty()) {
            const detail::Load load = batches.back().load.with(corpus, order[i]);
            if (load.fits(options)) {
                batches.back().end = i + 1;
                batches.back().load = load;
                continue;
            }
        }
        batches.push_back({i, i + 1, alone});
    }
    if (options.shuffle) random.shuffle(batches);

    BatchPlan plan;
    for (const Batch& batch : batches)
        plan.push_back({order.data() + batch.begin, batch.end - batch.begin},
                       static_cast<int>(batch.load.source_tokens),
                       static_cast<int>(batch.load.target_tokens));
    return plan;
}

}  // namespace hat::data
