// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/data/column.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace hat::data {

/// Sentences as ids, one after the other in one column: sentence `i` is
/// `tokens[offsets[i]] … tokens[offsets[i + 1] − 1]`.
struct Sentences {
    Column<int> tokens;
    Column<std::int64_t> offsets{0};

    [[nodiscard]] int size() const noexcept { return static_cast<int>(offsets.size()) - 1; }

    /// Precondition: 0 <= i < size().
    [[nodiscard]] int length(int i) const noexcept {
        HAT_ASSERT(0 <= i && i < size());
        const auto at = static_cast<std::size_t>(i);
        return static_cast<int>(offsets[at + 1] - offsets[at]);
    }
    [[nodiscard]] std::span<const int> operator[](int i) const noexcept {
        HAT_ASSERT(0 <= i && i < size());
        return {tokens.data() + offsets[static_cast<std::size_t>(i)],
                static_cast<std::size_t>(length(i))};
    }
    void push_back(std::span<const int> sentence) {
        tokens.append(sentence);
        offsets.push_back(static_cast<std::int64_t>(tokens.size()));
    }

    friend bool operator==(const Sentences&, const Sentences&) = default;
};

/// One language of a corpus. Every sentence ends with `eos`, and begins with no mark.
struct Side {
    Sentences sentences{};
    int vocab_size = 0;  // ids are 0 … vocab_size − 1
    int eos = 0;

    friend bool operator==(const Side&, const Side&) = default;
};

/// Sentence pairs as ids: what a translator is trained and validated on. A text for language models
/// is a target without source.
struct Corpus {
    Side source;
    Side target;
    /// What the ids stand for: the hash of the vocabulary that encoded both sides
    /// (`io::vocabulary_hash`); empty where it is not known.
    std::string vocabulary{};

    [[nodiscard]] int size() const noexcept { return target.sentences.size(); }
    /// Whether it is of pairs; a text for language models has no source.
    [[nodiscard]] bool has_source() const noexcept { return source.sentences.size() > 0; }

    friend bool operator==(const Corpus&, const Corpus&) = default;
};

/// Encodes every line and appends the end of sentence. `subword` has `encode`, `size` and
/// `special`, as `Subword` does.
template <class Subword>
[[nodiscard]] Side encode(const std::vector<std::string>& lines, const Subword& subword) {
    Side side{.vocab_size = subword.size(), .eos = subword.special().eos};
    side.sentences.offsets.reserve(lines.size() + 1);
    for (const std::string& line : lines) {
        std::vector<int> ids = subword.encode(line);
        ids.push_back(side.eos);
        side.sentences.push_back(ids);
    }
    return side;
}

/// Removes the pairs of which `drops(source, target)` is true, two spans of ids with the end of
/// sentence among them, and returns how many they were.
template <class Drops>
int drop_pairs(Corpus& corpus, const Drops& drops) {
    Sentences source;
    Sentences target;
    for (int i = 0; i < corpus.size(); ++i) {
        const std::span<const int> s = corpus.source.sentences[i];
        const std::span<const int> t = corpus.target.sentences[i];
        if (drops(s, t)) continue;
        source.push_back(s);
        target.push_back(t);
    }
    const int dropped = corpus.size() - source.size();
    corpus.source.sentences = std::move(source);
    corpus.target.sentences = std::move(target);
    return dropped;
}

/// Removes the pairs of which one side has more than `max_length` tokens, the end of sentence
/// among them, and returns how many they were.
inline int drop_long_pairs(Corpus& corpus, int max_length) {
    const auto most = static_cast<std::size_t>(std::max(max_length, 0));
    return drop_pairs(corpus, [most](std::span<const int> source, std::span<const int> target) {
        return std::max(source.size(), target.size()) > most;
    });
}

}  // namespace hat::data
