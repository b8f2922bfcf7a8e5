// SPDX-License-Identifier: Apache-2.0
// Needs: utf8proc
#pragma once

#include <hat/data/ngrams.hpp>
#include <hat/data/references.hpp>
#include <hat/data/signature.hpp>
#include <hat/data/tokenizer.hpp>
#include <hat/data/unicode.hpp>
#include <hat/data/utf8.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hat::data {

/// What stands in for a precision of zero.
///
/// exponential  the k-th order without a match counts 2^-k matches
/// floor        it counts `BleuOptions::floor` matches
/// none         nothing; the score is 0
enum class Smoothing { exponential, floor, none };

/// How BLEU is counted.
struct BleuOptions {
    Tokenizer tokenizer = Tokenizer::v13a;         ///< how words are told apart
    Smoothing smoothing = Smoothing::exponential;  ///< of orders without a match
    double floor = 0.1;                            ///< what `Smoothing::floor` counts
    bool lowercase = false;                        ///< both sides, before they are cut into tokens
    bool effective_order = false;  // leave out the orders longer than the hypothesis
    int references = 1;            // how many every sentence has: for the signature
};

/// What BLEU counts, for one sentence or the sum over many.
struct BleuCounts {
    static constexpr int max_order = 4;

    std::array<std::int64_t, max_order> matches{};  // n-grams that the reference has too
    std::array<std::int64_t, max_order> totals{};   // n-grams of the hypothesis
    std::int64_t hypothesis_length = 0;             // words
    std::int64_t reference_length = 0;

    constexpr BleuCounts& operator+=(const BleuCounts& other) noexcept {
        for (std::size_t i = 0; i < max_order; ++i) {
            matches[i] += other.matches[i];
            totals[i] += other.totals[i];
        }
        hypothesis_length += other.hypothesis_length;
        reference_length += other.reference_length;
        return *this;
    }
};

/// Bilingual evaluation understudy (Papineni et al. 2002), as sacreBLEU computes it
/// (arXiv:1804.08771): with p(n) the share of the n-grams that the reference has too,
///
///     score = 100 · bp · exp(mean over n = 1 … 4 of log p(n)),
///     bp    = min(1, exp(1 − reference length / hypothesis length)).
struct Bleu {
    BleuCounts counts;
    std::array<double, BleuCounts::max_order> precisions{};  // in percent, smoothed
    double brevity_penalty = 1.0;
    double score = 0.0;     // 0 … 100
    std::string signature;  // how it was computed

    /// One line with all of it, in sacreBLEU's words.
    [[nodiscard]] std::string line() const {
        std::string text = "BLEU|" + signature + " = " + detail::fixed(score, 1);
        for (std::size_t i = 0; i < precisions.size(); ++i)
            text += (i == 0 ? " " : "/") + detail::fixed(precisions[i], 1);
        const double ratio = counts.reference_length == 0
                                 ? 0.0
                                 : static_cast<double>(counts.hypothesis_length) /
                                       static_cast<double>(counts.reference_length);
        return text + " (BP = " + detail::fixed(brevity_penalty, 3) +
               " ratio = " + detail::fixed(ratio, 3) +
               " hyp_len = " + std::to_string(counts.hypothesis_length) +
               " ref_len = " + std::to_string(counts.reference_length) + ")";
    }
};

namespace detail {

inline std::u32string bleu_text(std::string_view line, const BleuOptions& options) {
    std::u32string text = decode_utf8(line);
    if (options.lowercase) text = to_lower(text);
    return tokenize(std::move(text), options.tokenizer);
}

inline std::string bleu_signature(const BleuOptions& options) {
    const std::string smoothing = options.smoothing == Smoothing::exponential ? "exp"
                                  : options.smoothing == Smoothing::none
                                      ? "none"
                                      : "floor[" + fixed(options.floor, 2) + "]";
    return "nrefs:" + std::to_string(options.references) +
           "|case:" + (options.lowercase ? "lc" : "mixed") +
           "|eff:" + (options.effective_order ? "yes" : "no") +
           "|tok:" + std::string(name(options.tokenizer)) + "|smooth:" + smoothing +
           "|version:" + signature_version();
}

/// The smoothed precision of the order that has `matches` of `total`, in percent;
/// `halvings` counts the orders without a match so far.
inline double bleu_precision(std::int64_t matches, std::int64_t total, const BleuOptions& options,
                             int& halvings) {
    const auto n = static_cast<double>(total);
    if (matches > 0) return 100.0 * static_cast<double>(matches) / n;
    switch (options.smoothing) {
    case Smoothing::exponential:
        return 100.0 / (std::ldexp(1.0, ++halvings) * n);
    case Smoothing::floor:
        return 100.0 * options.floor / n;
    case Smoothing::none:
        break;
    }
    return 0.0;
}

/// Of several references the length nearest to that of the hypothesis counts, of two the shorter.
inline std::int64_t nearest_length(std::int64_t hypothesis, std::int64_t a, std::int64_t b) {
    const std::int64_t to_a = std::abs(a - hypothesis);
    const std::int64_t to_b = std::abs(b - hypothesis);
    return to_a != to_b ? (to_a < to_b ? a : b) : std::min(a, b);
}

}  // namespace detail

