// SPDX-License-Identifier: Apache-2.0
// Needs: utf8proc
#pragma once

#include <hat/data/edit_distance.hpp>
#include <hat/data/references.hpp>
#include <hat/data/signature.hpp>
#include <hat/data/unicode.hpp>
#include <hat/data/utf8.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace hat::data {

/// How TER is counted.
struct TerOptions {
    bool case_sensitive = false;  ///< otherwise both sides are in lower case
    int references = 1;           // how many every sentence has: for the signature
};

/// What TER counts, for one sentence or the sum over many.
struct TerCounts {
    std::int64_t edits = 0;       // with the reference that needs the fewest
    double reference_length = 0;  // words, the mean over the references

    constexpr TerCounts& operator+=(const TerCounts& other) noexcept {
        edits += other.edits;
        reference_length += other.reference_length;
        return *this;
    }
};

/// Translation edit rate (Snover et al. 2006), as sacreBLEU computes it after Tercom:
///
///     score = 100 · edits / reference length,
///
/// where an edit inserts, removes or replaces a word, or shifts a row of words elsewhere. Lower is
/// better. Words are what white space separates, lower-cased unless asked otherwise.
struct Ter {
    TerCounts counts;
    double score = 0.0;       // 0 …, may pass 100
    std::string signature{};  // how it was computed

    /// One line with all of it, in sacreBLEU's words.
    [[nodiscard]] std::string line() const {
        return "TER|" + signature + " = " + detail::fixed(score, 1);
    }
};

namespace detail {

using Words = std::vector<std::u32string_view>;

/// Words of the hypothesis that stand in the reference elsewhere: `size` of them, from `from` on.
struct Shift {
    std::int64_t from, size, to;
};

/// `words` with the shift done; `to` counts as if nothing had been taken away yet.
inline Words shifted(const Words& words, const Shift& shift) {
    Words result = words;
    const auto at = [&](std::int64_t i) {
        return result.begin() + std::min(i, static_cast<std::int64_t>(std::ssize(words)));
    };
    const std::int64_t end = shift.from + shift.size;
    if (shift.to < shift.from)
        std::rotate(at(shift.to), at(shift.from), at(end));
    else if (shift.to > end)
        std::rotate(at(shift.from), at(end), at(shift.to));
    else  // into itself: past as many of the words behind it
        std::rotate(at(shift.from), at(end), at(shift.size + shift.to));
    return result;
}

/// Looks for the shift that saves most edits, by Tercom's rules.
class ShiftSearch {
public:
    static constexpr std::int64_t most_candidates = 1000;  // in one sentence

    explicit ShiftSearch(const Words& reference) : reference_(reference) {}

    /// Shifts words of `hypothesis` as long as that saves edits; returns how many shifts and other
    /// edits it takes in all.
    [[nodiscard]] std::int64_t edits(Words hypothesis) {
        std::int64_t shifts = 0;
        while (std::optional<Words> better = step(hypothesis)) {
            hypothesis = std::move(*better);
            ++shifts;
        }
        return shifts + edit_path(hypothesis, reference_).edits;
    }

private:
    /// Where the words of the reference stand in the hypothesis, and what is wrong.
    struct Alignment {
        std::vector<std::int64_t> of_reference;  // −1: before the first word
        std::vector<bool> wrong_hypothesis;
        std::vector<bool> wrong_reference;

        explicit Alignment(const std::vector<Edit>& path) {
            std::int64_t at = -1;
            for (const Edit edit : path) {
                const bool is_wrong = edit != Edit::keep;
                if (edit != Edit::insert) {
                    ++at;
                    wrong_hypothesis.push_back(is_wrong);
                }
                if (edit != Edit::remove) {
                    of_reference.push_back(at);
                    wrong_reference.push_back(is_wrong);
                }
            }
        }
    };

    static bool any(const std::vector<bool>& wrong, std::int64_t begin, std::int64_t size) {
        const auto first = wrong.begin() + begin;
        return std::find(first, first + size, true) != first + size;
    }

    /// The hypothesis after the best shift, if one saves edits and not too many were tried.
    [[nodiscard]] std::optional<Words> step(const Words& hypothesis) {
        constexpr std::int64_t longest = 10;
        constexpr std::int64_t farthest = 50;
        const EditPath before = edit_path(hypothesis, reference_);
        const Alignment alignment(before.path);
        best_.reset();
        for (std::int64_t from = 0; from < std::ssize(hypothesis); ++from) {
            const std::int64_t end = std::min(std::ssize(reference_), from + farthest + 1);
            for (std::int64_t at = std::max<std::int64_t>(0, from - farthest); at < end; ++at) {
                const std::int64_t most =
                    std::min({longest, std::ssize(hypothesis) - from, std::ssize(reference_) - at});
                for (std::int64_t size = 1; size <= most && word(hypothesis, from + size - 1) ==
                                                                word(reference_, at + size - 1);
                     ++size) {
                    try_shifts(hypothesis, before.edits, alignment, {from, size, at});
                    if (candidates_ >= most_candidates) return std::nullopt;
                }
            }
        }
        if (!best_ || std::get<0>(best_->rank) <= 0) return std::nullopt;
        return std::move(best_->words);
    }

