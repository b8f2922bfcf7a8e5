// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/special_tokens.hpp>
#include <hat/core/threads.hpp>
#include <hat/data/corpus.hpp>
#include <hat/data/shortlist.hpp>
#include <hat/data/word_alignment.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

namespace hat::data {

/// How long the lists are.
struct ShortlistOptions {
    int best = 100;      ///< target tokens of each source token, at most
    int frequent = 100;  ///< of the whole corpus, which are always allowed
    /// Whether both languages share their ids, so that each token may also stand for itself: names,
    /// numbers, bytes, protected strings.
    bool shared_vocabulary = false;
};

namespace detail {

/// The `n` tokens that stand in the most places, the smaller ones of equals; and those that end or
/// stand for what is unknown.
inline std::vector<int> tokens_always_allowed(const Side& side, int n,
                                              const SpecialTokens& special) {
    std::vector<std::int64_t> counts(static_cast<std::size_t>(side.vocab_size));
    for (const int token : side.sentences.tokens) ++counts[static_cast<std::size_t>(token)];
    const auto count = [&](int token) { return counts[static_cast<std::size_t>(token)]; };
    std::vector<int> tokens(counts.size());
    std::iota(tokens.begin(), tokens.end(), 0);
    std::stable_sort(tokens.begin(), tokens.end(),
                     [&](int a, int b) { return count(a) > count(b); });
    tokens.resize(static_cast<std::size_t>(std::min(n, side.vocab_size)));
    for (const int token : {special.eos, special.unk})
        if (0 <= token && token < side.vocab_size) tokens.push_back(token);
    std::sort(tokens.begin(), tokens.end());
    tokens.erase(std::unique(tokens.begin(), tokens.end()), tokens.end());
    return tokens;
}

}  // namespace detail

/// Learns from `corpus` which target tokens translate a source token: those of the largest
///
///     p(t | s)³ · p(s | t)
///
/// under IBM model 1 in both directions. The first factor alone prefers what is frequent anyway,
/// the second what is rare. Among powers of the first, this had the most of held-out translations
/// at most sizes of lists; large lists differ little (bench/RESULTS.md). `special` are those of
/// the target. The same for any number of threads.
///
/// Throws  `Error` if an option is negative, the corpus has no source, or vocabularies that are to
///         be shared have not one size
[[nodiscard]] inline Shortlist build_shortlist(const Corpus& corpus,
                                               const ShortlistOptions& options,
                                               const SpecialTokens& special, ThreadPool& pool) {
    const Side& source = corpus.source;
    const Side& target = corpus.target;
    if (options.best < 0 || options.frequent < 0)
        fail("shortlist: ", options.best, " best and ", options.frequent,
             " frequent tokens, expected 0 or more");
    if (!corpus.has_source()) fail("shortlist: the corpus has no source to translate from");
    if (options.shared_vocabulary && source.vocab_size != target.vocab_size)
        fail("shortlist: a vocabulary is shared, but has ", source.vocab_size, " and ",
             target.vocab_size, " pieces");
    const LexicalTable forward = align_words(source, target, pool);
    const LexicalTable backward = align_words(target, source, pool);
    std::vector<std::vector<int>> best(static_cast<std::size_t>(source.vocab_size));
    pool.run(source.vocab_size, [&](int s, int /*thread*/) {
        const LexicalTable::Row& row = forward.row(s);
        std::vector<std::pair<double, int>> scored;
        for (std::size_t k = 0; k < row.tokens.size(); ++k) {
            const int t = row.tokens[k];
            const double p = row.probabilities[k];
            const double score = p * p * p * backward.probability(s, t);
            if (score > 0) scored.emplace_back(-score, t);
        }
        std::sort(scored.begin(), scored.end());
        scored.resize(std::min(scored.size(), static_cast<std::size_t>(options.best)));
        std::vector<int>& list = best[static_cast<std::size_t>(s)];
        for (const auto& [score, t] : scored) list.push_back(t);
        if (options.shared_vocabulary) list.push_back(s);
        std::sort(list.begin(), list.end());
        list.erase(std::unique(list.begin(), list.end()), list.end());
    });
    Shortlist::Lists lists{.always =
                               detail::tokens_always_allowed(target, options.frequent, special)};
    for (const std::vector<int>& list : best) {
        lists.tokens.insert(lists.tokens.end(), list.begin(), list.end());
        lists.offsets.push_back(static_cast<int>(lists.tokens.size()));
    }
    return {std::move(lists), target.vocab_size, corpus.vocabulary};
}

/// How much of translations is in the lists of their sources.
struct ShortlistCoverage {
    std::int64_t tokens = 0;   ///< of the targets, without their ends
    std::int64_t covered = 0;  ///< of these, those in the list of their own sentence
    std::int64_t listed = 0;   ///< tokens of all lists
    int sentences = 0;

    [[nodiscard]] double share() const noexcept {
        return tokens == 0 ? 1.0 : static_cast<double>(covered) / static_cast<double>(tokens);
    }
    /// Tokens that a sentence may have, on average.
    [[nodiscard]] double mean_size() const noexcept {
        return sentences == 0 ? 0.0 : static_cast<double>(listed) / sentences;
    }
};

/// Precondition: the corpus has the vocabularies of the shortlist.
[[nodiscard]] inline ShortlistCoverage shortlist_coverage(const Shortlist& shortlist,
                                                          const Corpus& corpus) {
    ShortlistCoverage coverage{.sentences = corpus.size()};
    std::vector<std::uint64_t> marks(
        static_cast<std::size_t>(TokenMarks::words(shortlist.target_vocab_size())));
    std::vector<int> list(static_cast<std::size_t>(shortlist.target_vocab_size()));
    for (int i = 0; i < corpus.size(); ++i) {
        const int size =
            shortlist.select(corpus.source.sentences[i], TokenMarks(marks), list.data());
        coverage.listed += size;
        for (const int token : detail::words_of(corpus.target, i)) {
            ++coverage.tokens;
            if (std::binary_search(list.begin(), list.begin() + size, token)) ++coverage.covered;
        }
    }
    return coverage;
}

}  // namespace hat::data
