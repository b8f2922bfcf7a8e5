// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/decode/step_model.hpp>

#include <algorithm>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <span>
#include <utility>

/// Where a search takes its sentences from.
namespace hat::decode {

/// Sentences that enter a search together. Sentence i of `sources` is number `numbers[i]` among
/// the results, or number i without `numbers`. `prefixes`, if there are any, are by number what
/// targets begin with, and outlive the search.
struct Entrants {
    Sources sources;
    std::span<const int> numbers{};
    Sources prefixes{};

    [[nodiscard]] int count() const noexcept { return sources.sentences.sentences(); }
    /// The number among the results of sentence `i`, and what its target begins with.
    [[nodiscard]] int number(int i) const noexcept {
        return numbers.empty() ? i : numbers[static_cast<std::size_t>(i)];
    }
    [[nodiscard]] std::span<const int> prefix(int i) const noexcept {
        const Ragged& all = prefixes.sentences;
        if (all.sentences() == 0) return {};
        return prefixes.tokens.subspan(static_cast<std::size_t>(all.begin(number(i))),
                                       static_cast<std::size_t>(all.length(number(i))));
    }
};

/// What a search takes sentences from: `take(most)` gives at most so many, none when there are no
/// more; what it gave is valid until the next call. If `refills`, a search takes new sentences
/// whenever places are free: none of them, nor its longest target, may be longer than those that it
/// took first.
template <class Supply>
concept SentenceSupply = requires(Supply& supply, int most) {
    { Supply::refills } -> std::convertible_to<bool>;
    { supply.take(most) } -> std::same_as<Entrants>;
};

/// One batch, whose sentences all enter at once.
class OneBatch {
public:
    static constexpr bool refills = false;

    /// Views of sentences, which must outlive it.
    explicit OneBatch(const Sources& sources) noexcept : left_{sources} {}

    /// Precondition: there is a place for each.
    [[nodiscard]] Entrants take([[maybe_unused]] int most) noexcept {
        HAT_ASSERT(left_.count() <= most);
        return std::exchange(left_, {});
    }

private:
    Entrants left_;
};

/// The numbers of sentences in the order in which they are to be translated, for several threads,
/// each of which takes some whenever it has room.
class SentenceQueue {
public:
    /// `order` must outlive it.
    explicit SentenceQueue(std::span<const int> order) noexcept : order_(order) {}

    /// The next ones, at most `most`; none when all are taken.
    [[nodiscard]] std::span<const int> take(int most) noexcept {
        const auto asked = static_cast<std::size_t>(most);
        // Who asks again and again at the end must not count on.
        if (next_.load(std::memory_order_relaxed) >= order_.size()) return {};
        const std::size_t first = next_.fetch_add(asked, std::memory_order_relaxed);
        if (first >= order_.size()) return {};
        return order_.subspan(first, std::min(asked, order_.size() - first));
    }

    /// Leaves nothing to take.
    void close() noexcept { next_.store(order_.size(), std::memory_order_relaxed); }

private:
    std::span<const int> order_;
    std::atomic<std::size_t> next_{0};
};

}  // namespace hat::decode
