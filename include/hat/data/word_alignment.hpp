// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/error.hpp>
#include <hat/core/threads.hpp>
#include <hat/data/corpus.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

/// IBM model 1: which token of one language says which token of the other.
///
/// Every predicted token of a pair comes from one of the given ones, or from the null word, which
/// stands in every sentence, each as likely as the other:
///
///     p(t₁ … tₘ | s₁ … sₗ) ∝ Π_j Σ_i p(tⱼ | sᵢ),   i = 0 … l,   s₀ the null word.
///
/// The probabilities p(t | s) that make a corpus likeliest are found by expectation maximisation
/// from equal ones: the likelihood has one maximum.
///
/// See  Brown et al., The Mathematics of Statistical Machine Translation (Computational Linguistics
///      19(2), 1993), §4.1
namespace hat::data {

/// p(predicted | given) of all tokens that stand in a pair together; 0 of all others.
class LexicalTable {
public:
    /// The predicted tokens of a given one, ascending, and their probabilities.
    struct Row {
        std::vector<int> tokens{};
        std::vector<double> probabilities{};

        /// 0 if the token is not among them.
        [[nodiscard]] double probability(int token) const noexcept {
            const auto found = std::lower_bound(tokens.begin(), tokens.end(), token);
            if (found == tokens.end() || *found != token) return 0;
            return probabilities[static_cast<std::size_t>(found - tokens.begin())];
        }
    };

    /// `rows` of all given tokens, and of the null word behind them.
    explicit LexicalTable(std::vector<Row> rows) : rows_(std::move(rows)) {}

    [[nodiscard]] int vocab_size() const noexcept { return static_cast<int>(rows_.size()) - 1; }
    /// The number of the null word.
    [[nodiscard]] int null_word() const noexcept { return vocab_size(); }
    /// Precondition: 0 <= given <= null_word().
    [[nodiscard]] const Row& row(int given) const noexcept {
        HAT_ASSERT(0 <= given && given <= null_word());
        return rows_[static_cast<std::size_t>(given)];
    }
    [[nodiscard]] double probability(int predicted, int given) const noexcept {
        return row(given).probability(predicted);
    }

private:
    std::vector<Row> rows_;
};

namespace detail {

/// The tokens of a sentence without its end, which is no word.
inline std::span<const int> words_of(const Side& side, int sentence) noexcept {
    const std::span<const int> tokens = side.sentences[sentence];
    const bool has_end = !tokens.empty() && tokens.back() == side.eos;
    return tokens.first(tokens.size() - (has_end ? 1 : 0));
}

/// Expectation maximisation for one direction. Threads share nothing that they write: the sums of
/// predicted tokens are made sentence by sentence, the counts of a given token by the one thread
/// that has its row, each in the order of the corpus. So the bits depend on the corpus alone.
class WordAligner {
public:
    WordAligner(const Side& given, const Side& predicted, ThreadPool& pool)
        : given_(given), predicted_(predicted), pool_(pool),
          rows_(static_cast<std::size_t>(given.vocab_size) + 1),
          sums_(predicted.sentences.tokens.size()),
          workspaces_(static_cast<std::size_t>(pool.size()),
                      Workspace(static_cast<std::size_t>(predicted.vocab_size))) {
        find_occurrences();
        pool_.run(static_cast<int>(rows_.size()),
                  [&](int row, int thread) { find_row(row, thread); });
    }

    void iterate() {
        constexpr int at_once = 1024;
        const int sentences = given_.sentences.size();
        pool_.run((sentences + at_once - 1) / at_once, [&](int block, int /*thread*/) {
            const int first = block * at_once;
            for (int s = first; s < std::min(sentences, first + at_once); ++s) sum(s);
        });
        pool_.run(static_cast<int>(rows_.size()), [&](int row, int thread) { count(row, thread); });
    }

    [[nodiscard]] LexicalTable take() { return LexicalTable(std::move(rows_)); }

private:
    /// Of a thread, by predicted token.
    struct Workspace {
        explicit Workspace(std::size_t tokens) : probabilities(tokens), counts(tokens) {}

        std::vector<double> probabilities;
        std::vector<double> counts;
    };
    static std::size_t index(std::int64_t i) noexcept { return static_cast<std::size_t>(i); }

    [[nodiscard]] int null_word() const noexcept { return given_.vocab_size; }
    LexicalTable::Row& row(int given) noexcept { return rows_[index(given)]; }

