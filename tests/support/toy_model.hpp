// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/arena.hpp>
#include <hat/core/random.hpp>
#include <hat/decode/owned_sources.hpp>
#include <hat/decode/step_model.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

namespace hat::support {

/// A step model without weights: the logits of the next token are a function of the source and of
/// all tokens so far. It holds the searches to the contract of `StepModel`.
class ToyModel {
public:
    using Prefix = std::vector<int>;
    /// (source, prefix beginning with eos) → logits of all tokens
    using Logits = std::function<std::vector<float>(const Prefix&, const Prefix&)>;

    ToyModel(int vocab_size, Logits logits, int max_length = 1024)
        : logits_(std::move(logits)), vocab_size_(vocab_size), max_length_(max_length) {}

    [[nodiscard]] int vocab_size() const noexcept { return vocab_size_; }
    [[nodiscard]] int max_length() const noexcept { return max_length_; }

    void start(const decode::Sources& sources, int rows_per_sentence,
               std::span<const int> max_lengths) {
        sources_.clear();
        for (int s = 0; s < sources.sentences.sentences(); ++s) {
            const auto* const first = sources.tokens.data() + sources.sentences.begin(s);
            sources_.emplace_back(first, first + sources.sentences.length(s));
        }
        rows_per_sentence_ = rows_per_sentence;
        max_lengths_.assign(max_lengths.begin(), max_lengths.end());
        room_ = {sources_, max_lengths_};
        begins_.assign(sources_.size(), true);
        prefixes_.clear();
        steps_ = 0;
        rows_seen_ = 0;
        admitted_ = 0;
    }

    void admit(const decode::Sources& sources, std::span<const int> places,
               std::span<const int> max_lengths) {
        require(std::ssize(places) == sources.sentences.sentences());
        require(std::ssize(max_lengths) == sources.sentences.sentences());
        for (std::size_t i = 0; i < places.size(); ++i) {
            const int s = static_cast<int>(i);
            const auto place = static_cast<std::size_t>(places[i]);
            const auto* const first = sources.tokens.data() + sources.sentences.begin(s);
            sources_.at(place).assign(first, first + sources.sentences.length(s));
            max_lengths_.at(place) = max_lengths[i];
            require(sources_[place].size() <= room_.sources[place].size());
            require(max_lengths[i] <= room_.max_lengths[place]);
            begins_.at(place) = true;
        }
        admitted_ += sources.sentences.sentences();
    }

    [[nodiscard]] kernels::CandidateRows step(std::span<const decode::Row> rows,
                                              const decode::Selection& selection) {
        scratch_.reset();
        const int count = static_cast<int>(rows.size());
        std::vector<std::pair<int, Prefix>> next;
        kernels::TopCandidates best(count, selection.count, selection.normalize, scratch_);
        std::vector<int> rows_of(sources_.size());
        for (int i = 0; i < count; ++i) {
            const decode::Row& row = rows[static_cast<std::size_t>(i)];
            // Those of a sentence side by side.
            const bool is_first =
                i == 0 || row.sentence != rows[static_cast<std::size_t>(i - 1)].sentence;
            require(is_first == (rows_of.at(static_cast<std::size_t>(row.sentence)) == 0));
            require(++rows_of.at(static_cast<std::size_t>(row.sentence)) <= rows_per_sentence_);
            Prefix prefix;
            if (!begins_[static_cast<std::size_t>(row.sentence)]) {
                const auto& [sentence, parent] = prefixes_.at(static_cast<std::size_t>(row.parent));
                require(sentence == row.sentence);
                prefix = parent;
            }
            prefix.push_back(row.token);
            const auto sentence = static_cast<std::size_t>(row.sentence);
            require(static_cast<int>(prefix.size()) <= max_lengths_.at(sentence));
            std::vector<float> logits = logits_(sources_[sentence], prefix);
            for (float& x : logits) x /= selection.temperature;
            best.add(i, 0, logits.data(), vocab_size_, [&](float* outputs) {
                decode::apply_rules(row, selection, 0, {outputs, logits.size()});
            });
            next.emplace_back(row.sentence, std::move(prefix));
        }
        for (const decode::Row& row : rows) begins_[static_cast<std::size_t>(row.sentence)] = false;
        prefixes_ = std::move(next);
        ++steps_;
        rows_seen_ += count;
        return best.finish(count);
    }

    [[nodiscard]] int steps() const noexcept { return steps_; }
    [[nodiscard]] int rows_seen() const noexcept { return rows_seen_; }
    /// Sentences that took the places of others.
    [[nodiscard]] int admitted() const noexcept { return admitted_; }

private:
    static void require(bool holds) {
        if (!holds) throw std::logic_error("a search broke the contract of StepModel");
    }

    Logits logits_;
    int vocab_size_;
    int max_length_;
    int rows_per_sentence_ = 0;
    int steps_ = 0;
    int rows_seen_ = 0;
    int admitted_ = 0;
    std::vector<int> max_lengths_;
    std::vector<Prefix> sources_;
    /// What the places were made for.
    struct {
        std::vector<Prefix> sources;
        std::vector<int> max_lengths;
    } room_;
    std::vector<bool> begins_;  ///< whether a place's sentence has no step behind it
    std::vector<std::pair<int, Prefix>> prefixes_;
    Arena scratch_;
};

static_assert(decode::RefillableStepModel<ToyModel>);

/// Logits that look random but follow from source and prefix; `eos_bonus` per token makes ends
/// likely.
inline ToyModel::Logits random_logits(int vocab_size, int eos, float eos_bonus) {
    return [=](const ToyModel::Prefix& source, const ToyModel::Prefix& prefix) {
        std::uint64_t hash = 7;
        for (const int token : source) hash = mix64(hash ^ static_cast<std::uint64_t>(token));
        for (const int token : prefix) {
            hash = mix64(hash * 31 ^ static_cast<std::uint64_t>(token + 1000));
        }
        Random random{RandomKey(hash)};
        std::vector<float> logits;
        for (int i = 0; i < vocab_size; ++i) {
            logits.push_back(static_cast<float>(random.normal()));
        }
        logits[static_cast<std::size_t>(eos)] += eos_bonus * static_cast<float>(prefix.size());
        return logits;
    };
}

using decode::OwnedSources;

/// A list of one sentence of a list.
[[nodiscard]] inline OwnedSources alone(const OwnedSources& list, int sentence) {
    OwnedSources one;
    one.push_back(list[sentence]);
    return one;
}

/// `count` sentences of 1 to `longest` tokens, eos included.
inline OwnedSources random_sources(int count, int longest, int vocab_size, int eos,
                                   std::uint64_t seed) {
    OwnedSources sources;
    Random random{RandomKey(seed)};
    for (int s = 0; s < count; ++s) {
        std::vector<int> sentence;
        const int length = static_cast<int>(random.uniform() * longest);
        for (int i = 0; i < length; ++i) {
            sentence.push_back(static_cast<int>(random.uniform() * vocab_size));
        }
        sentence.push_back(eos);
        sources.push_back(sentence);
    }
    return sources;
}

}  // namespace hat::support
