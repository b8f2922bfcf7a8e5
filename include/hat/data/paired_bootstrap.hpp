// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/random.hpp>
#include <hat/data/bleu.hpp>
#include <hat/data/signature.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace hat::data {

struct BootstrapOptions {
    int samples = 1000;
    std::uint64_t seed = 12345;
    double confidence = 0.95;
};

/// How much better one system is than another on the same sentences, in BLEU points, and how far
/// that depends on the choice of sentences.
struct BleuDifference {
    double first = 0;       ///< BLEU of the first system
    double second = 0;      ///< and of the second
    double difference = 0;  ///< first − second
    double low = 0;         ///< interval that holds `confidence` of the resampled differences
    double high = 0;
    double p_value = 1;  ///< share of the resampled differences of the other sign, or zero
    BootstrapOptions options{};

    [[nodiscard]] std::string line() const {
        const auto points = [](double x) { return (x > 0 ? "+" : "") + detail::fixed(x, 2); };
        return "BLEU " + detail::fixed(first, 2) + " against " + detail::fixed(second, 2) + ": " +
               points(difference) + " (" + detail::fixed(100 * options.confidence, 0) +
               "% interval " + points(low) + " to " + points(high) +
               ", p = " + detail::fixed(p_value, 3) + ", paired bootstrap, " +
               std::to_string(options.samples) + " samples, seed " + std::to_string(options.seed) +
               ")";
    }
};

/// Paired bootstrap resampling (Koehn 2004): draws as many sentences as there are, with repetition,
/// the same ones for both systems, and looks at the difference of corpus BLEU.
///
/// Throws  `Error` if the numbers of lines differ or are 0, a line is not UTF-8, `samples` is below
///         2, or `confidence` is not between 0 and 1
[[nodiscard]] inline BleuDifference paired_bootstrap(std::span<const std::string> first,
                                                     std::span<const std::string> second,
                                                     std::span<const std::string> references,
                                                     const BootstrapOptions& options = {},
                                                     const BleuOptions& bleu_options = {}) {
    detail::check_line_counts("BLEU", first.size(), references.size());
    detail::check_line_counts("BLEU", second.size(), references.size());
    if (references.empty()) fail("paired bootstrap: there are no sentences");
    if (options.samples < 2)
        fail("paired bootstrap: samples = ", options.samples, ", expected at least 2");
    if (!(options.confidence > 0 && options.confidence < 1))
        fail("paired bootstrap: confidence = ", options.confidence, ", expected between 0 and 1");

    std::vector<BleuCounts> first_counts;
    std::vector<BleuCounts> second_counts;
    BleuCounts first_sum;
    BleuCounts second_sum;
    for (std::size_t i = 0; i < references.size(); ++i) {
        first_sum += first_counts.emplace_back(count_bleu(first[i], references[i], bleu_options));
        second_sum +=
            second_counts.emplace_back(count_bleu(second[i], references[i], bleu_options));
    }
    BleuDifference result{.first = bleu(first_sum, bleu_options).score,
                          .second = bleu(second_sum, bleu_options).score,
                          .options = options};
    result.difference = result.first - result.second;

    std::vector<double> differences(static_cast<std::size_t>(options.samples));
    int against = 0;
    for (std::size_t s = 0; s < differences.size(); ++s) {
        Random random(RandomKey(options.seed).split(s));
        first_sum = {};
        second_sum = {};
        for (std::size_t i = 0; i < references.size(); ++i) {
            const auto drawn = static_cast<std::size_t>(random.below(references.size()));
            first_sum += first_counts[drawn];
            second_sum += second_counts[drawn];
        }
        differences[s] = bleu(first_sum, bleu_options).score - bleu(second_sum, bleu_options).score;
        const bool is_against = result.difference > 0 ? differences[s] <= 0 : differences[s] >= 0;
        against += is_against ? 1 : 0;
    }
    std::sort(differences.begin(), differences.end());
    const auto tail = static_cast<std::size_t>((1 - options.confidence) / 2 * options.samples);
    result.low = differences[tail];
    result.high = differences[differences.size() - 1 - tail];
    result.p_value = static_cast<double>(against) / options.samples;
    return result;
}

}  // namespace hat::data
