// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/random.hpp>
#include <hat/data/shortlist.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace hat::support {

/// Lists of one vocabulary: unk, eos and a few others always, and fewer than `most` tokens for
/// each.
inline data::Shortlist random_shortlist(int vocab_size, int most) {
    Random random{RandomKey(11)};
    const auto some = [&](int n, std::vector<int> tokens) {
        for (; n > 0; --n) tokens.push_back(static_cast<int>(random.uniform() * vocab_size));
        std::sort(tokens.begin(), tokens.end());
        tokens.erase(std::unique(tokens.begin(), tokens.end()), tokens.end());
        return tokens;
    };
    data::Shortlist::Lists lists{.always = some(6, {0, 2})};
    for (int s = 0; s < vocab_size; ++s) {
        const auto list = some(static_cast<int>(random.uniform() * most), {});
        lists.tokens.insert(lists.tokens.end(), list.begin(), list.end());
        lists.offsets.push_back(static_cast<int>(lists.tokens.size()));
    }
    return {std::move(lists), vocab_size};
}

}  // namespace hat::support
