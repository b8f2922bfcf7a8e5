// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/integer/linear.hpp>

namespace hat::integer {

/// W₂ · relu(W₁ x + b₁) + b₂.  Shapes  first [ffn_dim, dim],  second [dim, ffn_dim]
template <class Weights>
struct FeedForward {
    Linear<Weights> first{};
    Linear<Weights> second{};

    static constexpr void members(const auto& f, auto&... self) {
        f("fc1", self.first...);
        f("fc2", self.second...);
    }
};

}  // namespace hat::integer
