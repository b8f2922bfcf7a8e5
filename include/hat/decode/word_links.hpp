// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace hat::decode {

/// A word of a source and the word of its translation that stands for it, both counted from 0.
struct WordLink {
    int source = 0;
    int target = 0;

    friend constexpr bool operator==(const WordLink&, const WordLink&) = default;
};

/// For each word of a translation, the word of its source that its tokens attend to most, all of
/// them together; of equals the first. The ends of sentences are no words.
///
/// `source_words` and `target_words` are the words that tokens belong to, in ascending order.
///
/// Shapes  attention [target_words.size() + 1, source_words.size() + 1]: the last are eos
[[nodiscard]] inline std::vector<WordLink> word_links(std::span<const float> attention,
                                                      std::span<const int> source_words,
                                                      std::span<const int> target_words) {
    const std::size_t row = source_words.size() + 1;
    HAT_ASSERT(attention.size() == row * (target_words.size() + 1));
    std::vector<WordLink> links;
    if (source_words.empty()) return links;
    const int first = source_words.front();
    std::vector<float> attended(static_cast<std::size_t>(source_words.back() - first) + 1);
    for (std::size_t t = 0; t < target_words.size(); ++t) {
        for (std::size_t s = 0; s < source_words.size(); ++s)
            attended[static_cast<std::size_t>(source_words[s] - first)] += attention[t * row + s];
        if (t + 1 < target_words.size() && target_words[t + 1] == target_words[t]) continue;
        std::size_t best = 0;
        for (std::size_t word = 0; word < attended.size(); ++word)
            if (attended[word] > attended[best]) best = word;
        links.push_back({.source = first + static_cast<int>(best), .target = target_words[t]});
        attended.assign(attended.size(), 0.0F);
    }
    return links;
}

}  // namespace hat::decode
