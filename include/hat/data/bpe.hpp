// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/data/lines.hpp>
#include <hat/data/utf8.hpp>
#include <hat/io/text_file.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hat::data {

/// Cuts words into the pieces of byte-pair encoding (Sennrich et al. 2016, arXiv:1508.07909) as
/// subword-nmt does: a piece that the word goes on after ends with `@@`.
///
///     const BpeCodes codes = BpeCodes::load("codes");
///     codes.apply("lowest");          // "low@@ est"
///     remove_bpe("low@@ est");        // "lowest"
class BpeCodes {
public:
    /// Reads merges, one a line and the first learnt first, of format 0.1 or 0.2; `name` says in
    /// errors where they are from.
    ///
    /// Throws  `Error` with the number of the first line that is not a pair
    [[nodiscard]] static BpeCodes from_text(std::string_view text, std::string_view name) {
        BpeCodes codes;
        const std::vector<std::string> lines = split_lines(text, name);
        std::size_t begin = 0;
        if (!lines.empty() && lines[0].starts_with("#version:")) {
            if (lines[0] != "#version: 0.2" && lines[0] != "#version: 0.1")
                fail(name, ":1: expected #version: 0.1 or 0.2");
            codes.end_is_part_of_letter_ = lines[0].ends_with('2');
            begin = 1;
        }
        for (std::size_t i = begin; i < lines.size(); ++i) {
            const std::string_view line = trimmed(lines[i]);
            const std::size_t space = line.find(' ');
            if (space == std::string_view::npos || line.rfind(' ') != space)
                fail(name, ":", i + 1, ": expected two pieces with a space between");
            // Of merges that are named twice, the first counts.
            codes.ranks_.try_emplace(
                Pair{std::string(line.substr(0, space)), std::string(line.substr(space + 1))},
                static_cast<int>(i));
        }
        if (codes.ranks_.empty()) fail(name, ": there are no merges");
        return codes;
    }
    /// Throws  `Error` as `from_text`, or if the file cannot be read
    [[nodiscard]] static BpeCodes load(const std::string& path) {
        return from_text(io::read_file(path), path);
    }

    [[nodiscard]] int size() const noexcept { return static_cast<int>(ranks_.size()); }

    /// `line` with every word cut. Words are what spaces separate; there is one between pieces.
    ///
    /// Throws  `Error` if the line is not UTF-8
    [[nodiscard]] std::string apply(std::string_view line) const {
        std::string text;
        for (std::size_t at = 0; at < line.size();) {
            const std::size_t end = std::min(line.find_first_of(" \r\n", at), line.size());
            if (end > at)
                for (const std::string& piece : pieces(line.substr(at, end - at)))
                    (text += text.empty() ? "" : " ") += piece;
            at = end + 1;
        }
        return text;
    }

    /// The pieces of one word, all but the last with `@@` behind.
    [[nodiscard]] std::vector<std::string> pieces(std::string_view word) const {
        std::vector<std::string> pieces;
        for (const char32_t letter : decode_utf8(word)) append_utf8(pieces.emplace_back(), letter);
        if (pieces.size() < 2) return pieces;
        if (end_is_part_of_letter_)
            pieces.back() += end_of_word;
        else
            pieces.emplace_back(end_of_word);
        merge(pieces);
        std::string& last = pieces.back();
        if (last.ends_with(end_of_word)) last.resize(last.size() - end_of_word.size());
        if (last.empty()) pieces.pop_back();
        for (std::size_t i = 0; i + 1 < pieces.size(); ++i) pieces[i] += "@@";
        return pieces;
    }

private:
    using Pair = std::pair<std::string, std::string>;
    static constexpr std::string_view end_of_word = "</w>";

    [[nodiscard]] static std::string_view trimmed(std::string_view line) noexcept {
        while (line.starts_with(' ')) line.remove_prefix(1);
        while (line.ends_with(' ')) line.remove_suffix(1);
        return line;
    }

    static constexpr int unknown = -1;

    /// When the pair of two pieces was learnt.
    [[nodiscard]] int rank(const std::string& left, const std::string& right) const {
        const auto found = ranks_.find(Pair{left, right});
        return found == ranks_.end() ? unknown : found->second;
    }

    /// Joins all neighbours that are the pair learnt first, from left to right, then those of the
    /// pair learnt next, …, until no pair is left that has been learnt.
    ///
    /// Cost    n log n look-ups for n pieces
    void merge(std::vector<std::string>& pieces) const {
        const std::size_t end = pieces.size();
        std::vector<std::size_t> next(end);
        std::vector<std::size_t> before(end + 1);
        std::map<int, std::set<std::size_t>> places;  // left pieces of the pairs of each rank
        const auto rank_at = [&](std::size_t left) {
            return next[left] == end ? unknown : rank(pieces[left], pieces[next[left]]);
        };
        const auto note = [&](std::size_t left) {
            if (const int r = rank_at(left); r != unknown) places[r].insert(left);
        };
        for (std::size_t i = 0; i < end; ++i) {
            next[i] = i + 1;
            before[i + 1] = i;
        }
        for (std::size_t i = 0; i < end; ++i) note(i);
        while (!places.empty()) {
            const auto first = places.extract(places.begin());
            for (const std::size_t left : first.mapped()) {
                // The piece, or the one behind it, may have been joined to another meanwhile.
                if (pieces[left].empty() || rank_at(left) != first.key()) continue;
                const std::size_t right = next[left];
                pieces[left] += pieces[right];
                pieces[right].clear();
                next[left] = next[right];
                before[next[right]] = left;
                if (left > 0) note(before[left]);
                note(left);
            }
        }
        std::erase(pieces, std::string());
    }

    std::map<Pair, int> ranks_;
    bool end_is_part_of_letter_ = false;
};

/// Joins the pieces of words again: deletes every "@@ ", and what white space stands at the end.
[[nodiscard]] inline std::string remove_bpe(std::string_view text) {
    constexpr std::string_view mark = "@@ ";
    std::string joined;
    const std::string spaced = std::string(text) + ' ';
    for (std::size_t at = 0; at < spaced.size();) {
        const std::size_t end = std::min(spaced.find(mark, at), spaced.size());
        joined.append(spaced, at, end - at);
        at = end + mark.size();
    }
    while (joined.ends_with(' ')) joined.pop_back();
    return joined;
}

}  // namespace hat::data
