// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

namespace hat::decode {

/// Of each word of a translation: the sum of the log-probabilities of its tokens; not a number
/// where the network did not say it.
///
/// The translation has `count` words, and comes in parts: the tokens of part i belong to the words
/// `words[i]`, and `scores(i)` are their log-probabilities. Tokens of words from `count` on, which
/// say nothing but white space, and the end of a part belong to none.
///
/// Shapes  scores(i) [words[i].size() + 1]: the last is eos
template <class Scores>
[[nodiscard]] std::vector<float>
word_scores(std::size_t count, std::span<const std::vector<int>> words, const Scores& scores) {
    std::vector<float> of_words(count, std::numeric_limits<float>::quiet_NaN());
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::span<const float> of_tokens = scores(i);
        HAT_ASSERT(of_tokens.size() > words[i].size());
        for (std::size_t t = 0; t < words[i].size(); ++t) {
            const auto word = static_cast<std::size_t>(words[i][t]);
            if (word >= count) continue;
            float& of_word = of_words[word];
            of_word = std::isnan(of_word) ? of_tokens[t] : of_word + of_tokens[t];
        }
    }
    return of_words;
}

}  // namespace hat::decode
