// SPDX-License-Identifier: Apache-2.0
// Needs: SentencePiece, nlohmann-json, utf8proc, RE2, xxHash
#pragma once

#include <hat/core/random.hpp>
#include <hat/data/line_codec.hpp>
#include <hat/decode/hypothesis.hpp>
#include <hat/decode/input_checks.hpp>
#include <hat/decode/owned_sources.hpp>
#include <hat/decode/sampling.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace hat::decode {

/// The sentences of the parts of a line that the network is asked for: the others have no tokens.
[[nodiscard]] inline std::vector<std::span<const int>> asked_parts(const data::SourceLine& line) {
    std::vector<std::span<const int>> parts;
    for (const data::SourcePart& part : line.parts)
        if (!part.tokens.empty()) parts.emplace_back(part.tokens);
    return parts;
}

/// How many they are.
[[nodiscard]] inline std::size_t count_asked(const data::SourceLine& line) noexcept {
    return static_cast<std::size_t>(
        std::count_if(line.parts.begin(), line.parts.end(),
                      [](const data::SourcePart& part) { return !part.tokens.empty(); }));
}

/// The parts of lines as a translator is given them, line after line. Memory is used again.
class LineParts {
public:
    /// Takes the parts of some lines. The first part of each is to begin with the line's prefix, if
    /// there are `prefixes`. If targets are drawn, each part comes `draws` times, each with a key
    /// of its own, which follows from the seed and the number of its line; `first_line` is that of
    /// the first one.
    void gather(std::span<const data::SourceLine> lines, std::span<const std::vector<int>> prefixes,
                const std::optional<SamplingOptions>& sampling, int draws,
                std::uint64_t first_line) {
        sources_.clear();
        prefixes_.clear();
        keys_.clear();
        const RandomKey seed(sampling ? sampling->seed : 0);
        for (std::size_t l = 0; l < lines.size(); ++l) {
            std::uint64_t part = 0;
            for (const data::SourcePart& source : lines[l].parts) {
                if (source.tokens.empty()) continue;
                for (int draw = 0; draw < draws; ++draw) {
                    sources_.push_back(source.tokens);
                    if (!prefixes.empty())
                        prefixes_.push_back(part == 0 ? std::span<const int>(prefixes[l])
                                                      : std::span<const int>());
                    if (sampling)
                        keys_.push_back(seed.split(first_line + l)
                                            .split(part)
                                            .split(static_cast<std::uint64_t>(draw)));
                }
                ++part;
            }
        }
    }

    /// The parts that `gather` took; valid until it is called again.
    [[nodiscard]] Sources sources() const noexcept { return sources_.view(); }
    /// `sampling` as it was given to `gather`, and outlives what is returned.
    [[nodiscard]] Guidance guidance(const std::optional<SamplingOptions>& sampling) const noexcept {
        return {.prefixes = prefixes_.view(),
                .sampling = sampling ? &*sampling : nullptr,
                .keys = keys_};
    }

private:
    OwnedSources sources_;
    OwnedSources prefixes_;
    std::vector<RandomKey> keys_;
};

/// Of each sentence that came `draws` times, one after the other: what was drawn for it, together.
inline void put_draws_together(std::vector<Hypotheses>& results, int draws) {
    if (draws == 1) return;
    const auto n = static_cast<std::size_t>(draws);
    for (std::size_t i = 0; i < results.size() / n; ++i) {
        Hypotheses all;
        for (std::size_t k = 0; k < n; ++k) all.push_back(std::move(results[i * n + k].front()));
        results[i] = std::move(all);
    }
    results.resize(results.size() / n);
}

}  // namespace hat::decode
