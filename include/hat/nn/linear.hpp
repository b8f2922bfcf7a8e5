// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/extent.hpp>
#include <hat/core/tree.hpp>
#include <hat/nn/check.hpp>
#include <hat/nn/memory_count.hpp>
#include <hat/nn/weights.hpp>

namespace hat::nn {

/// y = act(x · Wᵀ + b); the bias may be empty.
///
/// Shapes  weight [out, in],  bias [out]
template <class Weights, Extent Out = int, Extent In = int>
struct Linear {
    static_assert(KindOfWeights<Weights>,
                  "Linear: its first argument is a kind of weights, such as Trainable or Packed");

    typename Weights::template Matrix<Out, In> weight{};
    typename Weights::template Vector<Out> bias{};

    static constexpr void members(const auto& f, auto&... self) {
        f("weight", self.weight...);
        f("bias", self.bias...);
    }

    /// Throws  `Error` if the bias does not go with the weight.
    constexpr void check_sizes(const Path& path = {}) const requires ComputingWeights<Weights> {
        detail::check_length(path, "Linear", "bias", bias, weight.outputs());
    }
};

/// Applies a linear layer to x [tokens, in]; the result is [tokens, out].
///
/// Throws  `Error` if the sizes do not fit
template <class Context, class Weights, class Out, class In>
Variable forward(Context& context, const Linear<Weights, Out, In>& layer, const Variable& x,
                 Activation activation = Activation::linear) {
    detail::check_context<Context, Weights>();
    layer.check_sizes();
    if (layer.weight.empty()) fail("Linear: its weight is empty");
    detail::check_width("Linear", x.cols(), layer.weight.inputs());
    return Weights::multiply(context, x, layer.weight, layer.bias, activation);
}

template <class Out, class In>
constexpr void count_memory(MemoryCount& count, const Linear<Sizes, Out, In>& layer) noexcept {
    count.variable(layer.weight.outputs());
    count.product(layer.weight.inputs());
}

}  // namespace hat::nn
