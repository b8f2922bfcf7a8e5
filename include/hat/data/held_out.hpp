// SPDX-License-Identifier: Apache-2.0
// Needs: utf8proc, xxHash
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/random.hpp>
#include <hat/data/parallel_text.hpp>
#include <hat/data/utf8.hpp>
#include <hat/io/content_hash.hpp>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

/// What validation is measured on: text that training does not see.
namespace hat::data {

/// What of a held-out pair stands in the training text: nothing, its source with another
/// translation, or the pair itself. Sides are compared byte for byte.
enum class Leak : char { none, source, pair };

/// A line of fewer characters may stand in two texts by chance; one of so many tells a copy.
inline constexpr int telling_characters = 40;

namespace detail {

inline io::ContentKey pair_key(std::string_view source, std::string_view target) {
    return io::content_key(std::string(source).append(1, '\n').append(target));
}

/// Keys of lines, and which of them were seen in another text: neither text is kept.
class Sightings {
public:
    void look_for(const io::ContentKey& key) { seen_.emplace(key, false); }
    void see(const io::ContentKey& key) {
        if (const auto found = seen_.find(key); found != seen_.end()) found->second = true;
    }
    [[nodiscard]] bool saw(const io::ContentKey& key) const { return seen_.at(key); }

private:
    std::unordered_map<io::ContentKey, bool, io::ContentKey::Hash> seen_;
};

}  // namespace detail

/// For each pair of `held`, what of it stands in `training`.
[[nodiscard]] inline std::vector<Leak> find_leaks(const ParallelText& held,
                                                  const ParallelText& training) {
    detail::Sightings sources;
    detail::Sightings pairs;
    const auto each = [](const ParallelText& text, const auto& source, const auto& pair) {
        for (std::size_t i = 0; i < text.source.size(); ++i) {
            source(io::content_key(text.source[i]));
            pair(detail::pair_key(text.source[i], text.target[i]));
        }
    };
    each(
        held, [&](const auto& key) { sources.look_for(key); },
        [&](const auto& key) { pairs.look_for(key); });
    each(
        training, [&](const auto& key) { sources.see(key); },
        [&](const auto& key) { pairs.see(key); });
    std::vector<Leak> leaks;
    leaks.reserve(held.source.size());
    each(
        held,
        [&](const auto& key) { leaks.push_back(sources.saw(key) ? Leak::source : Leak::none); },
        [&](const auto& key) {
            if (pairs.saw(key)) leaks.back() = Leak::pair;
        });
    return leaks;
}

/// For each line of `held`, whether it stands in `training` and is long enough to tell a copy.
[[nodiscard]] inline std::vector<bool> find_leaks(const std::vector<std::string>& held,
                                                  const std::vector<std::string>& training) {
    const auto tells = [](const std::string& line) {
        return count_characters(line) >= telling_characters;
    };
    detail::Sightings lines;
    for (const std::string& line : held)
        if (tells(line)) lines.look_for(io::content_key(line));
    for (const std::string& line : training)
        if (tells(line)) lines.see(io::content_key(line));
    std::vector<bool> leaks;
    leaks.reserve(held.size());
    for (const std::string& line : held)
        leaks.push_back(tells(line) && lines.saw(io::content_key(line)));
    return leaks;
}

/// Removes the elements of `lines` whose place in `is_out` is true.
inline void leave_out(std::vector<std::string>& lines, const std::vector<bool>& is_out) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < lines.size(); ++i)
        if (!is_out[i] && kept++ != i) lines[kept - 1] = std::move(lines[i]);
    lines.resize(kept);
}

/// A text that was cut in two, of which no source stands in both.
struct HeldOut {
    ParallelText held;
    int copies = 0;  // pairs that are in neither, because a pair with their source is held out
};

/// Moves one pair in a hundred different sources, at most 1,000 and at least one, from `text` to
/// the result. They are drawn among the pairs whose source stands in the text once; only if these
/// are too few, a source that stands there more often is held out with one of its pairs, and the
/// others are dropped.
///
/// Throws  `Error` if there are not two different sources
[[nodiscard]] inline HeldOut hold_out(ParallelText& text) {
    const auto count = text.source.size();
    if (count < 2) fail("prepare: found ", count, " pair of sentences, expected at least 2");
    std::vector<io::ContentKey> keys;
    std::unordered_map<io::ContentKey, int, io::ContentKey::Hash> left;  // pairs of a source
    for (const std::string& line : text.source) ++left[keys.emplace_back(io::content_key(line))];
    if (left.size() < 2) fail("prepare: all pairs have the same source, expected at least 2");

    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), std::size_t{0});
    Random(1).shuffle(order);
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return left.at(keys[i]); });

    std::vector<bool> is_held(count);
    std::size_t wanted = std::clamp<std::size_t>(left.size() / 100, 1, 1000);
    for (auto i = order.begin(); wanted > 0; ++i) {
        int& pairs = left.at(keys[*i]);
        if (pairs == 0) continue;
        pairs = 0;  // taken
        is_held[*i] = true;
        --wanted;
    }
    HeldOut result;
    ParallelText rest;
    for (std::size_t i = 0; i < count; ++i) {
        if (!is_held[i] && left.at(keys[i]) == 0) {
            ++result.copies;
            continue;
        }
        ParallelText& to = is_held[i] ? result.held : rest;
        to.source.push_back(std::move(text.source[i]));
        to.target.push_back(std::move(text.target[i]));
    }
    text = std::move(rest);
    return result;
}

}  // namespace hat::data
