// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>

namespace hat {

/// Where the sentences of a ragged batch lie: sentence `i` owns the rows
/// `offsets[i] … offsets[i + 1] − 1` of every activation `[tokens, dim]`. No padding exists.
///
/// Shapes  offsets [sentences + 1], ascending, offsets[0] = 0
class Ragged {
public:
    constexpr Ragged() = default;
    /// The `offsets` of that many sentences, which must outlive it.
    constexpr Ragged(const int* offsets, int sentences) noexcept
        : offsets_(offsets), sentences_(sentences) {
        HAT_ASSERT(sentences >= 0);
    }

    /// How many sentences there are, how many rows they have in all, and where each begins and how
    /// long it is.
    [[nodiscard]] constexpr int sentences() const noexcept { return sentences_; }
    [[nodiscard]] constexpr int tokens() const noexcept {
        return sentences_ == 0 ? 0 : offsets_[sentences_];
    }
    [[nodiscard]] constexpr int begin(int sentence) const noexcept {
        HAT_ASSERT(0 <= sentence && sentence < sentences_);
        return offsets_[sentence];
    }
    [[nodiscard]] constexpr int length(int sentence) const noexcept {
        HAT_ASSERT(0 <= sentence && sentence < sentences_);
        return offsets_[sentence + 1] - offsets_[sentence];
    }
    [[nodiscard]] constexpr const int* offsets() const noexcept { return offsets_; }

    /// The longest sentence.
    [[nodiscard]] constexpr int max_length() const noexcept {
        int longest = 0;
        for (int i = 0; i < sentences_; ++i) longest = length(i) > longest ? length(i) : longest;
        return longest;
    }

private:
    const int* offsets_ = nullptr;
    int sentences_ = 0;
};

}  // namespace hat
