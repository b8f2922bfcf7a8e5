// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/extent.hpp>
#include <hat/core/tree.hpp>
#include <hat/nn/check.hpp>
#include <hat/nn/layer_norm.hpp>
#include <hat/nn/memory_count.hpp>
#include <hat/nn/weights.hpp>

#include <cstddef>

namespace hat::nn {

/// Group-linear transform with what stands behind it (DeLighT, arXiv:2008.00623, section 3.1):
///
///     y = dropout(act(norm(shuffle(x ∘ W + b)))),
///
/// where chunk k of x meets the rows of group k of W. A layer may have a second input, which has a
/// weight of its own. With one group it is a dense layer with its norm, and shuffles nothing.
///
/// Shapes  weight [out, in / groups],  second_weight [out, second_in / groups] or empty,
///         bias [out] or empty,  norm [out / groups] (one set for all groups) or empty
template <class Weights, Extent Out = int, Extent In = int, Extent SecondIn = int,
          Extent Groups = int>
struct GroupLinear {
    static_assert(
        KindOfWeights<Weights>,
        "GroupLinear: its first argument is a kind of weights, such as Trainable or Packed");
    static_assert(may_divide<Out, Groups>, "GroupLinear: out is not a multiple of groups");
    static_assert(may_divide<In, Groups>, "GroupLinear: in is not a multiple of groups");
    static_assert(may_divide<SecondIn, Groups>,
                  "GroupLinear: second_in is not a multiple of groups");

    template <Extent Size>
    using OfGroup = decltype(divide(Size{}, Groups{}));

    [[no_unique_address]] Groups groups = size_or<Groups>(1);
    typename Weights::template Matrix<Out, OfGroup<In>> weight{};
    typename Weights::template Matrix<Out, OfGroup<SecondIn>> second_weight{};
    typename Weights::template Vector<Out> bias{};
    LayerNorm<Weights, OfGroup<Out>> norm{};
    bool shuffle = false;
    Activation activation = Activation::swish;

    static constexpr void members(const auto& f, auto&... self) {
        const int groups = leading(self...).groups;
        f("groups", self.groups...);
        f("weight", {.groups = groups}, self.weight...);
        f("weight", {.joint = Joint::beside, .groups = groups}, self.second_weight...);
        f("bias", self.bias...);
        f("normalization_fn", self.norm...);
        f("shuffle", self.shuffle...);
        f("activation", self.activation...);
    }

    /// Throws  `Error` if groups do not divide the outputs, or second weight, bias or norm do not
    ///         go with the weight.
    constexpr void check_sizes(const Path& path = {}) const requires ComputingWeights<Weights> {
        if (weight.empty()) return;
        const int out = weight.outputs();
        const int count = groups;
        if (count < 1 || out % count != 0)
            fail(detail::place_text(path), "GroupLinear: out = ", out,
                 " is not a multiple of groups = ", count);
        if (!second_weight.empty() && int{second_weight.outputs()} != out)
            fail(detail::place_text(path), "GroupLinear: the weight is ",
                 detail::shape_text(weight), ", the second one ", detail::shape_text(second_weight),
                 ", expected [", out, ", ..]");
        detail::check_length(path, "GroupLinear", "bias", bias, out);
        detail::check_length(path, "GroupLinear", "gain of the norm", norm.gain, out / count);
        norm.check_sizes(path);
    }
};

namespace detail {

/// Features that a layer of groups takes.
template <class Weight>
[[nodiscard]] constexpr int features_of(const Weight& weight, int groups) noexcept {
    return weight.empty() ? 0 : weight.inputs() * groups;
}

}  // namespace detail

/// Applies a layer to h [tokens, in] and y [tokens, second_in]; the result is [tokens, out].
///
/// Throws  `Error` if the sizes do not fit
template <class Context, class Weights, class... Extents>
Variable forward(Context& context, const GroupLinear<Weights, Extents...>& layer, const Variable& h,
                 const Variable& y, float dropout) {
    detail::check_context<Context, Weights>();
    layer.check_sizes();
    detail::check_width("GroupLinear", h.cols(), detail::features_of(layer.weight, layer.groups));
    detail::check_width("GroupLinear, second input", y.cols(),
                        detail::features_of(layer.second_weight, layer.groups));
    if (!layer.second_weight.empty() && y.rows() != h.rows())
        fail("GroupLinear: the inputs have ", h.rows(), " and ", y.rows(), " rows");
    const kernels::GroupEpilogue epilogue{
        .groups = layer.groups, .shuffle = layer.shuffle, .activation = layer.activation};
    return Weights::multiply_groups(context, epilogue, dropout, h, layer.weight, y,
                                    layer.second_weight, layer.bias, layer.norm.gain,
                                    layer.norm.bias);
}

/// The same without a second input.
template <class Context, class Weights, class... Extents>
Variable forward(Context& context, const GroupLinear<Weights, Extents...>& layer, const Variable& x,
                 float dropout) {
    return forward(context, layer, x, Variable{}, dropout);
}

template <class... Extents>
constexpr void count_memory(MemoryCount& count,
                            const GroupLinear<Sizes, Extents...>& layer) noexcept {
    const int out = layer.weight.outputs();
    count.variable(out);
    const std::size_t shuffled =
        layer.shuffle && layer.groups > 1 ? kernels::bytes_of_group_linear(count.rows(), out) : 0;
    const int rows = kernels::rows_of_group_linear(count.rows(), out);
    for (const auto& weight : {layer.weight, layer.second_weight})
        count.scratch(shuffled + count.bytes_of_rows(rows, weight.inputs()));
}

}  // namespace hat::nn