    /// Tries the places for `part` around where the same words stand in the reference, `part.to`.
    void try_shifts(const Words& hypothesis, std::int64_t edits, const Alignment& alignment,
                    const Shift& part) {
        const auto aligned = [&](std::int64_t at) {
            return alignment.of_reference[static_cast<std::size_t>(at)];
        };
        if (!any(alignment.wrong_hypothesis, part.from, part.size) ||
            !any(alignment.wrong_reference, part.to, part.size))
            return;
        if (part.from <= aligned(part.to) && aligned(part.to) < part.from + part.size) return;
        std::int64_t last = -1;
        for (std::int64_t at = part.to - 1; at < part.to + part.size; ++at) {
            const std::int64_t target = at < 0 ? 0 : aligned(at) + 1;
            if (target == last) continue;
            last = target;
            Words words = shifted(hypothesis, {part.from, part.size, target});
            const std::int64_t saved = edits - edit_path(words, reference_).edits;
            const Rank rank{saved, part.size, -part.from, -target};
            ++candidates_;
            if (!best_ || rank > best_->rank) best_ = Candidate{rank, std::move(words)};
        }
    }

    static std::u32string_view word(const Words& words, std::int64_t i) {
        return words[static_cast<std::size_t>(i)];
    }

    /// Edits saved, words shifted, from where, whereto: the greatest is the best.
    using Rank = std::tuple<std::int64_t, std::int64_t, std::int64_t, std::int64_t>;
    struct Candidate {
        Rank rank;
        Words words;
    };

    const Words& reference_;
    std::int64_t candidates_ = 0;
    std::optional<Candidate> best_;
};

inline std::u32string ter_text(std::string_view line, const TerOptions& options) {
    const std::u32string text = decode_utf8(line);
    return options.case_sensitive ? text : to_lower(text);
}

}  // namespace detail

/// Counts one sentence.
///
/// Precondition: there is a reference.
/// Throws  `Error` if a line is not UTF-8
/// Cost    linear in the words, some 50 comparisons each for each of at most 1000 shifts and more
[[nodiscard]] inline TerCounts count_ter(std::string_view hypothesis,
                                         std::span<const std::string_view> references,
                                         const TerOptions& options = {}) {
    const std::u32string text = detail::ter_text(hypothesis, options);
    const detail::Words words = split_words(text);
    std::optional<std::int64_t> fewest;
    std::int64_t length = 0;
    for (const std::string_view line : references) {
        const std::u32string reference_text = detail::ter_text(line, options);
        const detail::Words reference = split_words(reference_text);
        const std::int64_t edits =
            reference.empty() ? std::ssize(words) : detail::ShiftSearch(reference).edits(words);
        fewest = std::min(fewest.value_or(edits), edits);
        length += std::ssize(reference);
    }
    return {*fewest, static_cast<double>(length) / static_cast<double>(references.size())};
}

/// The score that belongs to `counts`: 100 for words that no reference asks for.
[[nodiscard]] inline Ter ter(const TerCounts& counts, const TerOptions& options = {}) {
    Ter result{.counts = counts};
    if (counts.reference_length > 0)
        result.score = 100.0 * (static_cast<double>(counts.edits) / counts.reference_length);
    else
        result.score = counts.edits > 0 ? 100.0 : 0.0;
    result.signature =
        "nrefs:" + std::to_string(options.references) +
        "|case:" + (options.case_sensitive ? "mixed" : "lc") +
        "|tok:tercom|norm:no|punct:yes|asian:no|version:" + detail::signature_version();
    return result;
}

/// TER of a corpus with one or more references.
///
/// Throws  `Error` if they differ in number of lines, or if one is not UTF-8
[[nodiscard]] inline Ter corpus_ter(std::span<const std::string> hypotheses, References references,
                                    TerOptions options = {}) {
    check_references("TER", hypotheses.size(), references);
    options.references = static_cast<int>(references.size());
    TerCounts counts;
    for (std::size_t i = 0; i < hypotheses.size(); ++i)
        counts += count_ter(hypotheses[i], references_of(references, i), options);
    return ter(counts, options);
}

}  // namespace hat::data
