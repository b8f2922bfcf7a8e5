// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/data/corpus.hpp>
#include <hat/data/parallel_text.hpp>
#include <hat/data/round_trip.hpp>
#include <hat/data/text_codec.hpp>
#include <hat/data/unknown_tokens.hpp>

#include <cstdio>
#include <string>
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
    explicit SideEncoder(const data::TextCodec& codec)
        : codec_(codec), side_{.vocab_size = codec.target_size(), .eos = codec.special().eos} {}

    /// Whether `line` comes back from what is now the last sentence.
    bool add(const std::string& line, data::RoundTrip* round_trip) {
        std::vector<int> ids = codec_.encode(line);
        unknown_.add(codec_, line, ids);
        const bool survives = round_trip == nullptr || round_trip->survives(codec_, line, ids);
        ids.push_back(side_.eos);
        side_.sentences.push_back(ids);
        return survives;
    }
    [[nodiscard]] const data::UnknownTokens& unknown() const noexcept { return unknown_; }
    [[nodiscard]] data::Side take() { return std::move(side_); }

private:
    const data::TextCodec& codec_;
    data::Side side_;
    data::UnknownTokens unknown_;
};

}  // namespace detail

/// Both sides of a text as ids; `name` begins what is said on stderr.
///
/// Throws  `Error` if a line is not UTF-8
inline data::Corpus encode_pairs(const data::ParallelText& text, const data::TextCodec& codec,
                                 const std::string& name) {
    detail::SideEncoder source(codec);
    detail::SideEncoder target(codec);
    data::RoundTrip round_trip;
    for (std::size_t i = 0; i < text.source.size(); ++i) {
        const bool source_survives = source.add(text.source[i], &round_trip);
        const bool target_survives = target.add(text.target[i], &round_trip);
        round_trip.count(source_survives && target_survives);
    }
    report_unknown(name + ": source", source.unknown());
    report_unknown(name + ": target", target.unknown());
    report_round_trip(name, "pairs", round_trip);
    return {source.take(), target.take()};
}

/// The lines of a text as ids. Whole words do not come back as they went in, and are not asked to.
///
/// Throws  `Error` if a line is not UTF-8
inline data::Side encode_lines(const std::vector<std::string>& lines, const data::TextCodec& codec,
                               const std::string& name, bool whole_words = false) {
    detail::SideEncoder side(codec);
    data::RoundTrip round_trip;
    for (const std::string& line : lines)
        round_trip.count(side.add(line, whole_words ? nullptr : &round_trip));
    report_unknown(name, side.unknown());
    report_round_trip(name, "lines", round_trip);
    return side.take();
}

}  // namespace hat::program
