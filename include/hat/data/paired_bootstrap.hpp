// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/random.hpp>
#include <hat/data/bleu.hpp>
#include <hat/data/chrf.hpp>
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

/// How much better one system is than another on the same sentences, in points of a metric, and how
/// far that depends on the choice of sentences.
struct PairedDifference {
    std::string metric{};   ///< BLEU, chrF2, …
    double first = 0;       ///< score of the first system
    double second = 0;      ///< and of the second
    double difference = 0;  ///< first − second
    double low = 0;         ///< interval that holds `confidence` of the resampled differences
    double high = 0;
    double p_value = 1;  ///< share of the resampled differences of the other sign, or zero
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

namespace detail {

/// A metric as sums over sentences: `none()` of them, what one `count`s, how they `add` up, and the
/// `score` they give.
struct BleuSums {
    BleuOptions options;
    using Counts = BleuCounts;
    [[nodiscard]] static std::string name() { return "BLEU"; }
    [[nodiscard]] static Counts none() { return {}; }
    [[nodiscard]] Counts count(const std::string& line, const std::string& reference) const {
        return count_bleu(line, reference, options);
    }
    static void add(const Counts& counts, Counts& sum) { sum += counts; }
    [[nodiscard]] double score(const Counts& sum) const { return bleu(sum, options).score; }
};

struct ChrfSums {
    ChrfOptions options;
    using Counts = ChrfCounts;
    [[nodiscard]] std::string name() const { return chrf(none(), options).name; }
    [[nodiscard]] Counts none() const {
        return Counts(static_cast<std::size_t>(options.character_order + options.word_order));
    }
    [[nodiscard]] Counts count(const std::string& line, const std::string& reference) const {
        return count_chrf(line, reference, options);
    }
    static void add(const Counts& counts, Counts& sum) {
        for (std::size_t n = 0; n < sum.size(); ++n) sum[n] += counts[n];
    }
    [[nodiscard]] double score(const Counts& sum) const { return chrf(sum, options).score; }
};

template <class Metric>
[[nodiscard]] PairedDifference
paired_bootstrap(const Metric& metric, std::span<const std::string> first,
                 std::span<const std::string> second, std::span<const std::string> references,
                 const BootstrapOptions& options) {
    const std::string name = metric.name();
    check_line_counts(name.c_str(), first.size(), references.size());
    check_line_counts(name.c_str(), second.size(), references.size());
    if (references.empty()) fail("paired bootstrap: there are no sentences");
    if (options.samples < 2)
        fail("paired bootstrap: samples = ", options.samples, ", expected at least 2");
    if (!(options.confidence > 0 && options.confidence < 1))
        fail("paired bootstrap: confidence = ", options.confidence, ", expected between 0 and 1");

    std::vector<typename Metric::Counts> first_counts;
    std::vector<typename Metric::Counts> second_counts;
    auto first_sum = metric.none();
    auto second_sum = metric.none();
    for (std::size_t i = 0; i < references.size(); ++i) {
        metric.add(first_counts.emplace_back(metric.count(first[i], references[i])), first_sum);
        metric.add(second_counts.emplace_back(metric.count(second[i], references[i])), second_sum);
    }
    PairedDifference result{.metric = name,
                            .first = metric.score(first_sum),
                            .second = metric.score(second_sum),
                            .options = options};
    result.difference = result.first - result.second;

    std::vector<double> differences(static_cast<std::size_t>(options.samples));
    int against = 0;
    for (std::size_t s = 0; s < differences.size(); ++s) {
        Random random(RandomKey(options.seed).split(s));
        first_sum = metric.none();
        second_sum = metric.none();
        for (std::size_t i = 0; i < references.size(); ++i) {
            const auto drawn = static_cast<std::size_t>(random.below(references.size()));
            metric.add(first_counts[drawn], first_sum);
            metric.add(second_counts[drawn], second_sum);
        }
        differences[s] = metric.score(first_sum) - metric.score(second_sum);
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

}  // namespace detail

/// Paired bootstrap resampling (Koehn 2004): draws as many sentences as there are, with repetition,
/// the same ones for both systems, and looks at the difference of corpus BLEU.
///
/// Throws  `Error` if the numbers of lines differ or are 0, a line is not UTF-8, `samples` is below
///         2, or `confidence` is not between 0 and 1
[[nodiscard]] inline PairedDifference paired_bootstrap(std::span<const std::string> first,
                                                       std::span<const std::string> second,
                                                       std::span<const std::string> references,
                                                       const BootstrapOptions& options = {},
                                                       const BleuOptions& bleu_options = {}) {
    return detail::paired_bootstrap(detail::BleuSums{bleu_options}, first, second, references,
                                    options);
}

/// The same of corpus chrF.
[[nodiscard]] inline PairedDifference paired_bootstrap(std::span<const std::string> first,
                                                       std::span<const std::string> second,
                                                       std::span<const std::string> references,
                                                       const BootstrapOptions& options,
                                                       const ChrfOptions& chrf_options) {
    return detail::paired_bootstrap(detail::ChrfSums{chrf_options}, first, second, references,
                                    options);
}

}  // namespace hat::data
