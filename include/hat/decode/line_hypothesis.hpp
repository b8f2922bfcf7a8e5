// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/decode/hypothesis.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>

namespace hat::decode {

/// The k-th best translation of a line that was translated in parts: of each part its k-th best, or
/// its last.
class LineHypothesis {
public:
    /// `parts` are the hypotheses of each part, at least one; they must outlive this.
    LineHypothesis(std::span<const Hypotheses> parts, std::size_t k) noexcept
        : parts_(parts), k_(k) {}

    /// How many a line has: as many as the part with most of them, but no more than `n_best`; one
    /// if it has no part.
    [[nodiscard]] static std::size_t count(std::span<const Hypotheses> parts,
                                           std::size_t n_best) noexcept {
        std::size_t most = 1;
        for (const Hypotheses& part : parts) most = std::max(most, part.size());
        return std::min(most, n_best);
    }

    /// Parts that the line was translated in.
    [[nodiscard]] std::size_t parts() const noexcept { return parts_.size(); }
    /// That of a part.
    [[nodiscard]] const Hypothesis& operator[](std::size_t part) const noexcept {
        return parts_[part][std::min(k_, parts_[part].size() - 1)];
    }
    /// The tokens of a part.
    [[nodiscard]] std::span<const int> tokens(std::size_t part) const noexcept {
        return (*this)[part].tokens;
    }

    /// That of all tokens together, as `final_score` makes it; none if there is no part.
    [[nodiscard]] std::optional<float> score(const SearchOptions& options) const noexcept {
        if (parts_.empty()) return {};
        if (parts_.size() == 1) return (*this)[0].score;
        float sum = 0;
        std::size_t length = 0;
        for (std::size_t part = 0; part < parts_.size(); ++part) {
            for (const float score : (*this)[part].positional_scores) sum += score;
            length += (*this)[part].tokens.size();
        }
        return final_score(sum, length, options);
    }

private:
    std::span<const Hypotheses> parts_;
    std::size_t k_;
};

}  // namespace hat::decode
