// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/error.hpp>
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

/// Adam's constants.
struct AdamOptions {
    double beta1 = 0.9;       ///< decay of the mean of gradients
    double beta2 = 0.98;      ///< decay of the mean of their squares
    double epsilon = 1e-8;    ///< added to the root of the latter
    double weight_decay = 0;  ///< decoupled, on all tensors, biases and norms included
};

/// What one update is given besides the tensors.
struct AdamStep {
    double learning_rate;
    double gradient_scale = 1;     ///< gradients count times this: 1 / tokens, clipping
    bool clear_gradients = false;  ///< leave zeros where a gradient was read
};

namespace detail {

/// The factors of one update that all tensors share.
struct AdamFactors {
    simd::Lanes scale, beta1, one_minus_beta1, beta2, one_minus_beta2, epsilon, decay;
};

/// One pass over `n` floats, a multiple of 16, of all four arrays.
template <bool ClearGradients>
void adam_pass(const AdamFactors& factors, float step_size, float* parameter, float* gradient,
               float* first, float* second, int n) noexcept {
    const AdamFactors f = factors;  // in registers: the stores below cannot change it
    const simd::Lanes step = simd::broadcast(step_size);
    for (int i = 0; i < n; i += simd::lanes) {
        const simd::Lanes g = simd::load(gradient + i) * f.scale;
        const simd::Lanes m = simd::fma(f.beta1, simd::load(first + i), f.one_minus_beta1 * g);
        const simd::Lanes v =
            simd::fma(f.beta2, simd::load(second + i), f.one_minus_beta2 * (g * g));
        simd::Lanes p = simd::load(parameter + i);
        p = simd::fma(f.decay, p, p);
        p = p - step * m / (simd::sqrt(v) + f.epsilon);
        simd::store(m, first + i);
        simd::store(v, second + i);
        simd::store(p, parameter + i);
        if constexpr (ClearGradients) simd::store(simd::zero(), gradient + i);
    }
}

}  // namespace detail

/// Adam (arXiv:1412.6980) with decoupled weight decay (arXiv:1711.05101), on slabs of one table:
///
///     m ← β1·m + (1 − β1)·g,    v ← β2·v + (1 − β2)·g²
///     p ← p − η·w·p,            p ← p − η·√(1 − β2^t) / (1 − β1^t) · m / (√v + ε)
///
/// with g = gradient · gradient_scale, learning rate η and weight decay w; ε is added to the
/// uncorrected √v, as the reference implementation has it. Every tensor counts its own steps t. A
/// tensor without gradient is skipped wholly: its p, m, v and t stay what they are.
///
/// One of several ranks may look after some chunks of the table alone: it has the moments of those
/// and changes no other parameter.
///
/// Cost    one pass over parameters, gradients and both moments; allocates nothing
class Adam {
public:
    /// Throws  `Error` if an option is out of range.
    explicit Adam(const TensorTable& table, AdamOptions options = {})
        : Adam(table, options, {0, static_cast<int>(make_chunks(table).size())}) {}
    /// Of the chunks `own` of `make_chunks(table)` alone.
    Adam(const TensorTable& table, AdamOptions options, ChunkRange own)
        : options_(options), chunks_(own_chunks(table, own)),
          begin_(chunks_.empty() ? 0 : chunks_.front().offset), first_(size_of(chunks_)),
          second_(first_.size()), floats_(table.extent()), steps_(to_size(table.size())),
          step_sizes_(to_size(table.size())) {
        const auto check = [](bool good, const char* name, double found, const char* range) {
            if (!good) fail("Adam: ", name, " = ", found, ", expected ", range);
        };
        check(options.beta1 >= 0 && options.beta1 < 1, "beta1", options.beta1, "[0, 1)");
        check(options.beta2 >= 0 && options.beta2 < 1, "beta2", options.beta2, "[0, 1)");
        // The gaps between tensors are updated too: 0 / 0 must not happen in them.
        check(static_cast<float>(options.epsilon) > 0, "epsilon", options.epsilon,
              "a positive number");
        check(options.weight_decay >= 0, "weight_decay", options.weight_decay, "0 or more");
    }

