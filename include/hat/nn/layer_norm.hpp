// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/extent.hpp>
#include <hat/core/tree.hpp>
#include <hat/nn/check.hpp>
#include <hat/nn/memory_count.hpp>
#include <hat/nn/weights.hpp>

namespace hat::nn {

/// y = gain ∘ (x − mean) / √(variance + ε) + bias.  Shapes  gain, bias [dim]
template <class Weights, Extent Dim = int>
struct LayerNorm {
    static_assert(
        KindOfWeights<Weights>,
        "LayerNorm: its first argument is a kind of weights, such as Trainable or Packed");

    typename Weights::template Vector<Dim> gain{};
    typename Weights::template Vector<Dim> bias{};

    static constexpr void members(const auto& f, auto&... self) {
        f("weight", self.gain...);
        f("bias", self.bias...);
    }

    /// Throws  `Error` if there are not as many biases as gains.
    constexpr void check_sizes(const Path& path = {}) const requires ComputingWeights<Weights> {
        if (detail::length_of(bias) != detail::length_of(gain))
            fail(detail::place_text(path), "LayerNorm: the bias has ", detail::length_of(bias),
                 " numbers, expected ", detail::length_of(gain));
    }
};

namespace detail {

template <class Context, class Weights, class Dim>
void check_norm(const LayerNorm<Weights, Dim>& norm, const Variable& x) {
    check_context<Context, Weights>();
    norm.check_sizes();
    check_width("LayerNorm", x.cols(), length_of(norm.gain));
}

/// That what a residual connection adds is alike.
inline void check_branch(const Variable& x, const Variable& branch) {
    if (x.rows() != branch.rows() || x.cols() != branch.cols())
        fail("residual connection: x is ", shape_text(x.rows(), x.cols()), ", but its branch is ",
             shape_text(branch.rows(), branch.cols()));
}

}  // namespace detail

/// norm(x).
///
/// Shapes  x [rows, dim] → [rows, dim]
/// Throws  `Error` if the sizes do not fit
template <class Context, class Weights, class Dim>
Variable forward(Context& context, const LayerNorm<Weights, Dim>& norm, const Variable& x) {
    detail::check_norm<Context>(norm, x);
    return autograd::layer_norm(context, x, Weights::vector(norm.gain), Weights::vector(norm.bias));
}

/// norm(x + dropout(branch)): what stands behind a sublayer in a post-norm network.
///
/// Shapes  x, branch [rows, dim] → [rows, dim]
/// Throws  `Error` if the sizes do not fit
template <class Context, class Weights, class Dim>
Variable add_and_norm(Context& context, const LayerNorm<Weights, Dim>& norm, float dropout,
                      const Variable& x, const Variable& branch) {
    detail::check_norm<Context>(norm, x);
    detail::check_branch(x, branch);
    return autograd::residual_layer_norm(context, dropout, x, branch, Weights::vector(norm.gain),
                                         Weights::vector(norm.bias));
}

/// With a branch or without.
template <class Dim>
constexpr void count_memory(MemoryCount& count, const LayerNorm<Sizes, Dim>& norm) noexcept {
    count.variable(norm.gain.inputs());
    count.objects<float>(count.rows());  // deviations
}

}  // namespace hat::nn