/// Counts one sentence. Of each n-gram as many match as are in the reference with most of them.
///
/// Precondition: there is a reference.
/// Throws  `Error` if a line is not UTF-8
[[nodiscard]] inline BleuCounts count_bleu(std::string_view hypothesis,
                                           std::span<const std::string_view> references,
                                           const BleuOptions& options = {}) {
    const std::u32string hypothesis_text = detail::bleu_text(hypothesis, options);
    const auto hypothesis_words = split_words(hypothesis_text);
    std::vector<std::u32string> texts;  // what the words are views of
    texts.reserve(references.size());
    std::vector<std::vector<std::u32string_view>> words;
    for (const std::string_view reference : references)
        words.push_back(split_words(texts.emplace_back(detail::bleu_text(reference, options))));

    BleuCounts counts;
    counts.hypothesis_length = std::ssize(hypothesis_words);
    counts.reference_length = std::ssize(words.front());
    for (const auto& reference : words)
        counts.reference_length = detail::nearest_length(
            counts.hypothesis_length, counts.reference_length, std::ssize(reference));
    for (std::size_t i = 0; i < BleuCounts::max_order; ++i) {
        const NgramMatches matches = match_ngrams(
            hypothesis_words, std::span<const std::vector<std::u32string_view>>(words), i + 1);
        counts.matches[i] = matches.shared;
        counts.totals[i] = matches.hypothesis;
    }
    return counts;
}
[[nodiscard]] inline BleuCounts count_bleu(std::string_view hypothesis, std::string_view reference,
                                           const BleuOptions& options = {}) {
    return count_bleu(hypothesis, std::span(&reference, 1), options);
}

/// The score that belongs to `counts`.
[[nodiscard]] inline Bleu bleu(const BleuCounts& counts, const BleuOptions& options = {}) {
    Bleu result{.counts = counts, .signature = detail::bleu_signature(options)};
    if (counts.hypothesis_length < counts.reference_length) {
        const auto hypothesis = static_cast<double>(counts.hypothesis_length);
        const auto reference = static_cast<double>(counts.reference_length);
        result.brevity_penalty = hypothesis > 0 ? std::exp(1.0 - reference / hypothesis) : 0.0;
    }
    const auto is_zero = [](std::int64_t n) { return n == 0; };
    if (std::all_of(counts.matches.begin(), counts.matches.end(), is_zero)) return result;

    int order = 0;
    int halvings = 0;
    double log_sum = 0.0;
    for (std::size_t i = 0; i < BleuCounts::max_order && counts.totals[i] > 0; ++i) {
        const double p =
            detail::bleu_precision(counts.matches[i], counts.totals[i], options, halvings);
        result.precisions[i] = p;
        log_sum += std::log(p);  // log 0 = −∞ gives a score of 0
        ++order;
    }
    if (!options.effective_order && order < BleuCounts::max_order) return result;
    result.score = result.brevity_penalty * std::exp(log_sum / order);
    return result;
}

/// BLEU of a corpus with one or more references.
///
/// Throws  `Error` if they differ in number of lines, or if one is not UTF-8
[[nodiscard]] inline Bleu corpus_bleu(std::span<const std::string> hypotheses,
                                      References references, BleuOptions options = {}) {
    check_references("BLEU", hypotheses.size(), references);
    options.references = static_cast<int>(references.size());
    BleuCounts counts;
    for (std::size_t i = 0; i < hypotheses.size(); ++i)
        counts += count_bleu(hypotheses[i], references_of(references, i), options);
    return bleu(counts, options);
}
[[nodiscard]] inline Bleu corpus_bleu(std::span<const std::string> hypotheses,
                                      const std::vector<std::string>& reference,
                                      const BleuOptions& options = {}) {
    return corpus_bleu(hypotheses, References(&reference, 1), options);
}

/// BLEU of one sentence; by default with the effective order, as sacreBLEU has it.
[[nodiscard]] inline double sentence_bleu(std::string_view hypothesis, std::string_view reference,
                                          const BleuOptions& options = {.effective_order = true}) {
    return bleu(count_bleu(hypothesis, reference, options), options).score;
}

}  // namespace hat::data
