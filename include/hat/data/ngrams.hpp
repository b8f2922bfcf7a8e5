// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace hat::data {

/// How many n-grams of one order a hypothesis and a reference have, and how many they share: each
/// distinct n-gram counts as often as in the one where it is rarer.
struct NgramMatches {
    std::int64_t hypothesis = 0;
    std::int64_t reference = 0;
    std::int64_t shared = 0;

    constexpr NgramMatches& operator+=(const NgramMatches& other) noexcept {
        hypothesis += other.hypothesis;
        reference += other.reference;
        shared += other.shared;
        return *this;
    }
};

namespace detail {

/// All n-grams of `items`, as pointers to their first item, in lexicographic order.
template <class Item>
std::vector<const Item*> sorted_ngrams(const std::vector<Item>& items, std::size_t n) {
    std::vector<const Item*> ngrams;
    for (std::size_t i = 0; i + n <= items.size(); ++i) ngrams.push_back(items.data() + i);
    std::sort(ngrams.begin(), ngrams.end(), [n](const Item* a, const Item* b) {
        return std::lexicographical_compare(a, a + n, b, b + n);
    });
    return ngrams;
}

}  // namespace detail

/// Compares the n-grams of order `n` of a sequence of words or of characters with those of one or
/// more others. Each distinct n-gram counts as often as in the reference that has most of it, and
/// `reference` is the number of the n-grams in all of them.
template <class Item>
[[nodiscard]] NgramMatches match_ngrams(const std::vector<Item>& hypothesis,
                                        std::span<const std::vector<Item>> references,
                                        std::size_t n) {
    const auto h = detail::sorted_ngrams(hypothesis, n);
    const auto less = [n](const Item* a, const Item* b) {
        return std::lexicographical_compare(a, a + n, b, b + n);
    };
    NgramMatches matches{.hypothesis = static_cast<std::int64_t>(h.size())};
    // Each reference marks the first of equal n-grams, as many as it has: in all, the most.
    std::vector<bool> is_shared(h.size());
    for (const std::vector<Item>& reference : references) {
        const auto r = detail::sorted_ngrams(reference, n);
        matches.reference += static_cast<std::int64_t>(r.size());
        for (std::size_t i = 0, j = 0; i < h.size() && j < r.size();) {
            if (less(h[i], r[j])) {
                ++i;
            } else if (less(r[j], h[i])) {
                ++j;
            } else {
                is_shared[i] = true;
                ++i, ++j;
            }
        }
    }
    matches.shared = std::count(is_shared.begin(), is_shared.end(), true);
    return matches;
}

/// The same with one other sequence.
template <class Item>
[[nodiscard]] NgramMatches match_ngrams(const std::vector<Item>& hypothesis,
                                        const std::vector<Item>& reference, std::size_t n) {
    return match_ngrams(hypothesis, std::span(&reference, 1), n);
}

}  // namespace hat::data
