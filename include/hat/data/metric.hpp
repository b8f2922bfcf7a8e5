// SPDX-License-Identifier: Apache-2.0
// Needs: utf8proc
#pragma once

#include <hat/data/bleu.hpp>
#include <hat/data/chrf.hpp>
#include <hat/data/ter.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

/// The scores seen alike, as sums over sentences: `none()` of them, what one `count`s, how they
/// `add` up, and the `score` they give, which has a number `score` and a `line()`.
///
///     const BleuMetric metric;
///     auto sum = metric.none();
///     metric.add(metric.count(hypothesis, references), sum);
///     metric.score(sum).line();
namespace hat::data {

/// BLEU as a metric.
struct BleuMetric {
    BleuOptions options{};

    using Counts = BleuCounts;
    /// What it is called, the counts of no line and of one line, and how they add up.
    [[nodiscard]] static std::string name() { return "BLEU"; }
    [[nodiscard]] static Counts none() { return {}; }
    [[nodiscard]] Counts count(std::string_view line,
                               std::span<const std::string_view> references) const {
        return count_bleu(line, references, options);
    }
    static void add(const Counts& counts, Counts& sum) { sum += counts; }
    /// What the counts of all lines come to.
    [[nodiscard]] Bleu score(const Counts& sum) const { return bleu(sum, options); }
};

/// chrF and chrF++ as a metric.
struct ChrfMetric {
    ChrfOptions options{};

    using Counts = ChrfCounts;
    /// What it is called, the counts of no line and of one line, and how they add up.
    [[nodiscard]] std::string name() const { return chrf(none(), options).name; }
    [[nodiscard]] Counts none() const {
        return Counts(static_cast<std::size_t>(options.character_order + options.word_order));
    }
    [[nodiscard]] Counts count(std::string_view line,
                               std::span<const std::string_view> references) const {
        return count_chrf(line, references, options);
    }
    static void add(const Counts& counts, Counts& sum) { add_chrf(counts, sum); }
    /// What the counts of all lines come to.
    [[nodiscard]] Chrf score(const Counts& sum) const { return chrf(sum, options); }
};

/// TER as a metric.
struct TerMetric {
    TerOptions options{};

    using Counts = TerCounts;
    /// What it is called, the counts of no line and of one line, and how they add up.
    [[nodiscard]] static std::string name() { return "TER"; }
    [[nodiscard]] static Counts none() { return {}; }
    [[nodiscard]] Counts count(std::string_view line,
                               std::span<const std::string_view> references) const {
        return count_ter(line, references, options);
    }
    static void add(const Counts& counts, Counts& sum) { sum += counts; }
    /// What the counts of all lines come to.
    [[nodiscard]] Ter score(const Counts& sum) const { return ter(sum, options); }
};

}  // namespace hat::data
