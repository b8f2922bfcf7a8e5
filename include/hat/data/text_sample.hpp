// SPDX-License-Identifier: Apache-2.0
// Needs: nlohmann-json, utf8proc
#pragma once

#include <hat/data/line_sample.hpp>
#include <hat/data/spooled_text.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace hat::data {

/// How much of a text is to be taken.
struct SampleLimits {
    std::int64_t lines = 1'000'000;                ///< at most
    std::int64_t bytes = std::int64_t{32} << 20U;  ///< about
};

/// Some lines of a text, evenly spread over all of it: of pairs, first of the one side, then of the
/// other.
struct TextSample {
    std::vector<std::string> lines{};
    std::int64_t bytes = 0;       ///< of these
    std::int64_t text_lines = 0;  ///< of which they are some
};

/// As many lines as the limits allow, by the mean length of all lines. They depend on the text and
/// the limits alone.
///
/// Throws  `Error` if the text cannot be read
[[nodiscard]] inline TextSample sample_text(SpooledText& text, const SampleLimits& limits) {
    const std::int64_t lines = text.size() * text.sides();
    std::int64_t bytes = 0;
    text.visit([&](const SpooledText::Entry& entry) {
        for (const auto line : entry.lines) bytes += static_cast<std::int64_t>(line.size());
    });
    std::int64_t size = std::min(lines, limits.lines);
    if (bytes > limits.bytes) {
        const double share = static_cast<double>(limits.bytes) / static_cast<double>(bytes);
        const auto fitting = static_cast<std::int64_t>(share * static_cast<double>(lines));
        size = std::clamp<std::int64_t>(fitting, std::min<std::int64_t>(size, 1), size);
    }
    const EvenSpread spread(lines, size);
    TextSample sample{.lines = std::vector<std::string>(static_cast<std::size_t>(size)),
                      .text_lines = lines};
    std::array<std::int64_t, 2> next{0, spread.first_from(text.size())};
    std::int64_t at = 0;
    text.visit([&](const SpooledText::Entry& entry) {
        for (int side = 0; side < text.sides(); ++side) {
            const auto s = static_cast<std::size_t>(side);
            if (next[s] == size || spread[next[s]] != side * text.size() + at) continue;
            sample.lines[static_cast<std::size_t>(next[s]++)] = entry.lines[s];
            sample.bytes += static_cast<std::int64_t>(entry.lines[s].size());
        }
        ++at;
    });
    return sample;
}

}  // namespace hat::data