    /// Lists for every given token the sentences that it stands in, as often as it does.
    void find_occurrences() {
        begins_.assign(rows_.size() + 1, 0);
        const int sentences = given_.sentences.size();
        for (int s = 0; s < sentences; ++s)
            for (const int token : words_of(given_, s)) ++begins_[index(token) + 1];
        for (std::size_t i = 1; i < begins_.size(); ++i) begins_[i] += begins_[i - 1];
        occurrences_.resize(index(begins_.back()));
        std::vector<std::int64_t> next = begins_;
        for (int s = 0; s < sentences; ++s)
            for (const int token : words_of(given_, s))
                occurrences_[index(next[index(token)]++)] = s;
    }
    /// visit(sentence) for each sentence of a given token.
    template <class Visit>
    void for_sentences_of(int given, const Visit& visit) const {
        if (given == null_word()) {
            for (int s = 0; s < given_.sentences.size(); ++s) visit(s);
            return;
        }
        for (std::int64_t i = begins_[index(given)]; i < begins_[index(given) + 1]; ++i)
            visit(occurrences_[index(i)]);
    }

    /// Which tokens stand in a pair with a given one. They are equally likely: whatever the number,
    /// it stands in all terms of all sums of the first iteration.
    void find_row(int given, int thread) {
        std::vector<double>& seen = workspaces_[index(thread)].counts;
        std::vector<int> tokens;
        for_sentences_of(given, [&](int s) {
            for (const int token : words_of(predicted_, s))
                if (std::exchange(seen[index(token)], 1.0) == 0) tokens.push_back(token);
        });
        for (const int token : tokens) seen[index(token)] = 0;
        std::sort(tokens.begin(), tokens.end());
        row(given).tokens.assign(tokens.begin(), tokens.end());
        row(given).probabilities.assign(tokens.size(), 1);
    }

    /// Σ_i p(tⱼ | sᵢ) of every predicted token of a pair.
    void sum(int sentence) {
        double* sum = sums_.data() + predicted_.sentences.offsets[index(sentence)];
        for (const int token : words_of(predicted_, sentence)) {
            *sum = row(null_word()).probability(token);
            for (const int given : words_of(given_, sentence))
                *sum += row(given).probability(token);
            ++sum;
        }
    }

    /// The expected counts of what a given token says, and the probabilities that follow.
    void count(int given, int thread) {
        LexicalTable::Row& row = rows_[index(given)];
        std::vector<double>& probabilities = workspaces_[index(thread)].probabilities;
        std::vector<double>& counts = workspaces_[index(thread)].counts;
        for (std::size_t k = 0; k < row.tokens.size(); ++k) {
            probabilities[index(row.tokens[k])] = row.probabilities[k];
            counts[index(row.tokens[k])] = 0;
        }
        for_sentences_of(given, [&](int s) {
            const double* sum = sums_.data() + predicted_.sentences.offsets[index(s)];
            for (const int token : words_of(predicted_, s))
                counts[index(token)] += probabilities[index(token)] / *sum++;
        });
        double total = 0;
        for (const int token : row.tokens) total += counts[index(token)];
        for (std::size_t k = 0; k < row.tokens.size(); ++k)
            row.probabilities[k] = counts[index(row.tokens[k])] / total;
    }

    const Side& given_;
    const Side& predicted_;
    ThreadPool& pool_;
    std::vector<LexicalTable::Row> rows_;
    std::vector<double> sums_;  ///< of every predicted token of the corpus
    std::vector<Workspace> workspaces_;
    std::vector<std::int64_t> begins_;  ///< where the sentences of a given token are listed
    std::vector<int> occurrences_;
};

}  // namespace detail

/// Learns p(predicted | given) from sentence pairs: the same bits with any number of threads, on
/// any machine. The end of a sentence is no word.
///
/// Cost    each iteration, pairs · source length · target length steps; 12 bytes for every two
///         tokens that stand in a pair together
/// Throws  `Error` if there are no iterations, or not as many sentences on both sides
[[nodiscard]] inline LexicalTable align_words(const Side& given, const Side& predicted,
                                              ThreadPool& pool, int iterations = 5) {
    if (iterations < 1) fail("word alignment: ", iterations, " iterations, expected 1 or more");
    if (given.sentences.size() != predicted.sentences.size())
        fail("word alignment: ", given.sentences.size(), " and ", predicted.sentences.size(),
             " sentences, expected as many");
    detail::WordAligner aligner(given, predicted, pool);
    for (int i = 0; i < iterations; ++i) aligner.iterate();
    return aligner.take();
}

}  // namespace hat::data
