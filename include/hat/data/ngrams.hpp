// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
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

/// Compares the n-grams of order `n` of two sequences of words or of characters.
template <class Item>
[[nodiscard]] NgramMatches match_ngrams(const std::vector<Item>& hypothesis,
                                        const std::vector<Item>& reference, std::size_t n) {
    const auto h = detail::sorted_ngrams(hypothesis, n);
    const auto r = detail::sorted_ngrams(reference, n);
    NgramMatches matches{static_cast<std::int64_t>(h.size()), static_cast<std::int64_t>(r.size()),
                         0};
    for (std::size_t i = 0, j = 0; i < h.size() && j < r.size();) {
        if (std::lexicographical_compare(h[i], h[i] + n, r[j], r[j] + n))
            ++i;
        else if (std::lexicographical_compare(r[j], r[j] + n, h[i], h[i] + n))
            ++j;
        else
            ++i, ++j, ++matches.shared;
    }
    return matches;
}

}  // namespace hat::data
