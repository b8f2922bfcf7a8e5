// SPDX-License-Identifier: Apache-2.0
// Needs: nlohmann-json, xxHash
#pragma once

#include <hat/io/content_hash.hpp>
#include <hat/io/model_directory.hpp>

#include <algorithm>
#include <string>
#include <string_view>

/// What a vocabulary is: the files that say how text becomes ids and ids become text. Whatever was
/// made with the same files may be used together: corpora, runs, models, searches. Latencies depend
/// on the number of pieces and on the lengths of sentences alone, so tables and predictors of them
/// are compared by these.
namespace hat::io {

/// One hash over the names and contents of those of `files` that are the vocabulary.
[[nodiscard]] inline std::string vocabulary_hash(const TextFiles& files) {
    ContentHash hash;
    for (const auto& [name, content] : files) {
        if (std::find(vocabulary_file_names.begin(), vocabulary_file_names.end(), name) ==
            vocabulary_file_names.end())
            continue;
        hash.add(name + '\n' + std::to_string(content.size()) + '\n');
        hash.add(content);
    }
    return hash.text();
}

/// What differs between two vocabularies, to be told: "subword model", or the name of the first
/// file that is not the same in both; empty if they are equal.
[[nodiscard]] inline std::string vocabulary_difference(const TextFiles& a, const TextFiles& b) {
    for (const std::string_view name : vocabulary_file_names) {
        const auto left = a.find(name);
        const auto right = b.find(name);
        const bool same = left == a.end() || right == b.end() ? left == a.end() && right == b.end()
                                                              : left->second == right->second;
        if (!same) return name == "subword.model" ? "subword model" : std::string(name);
    }
    return {};
}

}  // namespace hat::io
