// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/aligned.hpp>
#include <hat/data/shortlist.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

/// A shortlist as constants of a program have it: behind the weights, in words that are half as
/// wide as those of a `data::Shortlist`.
namespace hat::deploy {

/// Lists as constants of a program.
using PackedShortlist = data::ShortlistView<std::uint32_t, std::uint16_t>;

/// Tokens that have a number of 16 bits.
inline constexpr int most_listed_vocabulary = 65536;

/// What is to be known of a packed shortlist beside its bytes.
struct ShortlistShape {
    int source_vocab_size = 0;
    int target_vocab_size = 0;
    int always = 0;   ///< tokens that every sentence may have
    int tokens = 0;   ///< of all lists of source tokens
    int longest = 0;  ///< of one of them

    /// Offsets first, then `always`, then the lists; at the end zeros to a whole cache line.
    [[nodiscard]] constexpr std::size_t bytes() const noexcept {
        const std::size_t numbers =
            offsets() * sizeof(std::uint32_t) +
            static_cast<std::size_t>(always + tokens) * sizeof(std::uint16_t);
        return (numbers + alignment - 1) / alignment * alignment;
    }
    [[nodiscard]] constexpr std::size_t offsets() const noexcept {
        return static_cast<std::size_t>(source_vocab_size) + 1;
    }
};

/// What a packed shortlist of these lists will be.
[[nodiscard]] inline ShortlistShape shape_of(const data::Shortlist& shortlist) noexcept {
    return {.source_vocab_size = shortlist.source_vocab_size(),
            .target_vocab_size = shortlist.target_vocab_size(),
            .always = static_cast<int>(shortlist.lists().always.size()),
            .tokens = static_cast<int>(shortlist.lists().tokens.size()),
            .longest = shortlist.longest()};
}

/// Writes `shape_of(shortlist).bytes()`, as `view_shortlist` reads them.
///
/// Preconditions: target_vocab_size() ≤ most_listed_vocabulary; `to` begins at a cache line.
inline void pack_shortlist(const data::Shortlist& shortlist, std::byte* to) noexcept {
    HAT_ASSERT(shortlist.target_vocab_size() <= most_listed_vocabulary);
    const auto& [always, offsets, tokens] = shortlist.lists();
    std::fill_n(to, shape_of(shortlist).bytes(), std::byte{});
    auto* const starts = reinterpret_cast<std::uint32_t*>(to);  // NOLINT: as it is read
    std::transform(offsets.begin(), offsets.end(), starts,
                   [](int offset) { return static_cast<std::uint32_t>(offset); });
    auto* ids = reinterpret_cast<std::uint16_t*>(starts + offsets.size());  // NOLINT: likewise
    const auto narrow = [](int token) { return static_cast<std::uint16_t>(token); };
    ids = std::transform(always.begin(), always.end(), ids, narrow);
    std::transform(tokens.begin(), tokens.end(), ids, narrow);
}

/// The lists that `pack_shortlist` wrote, where they lie.
[[nodiscard]] inline PackedShortlist view_shortlist(const std::byte* bytes,
                                                    const ShortlistShape& shape) noexcept {
    const auto* const offsets = reinterpret_cast<const std::uint32_t*>(bytes);  // NOLINT: as packed
    const auto* const ids =
        reinterpret_cast<const std::uint16_t*>(offsets + shape.offsets());  // NOLINT: likewise
    const auto always = static_cast<std::size_t>(shape.always);
    return {{ids, always},
            {offsets, shape.offsets()},
            {ids + always, static_cast<std::size_t>(shape.tokens)},
            shape.longest,
            shape.target_vocab_size};
}

}  // namespace hat::deploy
