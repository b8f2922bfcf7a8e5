// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/core/order.hpp>
#include <hat/core/random.hpp>
#include <hat/core/special_tokens.hpp>
#include <hat/data/corpus.hpp>
#include <hat/latency/stopwatch.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace hat::latency {

/// Tokens of a sentence and of its translation, the end of sentence counted in both.
struct PairLength {
    int source = 0;
    int target = 0;

    friend constexpr bool operator==(const PairLength&, const PairLength&) = default;
};

/// What a network is timed on: sentences of these lengths, translated one at a time, each to
/// exactly its target length, so that the time does not depend on what the weights make of them.
///
/// The reference has one length, 30 for the WMT tasks and 23 for IWSLT, a beam of 5 and whatever
/// the vocabulary is in HAT's measurements.
struct LatencyWorkload {
    std::vector<PairLength> lengths{{30, 30}};
    int beam = 5;
    TimeKind time = TimeKind::thread;
    SpecialTokens special{};
    std::uint64_t seed = 1;  ///< of the source tokens

    /// Tokens of a source, on average.
    [[nodiscard]] double mean_source_length() const noexcept {
        double sum = 0;
        for (const PairLength& pair : lengths) sum += pair.source;
        return sum / static_cast<double>(lengths.size());
    }
    /// Tokens of a target, on average.
    [[nodiscard]] double mean_target_length() const noexcept {
        double sum = 0;
        for (const PairLength& pair : lengths) sum += pair.target;
        return sum / static_cast<double>(lengths.size());
    }

    friend bool operator==(const LatencyWorkload&, const LatencyWorkload&) = default;
};

/// `count` lengths (fewer, if the corpus is smaller) that stand for a corpus: sorted by length it
/// is cut into as many equal parts, and one pair is drawn from each. The same for the same seed.
///
/// Throws  `Error` if the corpus is empty
[[nodiscard]] inline std::vector<PairLength> sample_lengths(const data::Corpus& corpus, int count,
                                                            std::uint64_t seed) {
    if (corpus.size() == 0) fail("latency: the corpus has no sentences to take lengths from");
    if (count < 1) fail("latency: ", count, " lengths, expected 1 or more");
    const auto length = [&](int i) {
        return PairLength{corpus.source.sentences.length(i), corpus.target.sentences.length(i)};
    };
    std::vector<int> order = indices_of(corpus.size());
    sort_indices(order, [&](int a, int b) {
        const PairLength x = length(a);
        const PairLength y = length(b);
        const int difference = x.source + x.target - y.source - y.target;
        return difference != 0 ? difference < 0 : x.source < y.source;
    });
    const auto sentences = static_cast<std::uint64_t>(order.size());
    const std::uint64_t parts = std::min(sentences, static_cast<std::uint64_t>(count));
    Random random(seed);
    std::vector<PairLength> lengths;
    for (std::uint64_t part = 0; part < parts; ++part) {
        const std::uint64_t first = part * sentences / parts;
        const std::uint64_t end = (part + 1) * sentences / parts;
        lengths.push_back(length(order[first + random.below(end - first)]));
    }
    return lengths;
}

/// Lengths as one word: "fixed:30", or "12x14+9x8" (source x target), which another device can be
/// told.
[[nodiscard]] inline std::string lengths_text(const std::vector<PairLength>& lengths) {
    if (lengths.size() == 1 && lengths.front().source == lengths.front().target)
        return "fixed:" + std::to_string(lengths.front().source);
    std::string text;
    for (const PairLength& pair : lengths) {
        if (!text.empty()) text += '+';
        text += std::to_string(pair.source) + 'x' + std::to_string(pair.target);
    }
    return text;
}

/// Reads what `lengths_text` writes. `where` begins messages ("--length").
///
/// Throws  `Error` with what was found and what is expected
[[nodiscard]] inline std::vector<PairLength> parse_lengths(std::string_view text,
                                                           std::string_view where) {
    constexpr int longest = 1 << 16;
    constexpr std::size_t most = 10'000;
    const auto reject = [&] {
        fail(where, ": expected fixed:TOKENS or SOURCExTARGET+… with 1 … ", longest,
             " tokens each, found ", in_quotes(text));
    };
    const char* at = text.data();
    const char* const end = at + text.size();
    const auto number = [&] {
        int value = 0;
        const auto [after, error] = std::from_chars(at, end, value);
        if (error != std::errc{} || value < 1 || value > longest) reject();
        at = after;
        return value;
    };
    const auto skip = [&](char c) {
        if (at == end || *at != c) reject();
        ++at;
    };
    constexpr std::string_view fixed = "fixed:";
    std::vector<PairLength> lengths;
    if (text.starts_with(fixed)) {
        at += fixed.size();
        const int tokens = number();
        if (at != end) reject();
        return {{tokens, tokens}};
    }
    for (;;) {
        const int source = number();
        skip('x');
        lengths.push_back({source, number()});
        if (at == end) return lengths;
        skip('+');
        if (lengths.size() == most) fail(where, ": more than ", most, " lengths");
    }
}

}  // namespace hat::latency
