// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/ragged.hpp>
#include <hat/decode/step_model.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace hat::decode {

/// A list of sentences as tokens, which a translator is given as `Sources`. `clear` keeps its
/// memory.
///
///     OwnedSources sources;
///     sources.push_back(tokens);
///     translator.translate(sources.view(), …);
struct OwnedSources {
    std::vector<int> tokens;
    std::vector<int> offsets{0};  ///< of each sentence, and the end

    void clear() noexcept {
        tokens.clear();
        offsets.resize(1);
    }
    void push_back(std::span<const int> sentence) {
        tokens.insert(tokens.end(), sentence.data(), sentence.data() + sentence.size());
        offsets.push_back(static_cast<int>(tokens.size()));
    }

    [[nodiscard]] int size() const noexcept { return static_cast<int>(offsets.size()) - 1; }

    /// Precondition: 0 <= i < size().
    [[nodiscard]] std::span<const int> operator[](int i) const noexcept {
        HAT_ASSERT(0 <= i && i < size());
        const auto at = static_cast<std::size_t>(i);
        return {tokens.data() + offsets[at], tokens.data() + offsets[at + 1]};
    }
    /// Valid until this changes.
    [[nodiscard]] Sources view() const noexcept { return {tokens, Ragged(offsets.data(), size())}; }
};

}  // namespace hat::decode
