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

/// A set of tokens, a bit each, in memory of its user.
class TokenMarks {
public:
    TokenMarks() = default;
    /// `words` are `words(vocab_size)` zeros.
    explicit TokenMarks(std::span<std::uint64_t> words) noexcept : words_(words) {}

    /// Words of 64 marks that a vocabulary takes.
    [[nodiscard]] static constexpr std::ptrdiff_t words(int vocab_size) noexcept {
        return (std::ptrdiff_t{vocab_size} + 63) / 64;
    }

    template <class Token = int>
    void add(std::span<const Token> tokens) noexcept {
        for (const Token token : tokens)
            words_[static_cast<std::size_t>(token) / 64] |= std::uint64_t{1} << (token % 64);
    }
    /// Writes the tokens, ascending, to `to`, leaves none, and returns how many they were.
    int take(int* to) noexcept {
        const int* const begin = to;
        for (std::size_t i = 0; i < words_.size(); ++i) {
            for (std::uint64_t bits = words_[i]; bits != 0; bits &= bits - 1)
                *to++ = static_cast<int>(i) * 64 + std::countr_zero(bits);
            words_[i] = 0;
        }
        return static_cast<int>(to - begin);
    }

private:
    std::span<std::uint64_t> words_;
};

/// Lists that lie elsewhere, of numbers as wide as need be: every sentence may have the tokens of
/// `always`, and for each of its tokens s those from `tokens[offsets[s]]` to
/// `tokens[offsets[s + 1] − 1]`.
template <class Offset = int, class Token = int>
class ShortlistView {
public:
    ShortlistView() = default;
    /// `longest` are the tokens of the longest list of a source token.
    ///
    /// Precondition: every list is ascending, without doubles, of tokens of the target vocabulary.
    constexpr ShortlistView(std::span<const Token> always, std::span<const Offset> offsets,
                            std::span<const Token> tokens, int longest,
                            int target_vocab_size) noexcept
        : always_(always), offsets_(offsets), tokens_(tokens), longest_(longest),
          target_vocab_size_(target_vocab_size) {}

    /// Tokens of each vocabulary.
    [[nodiscard]] constexpr int source_vocab_size() const noexcept {
        return static_cast<int>(offsets_.size()) - 1;
    }
    [[nodiscard]] constexpr int target_vocab_size() const noexcept { return target_vocab_size_; }

    /// Those of a source token. Precondition: 0 <= token < source_vocab_size().
    [[nodiscard]] constexpr std::span<const Token> of(int token) const noexcept {
        HAT_ASSERT(0 <= token && token < source_vocab_size());
        const auto begin = static_cast<std::size_t>(offsets_[static_cast<std::size_t>(token)]);
        const auto end = static_cast<std::size_t>(offsets_[static_cast<std::size_t>(token) + 1]);
        return tokens_.subspan(begin, end - begin);
    }

    /// Tokens that the list of a sentence of so many has at most.
    [[nodiscard]] constexpr int most(int source_length) const noexcept {
        const std::int64_t most = std::ssize(always_) + std::int64_t{source_length} * longest_;
        return static_cast<int>(std::min<std::int64_t>(most, target_vocab_size_));
    }
    /// Writes the list of a sentence, ascending, to `to`, which has room for `most(length)` tokens,
    /// and returns how many they are. `marks` are empty, before and after.
    int select(std::span<const int> source, TokenMarks marks, int* to) const noexcept {
        marks.add(always_);
        for (const int token : source) marks.add(of(token));
        return marks.take(to);
    }

private:
    std::span<const Token> always_;
    std::span<const Offset> offsets_;
    std::span<const Token> tokens_;
    int longest_ = 0;
    int target_vocab_size_ = 0;
};

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
          vocabulary_(std::move(vocabulary)) {
        for (int s = 0; s < source_vocab_size(); ++s)
            longest_ = std::max(longest_, static_cast<int>(of(s).size()));
    }

    /// Tokens of each vocabulary.
    [[nodiscard]] int source_vocab_size() const noexcept {
        return static_cast<int>(lists_.offsets.size()) - 1;
    }
    [[nodiscard]] int target_vocab_size() const noexcept { return target_vocab_size_; }
    [[nodiscard]] const std::string& vocabulary() const noexcept { return vocabulary_; }
    [[nodiscard]] const Lists& lists() const noexcept { return lists_; }

    /// Those of a source token. Precondition: 0 <= token < source_vocab_size().
    [[nodiscard]] std::span<const int> of(int token) const noexcept { return view().of(token); }
    /// Tokens of the longest list of a source token.
    [[nodiscard]] int longest() const noexcept { return longest_; }

    /// As those of a `ShortlistView`.
    [[nodiscard]] int most(int source_length) const noexcept { return view().most(source_length); }
    int select(std::span<const int> source, TokenMarks marks, int* to) const noexcept {
        return view().select(source, marks, to);
    }

    friend bool operator==(const Shortlist&, const Shortlist&) = default;

private:
    [[nodiscard]] ShortlistView<> view() const noexcept {
        return {lists_.always, lists_.offsets, lists_.tokens, longest_, target_vocab_size_};
    }

    Lists lists_;
    int target_vocab_size_ = 0;
    int longest_ = 0;
    std::string vocabulary_;
};

}  // namespace hat::data
