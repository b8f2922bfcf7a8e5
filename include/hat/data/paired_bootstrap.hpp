// SPDX-License-Identifier: Apache-2.0
// Needs: utf8proc
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/random.hpp>
#include <hat/data/metric.hpp>
#include <hat/data/references.hpp>
#include <hat/data/signature.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace hat::data {

/// How often sentences are drawn again.
struct BootstrapOptions {
    int samples = 1000;          ///< of all sentences, with replacement
    std::uint64_t seed = 12345;  ///< of what is drawn
    double confidence = 0.95;    ///< of the interval
};

/// How much better one system is than another on the same sentences, in points of a metric, and how
/// far that depends on the choice of sentences.
struct PairedDifference {
    std::string metric{};   ///< BLEU, chrF2, …
    double first = 0;       ///< score of the first system
    double second = 0;      ///< and of the second
    double difference = 0;  ///< first − second
    double low = 0;         ///< interval that holds `confidence` of the resampled differences
    double high = 0;
    /// (c + 1) / (samples + 1) where c of the resampled differences are zero or of the other sign.
    double p_value = 1;
    BootstrapOptions options{};

    [[nodiscard]] std::string line() const {
        const auto points = [](double x) { return (x > 0 ? "+" : "") + detail::fixed(x, 2); };
        return metric + " " + detail::fixed(first, 2) + " against " + detail::fixed(second, 2) +
               ": " + points(difference) + " (" + detail::fixed(100 * options.confidence, 0) +
               "% interval " + points(low) + " to " + points(high) +
               ", p = " + detail::fixed(p_value, 3) + ", paired bootstrap, " +
               std::to_string(options.samples) + " samples, seed " + std::to_string(options.seed) +
               ")";
    }
};

/// Paired bootstrap resampling (Koehn 2004): draws as many sentences as there are, with repetition,
/// the same ones for both systems, and looks at the difference of the corpus' scores.
///
/// Throws  `Error` if the numbers of lines differ or are 0, a line is not UTF-8, `samples` is below
///         2, or `confidence` is not between 0 and 1
template <class Metric>
[[nodiscard]] PairedDifference
paired_bootstrap(const Metric& metric, std::span<const std::string> first,
                 std::span<const std::string> second, References references,
                 const BootstrapOptions& options = {}) {
    const std::string name = metric.name();
    check_references(name, first.size(), references);
    check_references(name, second.size(), references);
    if (first.empty()) fail("paired bootstrap: there are no sentences");
    if (options.samples < 2)
        fail("paired bootstrap: samples = ", options.samples, ", expected at least 2");
    if (!(options.confidence > 0 && options.confidence < 1))
        fail("paired bootstrap: confidence = ", options.confidence, ", expected between 0 and 1");

    std::vector<typename Metric::Counts> first_counts;
    std::vector<typename Metric::Counts> second_counts;
    auto first_sum = metric.none();
    auto second_sum = metric.none();
    for (std::size_t i = 0; i < first.size(); ++i) {
        const auto lines = references_of(references, i);
        metric.add(first_counts.emplace_back(metric.count(first[i], lines)), first_sum);
        metric.add(second_counts.emplace_back(metric.count(second[i], lines)), second_sum);
    }
    PairedDifference result{.metric = name,
                            .first = metric.score(first_sum).score,
                            .second = metric.score(second_sum).score,
                            .options = options};
    result.difference = result.first - result.second;

    std::vector<double> differences(static_cast<std::size_t>(options.samples));
    int against = 0;
    for (std::size_t s = 0; s < differences.size(); ++s) {
        Random random(RandomKey(options.seed).split(s));
        first_sum = metric.none();
        second_sum = metric.none();
        for (std::size_t i = 0; i < first.size(); ++i) {
            const auto drawn = static_cast<std::size_t>(random.below(first.size()));
            metric.add(first_counts[drawn], first_sum);
            metric.add(second_counts[drawn], second_sum);
        }
        differences[s] = metric.score(first_sum).score - metric.score(second_sum).score;
        const bool is_against = result.difference > 0 ? differences[s] <= 0 : differences[s] >= 0;
        against += is_against ? 1 : 0;
    }
    std::sort(differences.begin(), differences.end());
    const auto tail = static_cast<std::size_t>((1 - options.confidence) / 2 * options.samples);
    result.low = differences[tail];
    result.high = differences[differences.size() - 1 - tail];
    // The corpus itself is one more sample, so that p is never 0.
    result.p_value = (against + 1.0) / (options.samples + 1.0);
    return result;
}

/// The same with one reference, of corpus BLEU.
[[nodiscard]] inline PairedDifference paired_bootstrap(std::span<const std::string> first,
                                                       std::span<const std::string> second,
                                                       const std::vector<std::string>& reference,
                                                       const BootstrapOptions& options = {},
                                                       const BleuOptions& bleu_options = {}) {
    return paired_bootstrap(BleuMetric{bleu_options}, first, second, References(&reference, 1),
                            options);
}

/// The same of corpus chrF.
[[nodiscard]] inline PairedDifference paired_bootstrap(std::span<const std::string> first,
                                                       std::span<const std::string> second,
                                                       const std::vector<std::string>& reference,
                                                       const BootstrapOptions& options,
                                                       const ChrfOptions& chrf_options) {
    return paired_bootstrap(ChrfMetric{chrf_options}, first, second, References(&reference, 1),
                            options);
}

}  // namespace hat::data
