// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/data/tokenizer.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace corpus {

/// The n-grams of 1 to 4 words of `text`, each with a number in front that says how often it occurs
/// before, so that all are different, and texts share as many as they have occurrences in common.
[[nodiscard]] inline std::vector<std::string> word_ngrams(std::string_view text) {
    constexpr int max_order = 4;
    const std::string words = ' ' + hat::data::tokenize(text) + ' ';
    std::vector<std::string> ngrams;
    std::unordered_map<std::string, int> occurrences;
    for (std::size_t begin = 0; begin + 1 < words.size(); begin = words.find(' ', begin + 1)) {
        std::size_t end = begin;
        for (int n = 1; n <= max_order && end + 1 < words.size(); ++n) {
            end = words.find(' ', end + 1);
            std::string ngram = words.substr(begin, end - begin);
            const int before = occurrences[ngram]++;
            ngrams.push_back(std::to_string(before) + ngram);
        }
    }
    return ngrams;
}

/// The simplest translator of all: it answers with the translation of the known sentence that is
/// nearest to the one asked for. A trained one should do better.
///
/// Near is what shares many n-grams of 1 to 4 words: similarity = 2 · shared / (own + other's).
class NearestTranslator {
public:
    /// `sources[i]` translates as `targets[i]`. Precondition: as many of both, at least one.
    NearestTranslator(const std::vector<std::string>& sources, std::vector<std::string> targets)
        : targets_(std::move(targets)) {
        for (std::size_t i = 0; i < sources.size(); ++i) {
            const std::vector<std::string> ngrams = word_ngrams(sources[i]);
            counts_.push_back(ngrams.size());
            for (const std::string& ngram : ngrams) sentences_with_[ngram].push_back(i);
        }
    }

    /// Of the nearest sentences, the first counts.
    [[nodiscard]] const std::string& translate(std::string_view source) const {
        const std::vector<std::string> ngrams = word_ngrams(source);
        std::vector<std::size_t> shared(counts_.size(), 0);
        for (const std::string& ngram : ngrams)
            if (const auto found = sentences_with_.find(ngram); found != sentences_with_.end())
                for (const std::size_t i : found->second) ++shared[i];
        std::size_t nearest = 0;
        for (std::size_t i = 1; i < shared.size(); ++i)  // a / b > c / d, in whole numbers
            if (shared[i] * (ngrams.size() + counts_[nearest]) >
                shared[nearest] * (ngrams.size() + counts_[i]))
                nearest = i;
        return targets_[nearest];
    }

private:
    std::unordered_map<std::string, std::vector<std::size_t>> sentences_with_;
    std::vector<std::size_t> counts_;  // n-grams per sentence
    std::vector<std::string> targets_;
};

}  // namespace corpus
