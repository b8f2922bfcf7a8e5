// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/data/tokenizer.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <numeric>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace corpus {

/// How many words must be inserted, deleted or replaced to make `a` into `b`.
[[nodiscard]] inline int edit_distance(const std::vector<int>& a, const std::vector<int>& b) {
    std::vector<int> row(b.size() + 1);  // from the words of `a` so far to each prefix of `b`
    std::iota(row.begin(), row.end(), 0);
    for (std::size_t i = 0; i < a.size(); ++i) {
        int diagonal = std::exchange(row[0], static_cast<int>(i) + 1);
        for (std::size_t j = 0; j < b.size(); ++j) {
            const int replaced = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
        }
    }
    return row.back();
}

/// The simplest translator of all: it answers with the translation of the known sentence that is
/// the fewest edits of words away, the first of those. A trained one should do better.
class NearestTranslator {
public:
    /// `sources[i]` translates as `targets[i]`. Precondition: as many of both, at least one.
    NearestTranslator(const std::vector<std::string>& sources, std::vector<std::string> targets)
        : targets_(std::move(targets)) {
        for (const std::string& source : sources) sources_.push_back(word_ids(source));
    }

    [[nodiscard]] const std::string& translate(std::string_view source) {
        const std::vector<int> words = word_ids(source);
        std::size_t nearest = 0;
        int least = edit_distance(words, sources_[0]);
        for (std::size_t i = 1; i < sources_.size(); ++i) {
            const auto longer = std::ssize(words) - std::ssize(sources_[i]);
            if (std::abs(longer) >= least) continue;  // the distance is no less than that
            const int distance = edit_distance(words, sources_[i]);
            if (distance < least) {
                least = distance;
                nearest = i;
            }
        }
        return targets_[nearest];
    }

private:
    /// The words of `text`, numbered in the order in which they were first seen.
    std::vector<int> word_ids(std::string_view text) {
        std::vector<int> ids;
        const std::string tokens = hat::data::tokenize(text);
        for (std::size_t begin = 0; begin < tokens.size();) {
            const std::size_t end = std::min(tokens.find(' ', begin), tokens.size());
            const auto next = static_cast<int>(ids_.size());
            ids.push_back(ids_.emplace(tokens.substr(begin, end - begin), next).first->second);
            begin = end + 1;
        }
        return ids;
    }

    std::unordered_map<std::string, int> ids_;
    std::vector<std::vector<int>> sources_;
    std::vector<std::string> targets_;
};

}  // namespace corpus
