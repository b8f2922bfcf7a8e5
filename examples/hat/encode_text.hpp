// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/threads.hpp>
#include <hat/data/corpus.hpp>
#include <hat/data/corpus_writer.hpp>
#include <hat/data/round_trip.hpp>
#include <hat/data/spooled_text.hpp>
#include <hat/data/text_codec.hpp>
#include <hat/data/unknown_tokens.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

/// From text to ids, with an account of what of it the vocabulary cannot say.
namespace hat::program {

/// Says what of a text is unknown, if anything is; much of it is a warning.
inline void report_unknown(const std::string& where, const data::UnknownTokens& unknown) {
    if (unknown.unknown() == 0) return;
    std::fprintf(stderr, "%s%s: %s\n", unknown.is_many() ? "warning: " : "", where.c_str(),
                 unknown.text().c_str());
}

/// Says how many lines or pairs do not come back as they went in, and shows some.
inline void report_round_trip(const std::string& where, const char* unit,
                              const data::RoundTrip& round_trip) {
    if (round_trip.lost() == 0) return;
    std::fprintf(stderr, "%s: %lld of %lld %s do not survive encoding and decoding:\n",
                 where.c_str(), static_cast<long long>(round_trip.lost()),
                 static_cast<long long>(round_trip.all()), unit);
    for (const auto& [before, after] : round_trip.examples())
        std::fprintf(stderr, "  \"%s\" comes back as \"%s\"\n", before.c_str(), after.c_str());
}

namespace detail {

/// Encodes lines one after the other, counting what is unknown.
class SideEncoder {
public:
    /// A line as ids, without an end of sentence.
    struct Line {
        std::vector<int> ids{};
        bool survives = true;  ///< comes back from the ids as it was
    };

    SideEncoder(const data::TextCodec& codec, const std::string& place)
        : codec_(codec), writer_(place, codec.target_size(), codec.special().eos) {}

