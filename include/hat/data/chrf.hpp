// SPDX-License-Identifier: Apache-2.0
// Needs: utf8proc
#pragma once

#include <hat/data/ngrams.hpp>
#include <hat/data/references.hpp>
#include <hat/data/signature.hpp>
#include <hat/data/unicode.hpp>
#include <hat/data/utf8.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hat::data {

/// `{.word_order = 2}` is chrF++.
struct ChrfOptions {
    int character_order = 6;  ///< longest n-gram of characters
    int word_order = 0;       ///< longest n-gram of words; 0: none
    int beta = 2;             // how many times more recall weighs than precision
    bool lowercase = false;   ///< both sides
    int references = 1;       // how many every sentence has: for the signature
};

/// The n-gram matches of every order, characters first, then words.
using ChrfCounts = std::vector<NgramMatches>;

/// Character n-gram F-score (Popović 2015; with words: 2017), as sacreBLEU computes it: with p and
/// r the precision and recall of n-grams, averaged over the orders that both sides have,
///
///     score = 100 · (1 + β²) · p · r / (β² · p + r).
///
/// White space is no character.
struct Chrf {
    double score = 0.0;     // 0 … 100
    std::string name;       // chrF2, chrF2++
    std::string signature;  // how it was computed

    /// One line with all of it, in sacreBLEU's words.
    [[nodiscard]] std::string line() const {
        return name + "|" + signature + " = " + detail::fixed(score, 1);
    }
};

namespace detail {

inline std::u32string chrf_text(std::string_view line, const ChrfOptions& options) {
    const std::u32string text = decode_utf8(line);
    return options.lowercase ? to_lower(text) : text;
}

inline std::vector<char32_t> characters(std::u32string_view text) {
    std::vector<char32_t> result;
    for (const char32_t c : text)
        if (!is_space(c)) result.push_back(c);
    return result;
}

constexpr bool is_ascii_punctuation(char32_t c) noexcept {
    return (0x21 <= c && c <= 0x2F) || (0x3A <= c && c <= 0x40) || (0x5B <= c && c <= 0x60) ||
           (0x7B <= c && c <= 0x7E);
}

/// The words of `text`; one punctuation mark at the end of a word, or else one at its beginning,
/// becomes a word of its own.
inline std::vector<std::u32string_view> chrf_words(std::u32string_view text) {
    std::vector<std::u32string_view> words;
    for (const std::u32string_view word : split_words(text)) {
        const std::size_t cut = word.size() == 1                    ? 0
                                : is_ascii_punctuation(word.back()) ? word.size() - 1
                                : is_ascii_punctuation(word[0])     ? 1
                                                                    : 0;
        if (cut > 0) words.push_back(word.substr(0, cut));
        words.push_back(word.substr(cut));
    }
    return words;
}

/// N-grams of the hypothesis count only where the reference has some of their order.
template <class Item>
NgramMatches chrf_matches(const std::vector<Item>& hypothesis, const std::vector<Item>& reference,
                          int order) {
    NgramMatches matches = match_ngrams(hypothesis, reference, static_cast<std::size_t>(order));
    if (matches.reference == 0) matches.hypothesis = 0;
    return matches;
}

}  // namespace detail

/// Throws  `Error` if one of the two is not UTF-8
[[nodiscard]] inline ChrfCounts count_chrf(std::string_view hypothesis, std::string_view reference,
                                           const ChrfOptions& options = {}) {
    const std::u32string h = detail::chrf_text(hypothesis, options);
    const std::u32string r = detail::chrf_text(reference, options);
    const auto h_characters = detail::characters(h);
    const auto r_characters = detail::characters(r);
    ChrfCounts counts;
    for (int n = 1; n <= options.character_order; ++n)
        counts.push_back(detail::chrf_matches(h_characters, r_characters, n));
    const auto h_words = detail::chrf_words(h);
    const auto r_words = detail::chrf_words(r);
    for (int n = 1; n <= options.word_order; ++n)
        counts.push_back(detail::chrf_matches(h_words, r_words, n));
    return counts;
}

/// The score that belongs to `counts`.
[[nodiscard]] inline Chrf chrf(const ChrfCounts& counts, const ChrfOptions& options = {}) {
    double precision = 0.0;
    double recall = 0.0;
    int orders = 0;
    for (const NgramMatches& matches : counts) {
        if (matches.hypothesis == 0 || matches.reference == 0) continue;
        precision += static_cast<double>(matches.shared) / static_cast<double>(matches.hypothesis);
        recall += static_cast<double>(matches.shared) / static_cast<double>(matches.reference);
        ++orders;
    }
    Chrf result;
    if (precision + recall > 0.0) {
        const double beta2 = options.beta * options.beta;
        const double p = precision / orders;
        const double r = recall / orders;
        result.score = 100.0 * ((1.0 + beta2) * p * r / (beta2 * p + r));
    }
    const std::string words = std::to_string(options.word_order);
    result.name = "chrF" + std::to_string(options.beta) +
                  std::string(static_cast<std::size_t>(options.word_order), '+');
    result.signature = "nrefs:" + std::to_string(options.references) +
                       "|case:" + (options.lowercase ? "lc" : "mixed") +
                       "|eff:yes|nc:" + std::to_string(options.character_order) + "|nw:" + words +
                       "|space:no|version:" + detail::signature_version();
    return result;
}

/// Of several references the first of those with the best score counts, sentence by sentence.
///
/// Precondition: there is a reference.
/// Throws  `Error` if a line is not UTF-8
[[nodiscard]] inline ChrfCounts count_chrf(std::string_view hypothesis,
                                           std::span<const std::string_view> references,
                                           const ChrfOptions& options = {}) {
    ChrfCounts best = count_chrf(hypothesis, references.front(), options);
    double best_score = chrf(best, options).score;
    for (const std::string_view reference : references.subspan(1)) {
        ChrfCounts counts = count_chrf(hypothesis, reference, options);
        const double score = chrf(counts, options).score;
        if (score <= best_score) continue;
        best = std::move(counts);
        best_score = score;
    }
    return best;
}

/// Adds what was counted of one sentence to the sum over many.
inline void add_chrf(const ChrfCounts& sentence, ChrfCounts& sum) {
    for (std::size_t n = 0; n < sum.size(); ++n) sum[n] += sentence[n];
}

/// chrF of a corpus with one or more references.
///
/// Throws  `Error` if they differ in number of lines, or if one is not UTF-8
[[nodiscard]] inline Chrf corpus_chrf(std::span<const std::string> hypotheses,
                                      References references, ChrfOptions options = {}) {
    check_references("chrF", hypotheses.size(), references);
    options.references = static_cast<int>(references.size());
    ChrfCounts counts(static_cast<std::size_t>(options.character_order + options.word_order));
    for (std::size_t i = 0; i < hypotheses.size(); ++i)
        add_chrf(count_chrf(hypotheses[i], references_of(references, i), options), counts);
    return chrf(counts, options);
}
[[nodiscard]] inline Chrf corpus_chrf(std::span<const std::string> hypotheses,
                                      const std::vector<std::string>& reference,
                                      const ChrfOptions& options = {}) {
    return corpus_chrf(hypotheses, References(&reference, 1), options);
}

}  // namespace hat::data
