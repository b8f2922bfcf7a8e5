// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/simd.hpp>
#include <hat/core/slab.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace hat::train {

/// A piece of one tensor of a slab: `size` floats from `offset`, a multiple of 16 of them.
///
/// The last piece of a tensor takes in the gap behind it. Gaps are zero in every slab, and an
/// optimiser keeps them so: no pass over a slab has a remainder to treat.
struct Chunk {
    std::ptrdiff_t offset;  ///< in floats from the start of the slab
    int size;
    int entry;  ///< index of the tensor in its table
};

/// Neighbouring chunks of a table: first … last − 1.
struct ChunkRange {
    int first;
    int last;
};

/// All tensors of a table cut into pieces that threads can take one by one.
///
/// The cut depends on nothing but the table, so sums over pieces have the same bits on any number
/// of threads. A piece is small enough for four slabs' worth of it to stay in a core's L2 cache.
[[nodiscard]] inline std::vector<Chunk> make_chunks(const TensorTable& table) {
    constexpr std::ptrdiff_t largest = 16384;
    static_assert(alignment == simd::lanes * sizeof(float),
                  "a tensor's padding must end at a whole vector");
    std::vector<Chunk> chunks;
    for (int i = 0; i < table.size(); ++i) {
        const std::ptrdiff_t size = (table[i].size() + simd::lanes - 1) / simd::lanes * simd::lanes;
        for (std::ptrdiff_t begin = 0; begin < size; begin += largest) {
            const auto piece = static_cast<int>(std::min(size - begin, largest));
            chunks.push_back({table[i].offset + begin, piece, i});
        }
    }
    return chunks;
}

}  // namespace hat::train