    /// Counts nothing, so that threads may encode at once.
    [[nodiscard]] Line encode(std::string_view line, bool look_back) const {
        Line encoded{.ids = codec_.encode(line)};
        if (look_back) encoded.survives = data::RoundTrip::comes_back(codec_, line, encoded.ids);
        return encoded;
    }
    /// Counts what `encode` made of `line`.
    void count(std::string_view line, const Line& encoded, data::RoundTrip& round_trip) {
        unknown_.add(codec_, line, encoded.ids);
        if (!encoded.survives && !round_trip.has_examples())
            static_cast<void>(round_trip.survives(codec_, line, encoded.ids));
    }
    /// Adds it to the corpus.
    void push_back(Line& encoded) {
        encoded.ids.push_back(codec_.special().eos);
        writer_.push_back(encoded.ids);
    }
    [[nodiscard]] const data::UnknownTokens& unknown() const noexcept { return unknown_; }
    [[nodiscard]] data::Side take() { return writer_.take(); }

private:
    const data::TextCodec& codec_;
    data::SideWriter writer_;
    data::UnknownTokens unknown_;
};

}  // namespace detail

/// Which encoded pairs are left out.
struct PairLimits {
    int max_length = 0;      ///< tokens of a side, the end of sentence among them
    double max_unknown = 0;  ///< share of unknown tokens on a side; 0: any
};

/// Both sides of a text as ids, on the disk beside `place`; `name` begins what is said on stderr.
///
/// Throws  `Error` if no pair is left, or the disk is full
inline data::Corpus encode_pairs(data::SpooledText& text, const data::TextCodec& codec,
                                 const PairLimits& limits, const std::string& name,
                                 const std::string& place, ThreadPool& pool) {
    detail::SideEncoder source(codec, place);
    detail::SideEncoder target(codec, place);
    data::RoundTrip round_trip;
    struct Pair {
        detail::SideEncoder::Line source{}, target{};
        bool is_unknown = false;
    };
    const auto has_much_unknown = [&](const std::vector<int>& ids) {
        const auto count = std::ranges::count_if(ids, [&](int id) { return codec.is_unknown(id); });
        // The end of sentence is one of the tokens.
        return static_cast<double>(count) >
               limits.max_unknown * static_cast<double>(ids.size() + 1);
    };
    std::int64_t pairs = 0;
    std::int64_t source_tokens = 0;
    std::int64_t target_tokens = 0;
    std::int64_t too_long = 0;
    std::int64_t unknown = 0;
    const auto encode = [&](const data::SpooledText::Entry& entry) {
        Pair pair{source.encode(entry.lines[0], true), target.encode(entry.lines[1], true)};
        if (limits.max_unknown > 0)
            pair.is_unknown =
                has_much_unknown(pair.source.ids) || has_much_unknown(pair.target.ids);
        return pair;
    };
    text.process(pool, encode, [&](const data::SpooledText::Entry& entry, Pair& pair) {
        source.count(entry.lines[0], pair.source, round_trip);
        target.count(entry.lines[1], pair.target, round_trip);
        round_trip.count(pair.source.survives && pair.target.survives);
        const auto source_size = std::ssize(pair.source.ids) + 1;
        const auto target_size = std::ssize(pair.target.ids) + 1;
        if (std::max(source_size, target_size) > limits.max_length) {
            ++too_long;
            return;
        }
        ++pairs;
        source_tokens += source_size;
        target_tokens += target_size;
        unknown += pair.is_unknown ? 1 : 0;
        if (pair.is_unknown) return;
        source.push_back(pair.source);
        target.push_back(pair.target);
    });
    report_unknown(name + ": source", source.unknown());
    report_unknown(name + ": target", target.unknown());
    report_round_trip(name, "pairs", round_trip);
    if (pairs == 0)
        fail("prepare: no ", name, " pair has at most ", limits.max_length,
             " tokens a side; raise --max-length");
    const auto number = [](std::int64_t value) { return static_cast<long long>(value); };
    std::fprintf(stderr, "%s: %lld pairs, %lld source and %lld target tokens", name.c_str(),
                 number(pairs), number(source_tokens), number(target_tokens));
    if (too_long > 0)
        std::fprintf(stderr, " (left out %lld pairs that are too long)", number(too_long));
    std::fputc('\n', stderr);
    if (unknown > 0)
        std::fprintf(stderr, "clean: left out %lld pairs with unknown tokens: --max-unknown %g\n",
                     number(unknown), limits.max_unknown);
    if (unknown == pairs) fail("prepare: cleaning left no pair; raise --max-unknown");
    return {source.take(), target.take()};
}

/// The lines of a text as ids. Whole words do not come back as they went in, and are not asked to.
///
/// Throws  `Error` if the disk is full
inline data::Corpus encode_lines(data::SpooledText& text, const data::TextCodec& codec,
                                 const std::string& name, const std::string& place,
                                 ThreadPool& pool, bool whole_words = false) {
    detail::SideEncoder side(codec, place);
    data::RoundTrip round_trip;
    std::int64_t tokens = 0;
    using Line = detail::SideEncoder::Line;
    text.process(
        pool,
        [&](const data::SpooledText::Entry& entry) {
            return side.encode(entry.lines[0], !whole_words);
        },
        [&](const data::SpooledText::Entry& entry, Line& line) {
            side.count(entry.lines[0], line, round_trip);
            round_trip.count(line.survives);
            side.push_back(line);
            tokens += std::ssize(line.ids);
        });
    report_unknown(name, side.unknown());
    report_round_trip(name, "lines", round_trip);
    std::fprintf(stderr, "%s: %lld lines, %lld tokens (ends of line among them), %lld unknown\n",
                 name.c_str(), static_cast<long long>(text.size()), static_cast<long long>(tokens),
                 static_cast<long long>(side.unknown().unknown()));
    return {{}, side.take()};
}

}  // namespace hat::program