    /// One update of the tensors whose entry in `has_gradient` is not 0.
    ///
    /// Shapes  parameters, gradients: slabs of the table;  has_gradient [tensors of the table]
    void step(Slab& parameters, Slab& gradients, const std::vector<std::uint8_t>& has_gradient,
              const AdamStep& step, ThreadPool& pool) {
        HAT_ASSERT(parameters.size() == floats_ && gradients.size() == floats_);
        HAT_ASSERT(has_gradient.size() == steps_.size());
        for (std::size_t i = 0; i < steps_.size(); ++i) {
            if (has_gradient[i] != 0) step_sizes_[i] = step_size(++steps_[i], step.learning_rate);
        }
        const detail::AdamFactors factors = factors_of(step);
        const auto pass = step.clear_gradients ? detail::adam_pass<true> : detail::adam_pass<false>;
        pool.run(static_cast<int>(chunks_.size()), [&](int index, int) noexcept {
            const Chunk& chunk = chunks_[to_size(index)];
            const std::size_t entry = to_size(chunk.entry);
            if (has_gradient[entry] == 0) return;
            pass(factors, step_sizes_[entry], parameters.data() + chunk.offset,
                 gradients.data() + chunk.offset, first_.data() + (chunk.offset - begin_),
                 second_.data() + (chunk.offset - begin_), chunk.size);
        });
    }

    /// Its constants.
    [[nodiscard]] const AdamOptions& options() const noexcept { return options_; }

    /// m and v of all tensors, or of the own chunks side by side, and how many steps each tensor
    /// has made: all that a checkpoint needs. Whoever changes them keeps the gaps between the
    /// tensors zero.
    [[nodiscard]] Slab& first_moment() noexcept { return first_; }
    [[nodiscard]] const Slab& first_moment() const noexcept { return first_; }
    [[nodiscard]] Slab& second_moment() noexcept { return second_; }
    [[nodiscard]] const Slab& second_moment() const noexcept { return second_; }
    [[nodiscard]] std::span<std::int64_t> steps() noexcept {
        return {steps_.data(), steps_.size()};
    }
    [[nodiscard]] std::span<const std::int64_t> steps() const noexcept {
        return {steps_.data(), steps_.size()};
    }

private:
    static constexpr std::size_t to_size(int n) noexcept { return static_cast<std::size_t>(n); }

    static std::vector<Chunk> own_chunks(const TensorTable& table, ChunkRange own) {
        const std::vector<Chunk> all = make_chunks(table);
        return {all.begin() + own.first, all.begin() + own.last};
    }
    static std::ptrdiff_t size_of(const std::vector<Chunk>& chunks) noexcept {
        return chunks.empty() ? 0
                              : chunks.back().offset + chunks.back().size - chunks.front().offset;
    }

    /// η·√(1 − β2^t) / (1 − β1^t)
    [[nodiscard]] float step_size(std::int64_t t, double learning_rate) const noexcept {
        const double correction1 = 1 - std::pow(options_.beta1, static_cast<double>(t));
        const double correction2 = 1 - std::pow(options_.beta2, static_cast<double>(t));
        return static_cast<float>(learning_rate * std::sqrt(correction2) / correction1);
    }

    [[nodiscard]] detail::AdamFactors factors_of(const AdamStep& step) const noexcept {
        const auto lanes = [](double x) { return simd::broadcast(static_cast<float>(x)); };
        return {.scale = lanes(step.gradient_scale),
                .beta1 = lanes(options_.beta1),
                .one_minus_beta1 = lanes(1 - options_.beta1),
                .beta2 = lanes(options_.beta2),
                .one_minus_beta2 = lanes(1 - options_.beta2),
                .epsilon = lanes(options_.epsilon),
                .decay = lanes(-step.learning_rate * options_.weight_decay)};
    }

    AdamOptions options_;
    std::vector<Chunk> chunks_;  ///< the own ones
    std::ptrdiff_t begin_;       ///< of the first of them
    Slab first_;
    Slab second_;
    std::ptrdiff_t floats_;            ///< of whole slabs
    std::vector<std::int64_t> steps_;  ///< per tensor
    std::vector<float> step_sizes_;    ///< per tensor, of the update in work
};

}  // namespace hat::train
