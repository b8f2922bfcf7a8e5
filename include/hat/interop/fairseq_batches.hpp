// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/order.hpp>
#include <hat/data/batches.hpp>
#include <hat/data/corpus.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>  // std::mt19937 is NumPy's legacy generator, number by number
#include <span>
#include <utility>
#include <vector>

/// The batches of the reference implementation, sentence by sentence. Ours (`plan_batches`) hold
/// no padding and waste nothing; these serve comparisons.
namespace hat::interop {

/// How fairseq makes batches.
struct FairseqBatchOptions {
    int max_tokens = 4096;   ///< of a batch whose sentences are padded to the longest of both sides
    int max_sentences = 0;   ///< 0: no limit
    int multiple = 8;        ///< sizes are multiples of it, or smaller than it
    int max_length = 1024;   ///< pairs with a longer side are left out
    std::uint32_t seed = 1;  ///< of the order of sentences
};

namespace detail {

/// Uniform in 0 … most, as NumPy's legacy `random_interval` draws it. Precondition: most > 0.
inline std::uint32_t numpy_interval(std::mt19937& generator, std::uint32_t most) {
    std::uint32_t mask = most;
    for (int shift = 1; shift < 32; shift *= 2) mask |= mask >> shift;
    std::uint32_t value = 0;
    do {
        value = static_cast<std::uint32_t>(generator()) & mask;
    } while (value > most);
    return value;
}

/// `numpy.random.shuffle` after `numpy.random.seed(seed)`.
template <class Item>
void numpy_shuffle(std::vector<Item>& items, std::uint32_t seed) {
    std::mt19937 generator(seed);
    for (std::size_t i = items.size(); i-- > 1;)
        std::swap(items[i], items[numpy_interval(generator, static_cast<std::uint32_t>(i))]);
}

/// The longer side of a pair, its end of sentence included.
inline int pair_length(const data::Corpus& corpus, int pair) noexcept {
    return std::max(corpus.source.sentences.length(pair), corpus.target.sentences.length(pair));
}

/// All pairs that are short enough, by source length, then by target length, then at random.
inline std::vector<int> fairseq_order(const data::Corpus& corpus,
                                      const FairseqBatchOptions& options) {
    std::vector<int> order = indices_of(corpus.size());
    numpy_shuffle(order, options.seed);
    for (const data::Side* side : {&corpus.target, &corpus.source})
        sort_indices(order, [side](int a, int b) {
            return side->sentences.length(a) < side->sentences.length(b);
        });
    std::erase_if(order, [&](int pair) { return pair_length(corpus, pair) > options.max_length; });
    return order;
}

}  // namespace detail

/// The batches of epoch `epoch`, from 1 on, or in the order in which they are made if it is 0.
///
/// Throws  `Error` at a pair that does not fit the budget by itself
[[nodiscard]] inline data::BatchPlan
plan_fairseq_batches(const data::Corpus& corpus, const FairseqBatchOptions& options, int epoch) {
    std::vector<std::vector<int>> batches;
    std::vector<int> batch;
    const auto longest_with = [&](int next) {
        int longest = detail::pair_length(corpus, next);
        for (const int pair : batch) longest = std::max(longest, detail::pair_length(corpus, pair));
        return longest;
    };
    for (const int pair : detail::fairseq_order(corpus, options)) {
        const std::int64_t longest = longest_with(pair);
        if (longest > options.max_tokens)
            fail("pair ", pair + 1, " of the corpus: found ", longest, " tokens, expected at most ",
                 options.max_tokens, ", the budget of a batch");
        const auto size = static_cast<int>(batch.size());
        const bool is_full = (size + 1) * longest > options.max_tokens ||
                             (options.max_sentences > 0 && size == options.max_sentences);
        if (size > 0 && is_full) {
            const int kept =
                std::max(size / options.multiple * options.multiple, size % options.multiple);
            batches.emplace_back(batch.begin(), batch.begin() + kept);
            batch.erase(batch.begin(), batch.begin() + kept);
        }
        batch.push_back(pair);
    }
    if (!batch.empty()) batches.push_back(std::move(batch));
    if (epoch > 0) detail::numpy_shuffle(batches, options.seed + static_cast<std::uint32_t>(epoch));

    data::BatchPlan plan;
    for (const std::vector<int>& pairs : batches) {
        const auto tokens = [&](const data::Side& side) {
            int sum = 0;
            for (const int pair : pairs) sum += side.sentences.length(pair);
            return sum;
        };
        plan.push_back(pairs, tokens(corpus.source), tokens(corpus.target));
    }
    return plan;
}

/// The pairs of a batch in the order of its rows: those with the longest source first.
[[nodiscard]] inline std::vector<int> fairseq_rows(const data::Corpus& corpus,
                                                   std::span<const int> pairs) {
    std::vector<int> rows(pairs.begin(), pairs.end());
    std::stable_sort(rows.begin(), rows.end(), [&](int a, int b) {
        return corpus.source.sentences.length(a) > corpus.source.sentences.length(b);
    });
    return rows;
}

}  // namespace hat::interop
