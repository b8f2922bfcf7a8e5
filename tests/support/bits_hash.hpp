// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/matrix_view.hpp>
#include <hat/core/random.hpp>
#include <hat/decode/hypothesis.hpp>

#include <cstdint>
#include <cstring>
#include <vector>

namespace hat::support {

/// A hash of numbers, bit by bit.
class BitsHash {
public:
    void add(float x) noexcept {
        std::uint32_t bits = 0;
        std::memcpy(&bits, &x, sizeof bits);
        add(static_cast<std::uint64_t>(bits));
    }
    void add(std::uint64_t x) noexcept { hash_ = mix64(hash_ ^ x); }
    void add(ConstMatrix all) noexcept {
        for (int i = 0; i < all.rows(); ++i)
            for (const float x : all.row(i)) add(x);
    }
    void add(const std::vector<decode::Hypotheses>& results) noexcept {
        for (const auto& of_source : results) {
            for (const auto& hypothesis : of_source) {
                for (const int token : hypothesis.tokens) add(static_cast<std::uint64_t>(token));
                for (const float score : hypothesis.positional_scores) add(score);
            }
        }
    }
    [[nodiscard]] std::uint64_t value() const noexcept { return hash_; }

private:
    std::uint64_t hash_ = 0;
};

}  // namespace hat::support
