// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/ragged.hpp>
#include <hat/core/random.hpp>
#include <hat/model/transformer.hpp>

#include <cstdint>
#include <vector>

namespace hat::support {

/// Random sentence pairs of 8 to 20 tokens, about `tokens` on either side.
struct RandomBatch {
    std::vector<int> source, input, target;
    std::vector<int> source_offsets{0}, target_offsets{0};

    RandomBatch(int tokens, int vocab_size, std::uint64_t seed) {
        hat::Random random(seed);
        const auto word = [&] {
            return 4 + static_cast<int>(random.below(static_cast<std::uint64_t>(vocab_size - 4)));
        };
        while (target_offsets.back() < tokens) {
            const int source_length = 8 + static_cast<int>(random.below(13));
            const int target_length = 8 + static_cast<int>(random.below(13));
            for (int i = 0; i < source_length; ++i) source.push_back(word());
            for (int i = 0; i < target_length; ++i) {
                input.push_back(word());
                target.push_back(word());
            }
            source_offsets.push_back(static_cast<int>(source.size()));
            target_offsets.push_back(static_cast<int>(target.size()));
        }
    }

    [[nodiscard]] hat::model::Batch view() const {
        const int sentences = static_cast<int>(source_offsets.size()) - 1;
        return {source, hat::Ragged(source_offsets.data(), sentences), input, target,
                hat::Ragged(target_offsets.data(), sentences)};
    }
};

}  // namespace hat::support
