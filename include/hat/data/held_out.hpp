// SPDX-License-Identifier: Apache-2.0
// Needs: utf8proc, xxHash
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/order.hpp>
#include <hat/core/random.hpp>
#include <hat/data/key_groups.hpp>
#include <hat/data/parallel_text.hpp>
#include <hat/data/utf8.hpp>
#include <hat/io/content_hash.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

/// What validation is measured on: text that training does not see.
namespace hat::data {

/// What of a held-out pair stands in the training text: nothing, its source with another
/// translation, or the pair itself. Sides are compared byte for byte.
enum class Leak : char { none, source, pair };

/// A line of fewer characters may stand in two texts by chance; one of so many tells a copy.
inline constexpr int telling_characters = 40;

/// The key of a pair of lines.
[[nodiscard]] inline io::ContentKey pair_key(std::string_view source, std::string_view target) {
    return io::content_key(std::string(source).append(1, '\n').append(target));
}

namespace detail {

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

/// What of held-out pairs stands in a text that is gone through once, and not kept.
class PairLeaks {
public:
    /// A pair that is held out.
    void look_for(std::string_view source, std::string_view target) {
        held_.push_back({io::content_key(source), pair_key(source, target)});
        sources_.look_for(held_.back().source);
        pairs_.look_for(held_.back().pair);
    }
    /// A pair of the text.
    void see(std::string_view source, std::string_view target) {
        sources_.see(io::content_key(source));
        pairs_.see(pair_key(source, target));
    }
    /// In the order of what was looked for.
    [[nodiscard]] std::vector<Leak> leaks() const {
        std::vector<Leak> leaks;
        for (const Keys& keys : held_)
            leaks.push_back(pairs_.saw(keys.pair)       ? Leak::pair
                            : sources_.saw(keys.source) ? Leak::source
                                                        : Leak::none);
        return leaks;
    }

private:
    struct Keys {
        io::ContentKey source;
        io::ContentKey pair;
    };
    std::vector<Keys> held_;
    detail::Sightings sources_;
    detail::Sightings pairs_;
};

/// The same of lines, of which only those count that are long enough to tell a copy.
class LineLeaks {
public:
    /// Whether a line has enough characters to be recognised by.
    [[nodiscard]] static bool tells(std::string_view line) {
        return count_characters(line) >= telling_characters;
    }
    /// A line that is held out.
    void look_for(std::string_view line) {
        held_.push_back({tells(line), io::content_key(line)});
        if (held_.back().tells) lines_.look_for(held_.back().key);
    }
    void see(std::string_view line) {
        if (tells(line)) lines_.see(io::content_key(line));
    }
    [[nodiscard]] std::vector<bool> leaks() const {
        std::vector<bool> leaks;
        for (const Held& line : held_) leaks.push_back(line.tells && lines_.saw(line.key));
        return leaks;
    }

private:
    struct Held {
        bool tells;
        io::ContentKey key;
    };
    std::vector<Held> held_;
    detail::Sightings lines_;
};

/// For each pair of `held`, what of it stands in `training`.
[[nodiscard]] inline std::vector<Leak> find_leaks(const ParallelText& held,
                                                  const ParallelText& training) {
    PairLeaks leaks;
    for (std::size_t i = 0; i < held.source.size(); ++i)
        leaks.look_for(held.source[i], held.target[i]);
    for (std::size_t i = 0; i < training.source.size(); ++i)
        leaks.see(training.source[i], training.target[i]);
    return leaks.leaks();
}

/// For each line of `held`, whether it stands in `training` and is long enough to tell a copy.
[[nodiscard]] inline std::vector<bool> find_leaks(const std::vector<std::string>& held,
                                                  const std::vector<std::string>& training) {
    LineLeaks leaks;
    for (const std::string& line : held) leaks.look_for(line);
    for (const std::string& line : training) leaks.see(line);
    return leaks.leaks();
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

/// Draws the pairs of a text that are held out: one in a hundred different sources, at most 1,000
/// and at least one. They are drawn among the pairs whose source stands in the text once; only if
/// these are too few, a source that stands there more often is held out with one of its pairs, and
/// the others are dropped.
///
/// Cost  24 bytes a pair in memory as far as allowed, then on the disk, and 8 more in memory when
///       they are drawn
class HeldOutDraw {
public:
    /// What memory does not hold lies beside `target`.
    HeldOutDraw(std::string target, std::size_t memory_bytes)
        : groups_(std::move(target), memory_bytes) {}

    /// The source of the next pair.
    ///
    /// Throws  `Error` if the disk is full
    void add(const io::ContentKey& source) { groups_.add(source, count_++); }

    /// What is held out.
    struct Drawn {
        std::unordered_set<std::int64_t> pairs;  ///< held out, counted from 0
        /// Sources that are held out with one of their pairs: the others are dropped.
        std::unordered_set<io::ContentKey, io::ContentKey::Hash> dropped;
    };

    /// Throws  `Error` if there are not two different sources, or the disk is full
    [[nodiscard]] Drawn draw() {
        if (count_ < 2) fail("prepare: found ", count_, " pair of sentences, expected at least 2");
        if (count_ > std::numeric_limits<int>::max())
            fail("prepare: found ", count_, " pairs of sentences, expected at most ",
                 std::numeric_limits<int>::max());
        const std::vector<int> places = shuffled_places();
        Source source{};
        groups_.visit([&](const io::ContentKey& key, std::int64_t number, std::int64_t nth) {
            if (nth == 0) {
                offer(source);
                source = {.key = key};
            }
            ++source.pairs;
            const int place = places[static_cast<std::size_t>(number)];
            if (source.pairs > 1 && place >= source.place) return;
            source.place = place;
            source.number = number;
        });
        offer(source);
        if (sources_ < 2) fail("prepare: all pairs have the same source, expected at least 2");
        std::sort_heap(best_.begin(), best_.end());
        best_.resize(static_cast<std::size_t>(std::clamp<std::int64_t>(sources_ / 100, 1, most)));
        Drawn drawn;
        for (const Source& held : best_) {
            drawn.pairs.insert(held.number);
            if (held.pairs > 1) drawn.dropped.insert(held.key);
        }
        return drawn;
    }

private:
    static constexpr std::int64_t most = 1000;

    /// A source, and which of its pairs comes first in a shuffled order.
    struct Source {
        io::ContentKey key{};
        std::int64_t pairs = 0;
        int place = 0;
        std::int64_t number = 0;

        /// Those with fewer pairs come first.
        friend bool operator<(const Source& a, const Source& b) {
            return std::pair(a.pairs, a.place) < std::pair(b.pairs, b.place);
        }
    };

    /// Keeps the first of all sources, in a heap with the last of them on top.
    void offer(const Source& source) {
        if (source.pairs == 0) return;
        ++sources_;
        if (std::ssize(best_) == most && !(source < best_.front())) return;
        best_.push_back(source);
        std::push_heap(best_.begin(), best_.end());
        if (std::ssize(best_) <= most) return;
        std::pop_heap(best_.begin(), best_.end());
        best_.pop_back();
    }

    [[nodiscard]] std::vector<int> shuffled_places() const {
        std::vector<int> order = indices_of(static_cast<int>(count_));
        Random(1).shuffle(order);
        std::vector<int> places(order.size());
        for (std::size_t i = 0; i < order.size(); ++i)
            places[static_cast<std::size_t>(order[i])] = static_cast<int>(i);
        return places;
    }

    KeyGroups groups_;
    std::int64_t count_ = 0;
    std::int64_t sources_ = 0;
    std::vector<Source> best_;
};

/// Moves the pairs that `HeldOutDraw` draws from `text` to the result.
///
/// Throws  `Error` if there are not two different sources
[[nodiscard]] inline HeldOut hold_out(ParallelText& text) {
    HeldOutDraw draw({}, std::numeric_limits<std::size_t>::max());
    for (const std::string& line : text.source) draw.add(io::content_key(line));
    const HeldOutDraw::Drawn drawn = draw.draw();
    HeldOut result;
    ParallelText rest;
    for (std::size_t i = 0; i < text.source.size(); ++i) {
        const bool is_held = drawn.pairs.contains(static_cast<std::int64_t>(i));
        if (!is_held && drawn.dropped.contains(io::content_key(text.source[i]))) {
            ++result.copies;
            continue;
        }
        ParallelText& to = is_held ? result.held : rest;
        to.source.push_back(std::move(text.source[i]));
        to.target.push_back(std::move(text.target[i]));
    }
    text = std::move(rest);
    return result;
}

}  // namespace hat::data
