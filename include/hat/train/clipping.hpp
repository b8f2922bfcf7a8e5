// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/simd.hpp>
#include <hat/core/slab.hpp>
#include <hat/core/threads.hpp>
#include <hat/train/chunks.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hat::train {

/// The Euclidean norm of all tensors that have a gradient, as one vector.
///
/// Each piece of a slab is summed in four chains of 16 lanes, the pieces in double in the order of
/// the table: the same bits on any number of threads.
class GradientNorm {
public:
    explicit GradientNorm(const TensorTable& table)
        : chunks_(make_chunks(table)), squares_(chunks_.size()) {}

    /// Not finite if a gradient is not: such an update is best left out.
    ///
    /// Shapes  gradients: slab of the table;  has_gradient [tensors of the table]
    /// Cost    reads the gradients once; allocates nothing
    [[nodiscard]] double operator()(const Slab& gradients,
                                    std::span<const std::uint8_t> has_gradient, ThreadPool& pool) {
        pool.run(static_cast<int>(chunks_.size()), [&](int index, int) noexcept {
            const auto i = static_cast<std::size_t>(index);
            const Chunk& chunk = chunks_[i];
            const bool counts = has_gradient[static_cast<std::size_t>(chunk.entry)] != 0;
            squares_[i] = counts ? square_sum(gradients.data() + chunk.offset, chunk.size) : 0.0F;
        });
        double sum = 0;
        for (const float square : squares_) sum += static_cast<double>(square);
        return std::sqrt(sum);
    }

private:
    /// Σ x² over `n` floats, a multiple of 16.
    static float square_sum(const float* x, int n) noexcept {
        constexpr int chains = 4;
        simd::Lanes sums[chains] = {simd::zero(), simd::zero(), simd::zero(), simd::zero()};
        int i = 0;
        for (; i + chains * simd::lanes <= n; i += chains * simd::lanes) {
            for (int chain = 0; chain < chains; ++chain) {
                const simd::Lanes y = simd::load(x + i + chain * simd::lanes);
                sums[chain] = simd::fma(y, y, sums[chain]);
            }
        }
        for (; i < n; i += simd::lanes) {
            const simd::Lanes y = simd::load(x + i);
            sums[0] = simd::fma(y, y, sums[0]);
        }
        return simd::sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
    }

    std::vector<Chunk> chunks_;
    std::vector<float> squares_;  ///< per piece
};

/// What gradients of this norm are multiplied by so that it becomes `clip_norm` at most; 1 if
/// `clip_norm` is 0, which switches clipping off.
///
///     min(1, clip_norm / (norm + 1e-6))
[[nodiscard]] inline double clip_factor(double norm, double clip_norm) noexcept {
    HAT_ASSERT(clip_norm >= 0);
    if (clip_norm == 0) return 1;
    const double factor = clip_norm / (norm + 1e-6);
    return factor < 1 ? factor : 1;
}

}  // namespace hat::train
