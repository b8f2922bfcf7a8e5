// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace hat::data {

/// Which target tokens may stand in the translation of a sentence: those that are always allowed,
/// and those of each of its tokens. The output layer of a network then computes these alone.
///
/// See  Jean et al., arXiv:1412.2007, §3.3 (candidate lists)
class Shortlist {
public:
    /// The tokens of source token s are `tokens[offsets[s]] … tokens[offsets[s + 1] − 1]`.
    struct Lists {
        std::vector<int> always{};
        std::vector<int> offsets{0};
        std::vector<int> tokens{};

        friend bool operator==(const Lists&, const Lists&) = default;
    };

    Shortlist() = default;
    /// `vocabulary` is the hash of what the ids stand for (`io::vocabulary_hash`); empty where it
    /// is not known.
    ///
    /// Precondition: every list is ascending, without doubles, of tokens of the target vocabulary.
    Shortlist(Lists lists, int target_vocab_size, std::string vocabulary = {})
        : lists_(std::move(lists)), target_vocab_size_(target_vocab_size),
          vocabulary_(std::move(vocabulary)) {}

    [[nodiscard]] int source_vocab_size() const noexcept {
        return static_cast<int>(lists_.offsets.size()) - 1;
    }
    [[nodiscard]] int target_vocab_size() const noexcept { return target_vocab_size_; }
    [[nodiscard]] const std::string& vocabulary() const noexcept { return vocabulary_; }
    [[nodiscard]] const Lists& lists() const noexcept { return lists_; }

    /// Those of a source token. Precondition: 0 <= token < source_vocab_size().
    [[nodiscard]] std::span<const int> of(int token) const noexcept {
        HAT_ASSERT(0 <= token && token < source_vocab_size());
        const int* const begin = lists_.offsets.data() + token;
        return {lists_.tokens.data() + begin[0], static_cast<std::size_t>(begin[1] - begin[0])};
    }

    /// Tokens that the list of a sentence has at most.
    [[nodiscard]] int most(std::span<const int> source) const noexcept {
        std::int64_t most = std::ssize(lists_.always);
        for (const int token : source) most += std::ssize(of(token));
        return static_cast<int>(std::min<std::int64_t>(most, target_vocab_size_));
    }

    /// Words of the marks that `select` works with.
    [[nodiscard]] std::ptrdiff_t mark_words() const noexcept {
        return (std::ptrdiff_t{target_vocab_size_} + 63) / 64;
    }
    /// Writes the list of a sentence, ascending, to `to`, which has room for `most(source)` tokens,
    /// and returns how many they are. `marks` are zeros, before and after.
    int select(std::span<const int> source, std::span<std::uint64_t> marks,
               int* to) const noexcept {
        HAT_ASSERT(std::ssize(marks) >= mark_words());
        const auto mark = [&](std::span<const int> tokens) {
            for (const int token : tokens)
                marks[static_cast<std::size_t>(token) / 64] |= std::uint64_t{1} << (token % 64);
        };
        mark(lists_.always);
        for (const int token : source) mark(of(token));
        const int* const begin = to;
        for (std::size_t i = 0; i < marks.size(); ++i) {
            for (std::uint64_t bits = marks[i]; bits != 0; bits &= bits - 1)
                *to++ = static_cast<int>(i) * 64 + std::countr_zero(bits);
            marks[i] = 0;
        }
        return static_cast<int>(to - begin);
    }

    friend bool operator==(const Shortlist&, const Shortlist&) = default;

private:
    Lists lists_;
    int target_vocab_size_ = 0;
    std::string vocabulary_;
};

}  // namespace hat::data
