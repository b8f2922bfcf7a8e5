// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/error.hpp>
#include <hat/core/simd.hpp>
#include <hat/core/slab.hpp>
#include <hat/core/threads.hpp>
#include <hat/train/chunks.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace hat::train {

/// The exponential moving average of the parameters:
///
///     a ← a + (1 − d)·(p − a),    d = min(decay, (1 + u) / (10 + u)) after u updates
///
/// so that the first updates do not hold it to the random start.
///
/// Cost    per update one pass over the parameters and the average; allocates nothing
class ExponentialAverage {
public:
    /// Begins at `parameters`, a slab of the table.
    ///
    /// Throws  `Error` if `decay` is not in [0, 1).
    ExponentialAverage(const TensorTable& table, Slab parameters, double decay)
        : chunks_(make_chunks(table)), average_(std::move(parameters)), decay_(decay) {
        if (!(decay >= 0 && decay < 1)) {
            fail("exponential average: decay = ", decay, ", expected [0, 1)");
        }
    }

    /// Takes in the parameters after the update that `updates_before` updates went before.
    void update(const Slab& parameters, std::int64_t updates_before, ThreadPool& pool) {
        HAT_ASSERT(parameters.size() == average_.size());
        const auto u = static_cast<double>(updates_before);
        const double decay = std::min(decay_, (1 + u) / (10 + u));
        const simd::Lanes weight = simd::broadcast(static_cast<float>(1 - decay));
        pool.run(static_cast<int>(chunks_.size()), [&](int index, int) noexcept {
            const Chunk& chunk = chunks_[static_cast<std::size_t>(index)];
            const float* const p = parameters.data() + chunk.offset;
            float* const a = average_.data() + chunk.offset;
            for (int i = 0; i < chunk.size; i += simd::lanes) {
                const simd::Lanes old = simd::load(a + i);
                simd::store(simd::fma(weight, simd::load(p + i) - old, old), a + i);
            }
        });
    }

    /// Exchanges the average with the parameters, in place: views on either stay good. Called
    /// before and after a validation, it shows the average to the network.
    void swap_with(Slab& parameters) noexcept {
        HAT_ASSERT(parameters.size() == average_.size());
        std::swap_ranges(parameters.data(), parameters.data() + parameters.size(), average_.data());
    }

    /// The average, or, between two calls of `swap_with`, the parameters.
    [[nodiscard]] Slab& values() noexcept { return average_; }
    [[nodiscard]] const Slab& values() const noexcept { return average_; }

private:
    std::vector<Chunk> chunks_;
    Slab average_;
    double decay_;
};

}  // namespace hat::train
