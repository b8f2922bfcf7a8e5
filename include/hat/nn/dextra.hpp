// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/inplace_vector.hpp>
#include <hat/nn/dextra_shape.hpp>
#include <hat/nn/group_linear.hpp>

#include <array>
#include <cstddef>

namespace hat::nn {

/// DExTra, the deep and light transformation of DeLighT (arXiv:2008.00623, section 3.1), and
/// DeFINE, which is the same unit with another plan:
///
///     h = input(x),   y = layers[0](h),   y = layers[i](h, y),   result = output(h, y).
///
/// What the dense first layer makes is given to every later layer again. Each layer has its norm,
/// activation and dropout, the last one too.
///
/// Shapes  as `dextra_plan` says; a second weight belongs to y
template <class Weights>
struct DExTra {
    GroupLinear<Weights> input;
    InplaceVector<GroupLinear<Weights>, max_dextra_depth> layers;
    GroupLinear<Weights> output;
};

/// x [tokens, in_dim] → [tokens, out_dim]; `dropout` is that of every layer.
template <class Context, class Weights>
Variable forward(Context& context, const DExTra<Weights>& unit, const Variable& x, float dropout) {
    const Variable h = forward(context, unit.input, x, dropout);
    Variable y{};
    for (const auto& layer : unit.layers) y = forward(context, layer, h, y, dropout);
    return forward(context, unit.output, h, y, dropout);
}

namespace detail {

/// Hands out the tensors of a unit, one behind the other.
class DExTraBinder {
public:
    DExTraBinder(Vector values, Vector gradients) noexcept
        : values_(values), gradients_(gradients) {}

    [[nodiscard]] autograd::Parameter take(int rows, int cols) noexcept {
        const int first = used_;
        used_ += rows * cols;
        HAT_ASSERT(used_ <= values_.size());
        autograd::Parameter p{{values_.data() + first, rows, cols}, {}, nullptr};
        if (!gradients_.empty()) p.gradient = {gradients_.data() + first, rows, cols};
        return p;
    }

    /// `first_in` of the inputs are the first source.
    [[nodiscard]] GroupLinear<Trainable> layer(const GroupLinearShape& shape, int first_in,
                                               bool shuffles, Activation activation) noexcept {
        GroupLinear<Trainable> bound;
        const int group_in = shape.in_dim / shape.groups;
        const int first = first_in / shape.groups;
        const autograd::Parameter weight = take(shape.out_dim, group_in);
        bound.weight = weight.middle_cols(0, first);
        if (first < group_in) bound.second_weight = weight.middle_cols(first, group_in - first);
        bound.bias = take(1, shape.out_dim);
        bound.gain = take(1, shape.out_dim / shape.groups);
        bound.shift = take(1, shape.out_dim / shape.groups);
        bound.out_dim = shape.out_dim;
        bound.groups = shape.groups;
        bound.shuffle = shuffles;
        bound.activation = activation;
        return bound;
    }

private:
    Vector values_;
    Vector gradients_;
    int used_ = 0;
};

inline DExTra<Trainable> bind_plan(const DExTraPlan& plan, Activation activation, Vector values,
                                   Vector gradients) noexcept {
    DExTraBinder binder(values, gradients);
    DExTra<Trainable> unit;
    const int inner_dim = plan.input.out_dim;
    unit.input = binder.layer(plan.input, plan.input.in_dim, false, activation);
    for (const auto& layer : plan.layers())
        unit.layers.push_back(binder.layer(layer, inner_dim, plan.shuffles, activation));
    unit.output = binder.layer(plan.output, inner_dim, false, activation);
    return unit;
}

}  // namespace detail

/// A unit over parameters that lie one behind the other: the input layer, the group-linear layers
/// and the output layer, and of each its weight (the columns of h before those of y), bias, gain
/// and shift. `gradients` lie the same way, or are empty.
///
/// Throws  `Error` as `validate(shape)`, and if there are not as many values as the plan counts.
inline DExTra<Trainable> bind_dextra(const DExTraShape& shape, Activation activation, Vector values,
                                     Vector gradients = {}) {
    validate(shape);
    const DExTraPlan plan = dextra_plan(shape);
    for (const Vector& v : {values, gradients}) {
        if (!v.empty() && v.size() != plan.parameters())
            fail("DExTra: found ", v.size(), " parameters, expected ", plan.parameters());
    }
    return detail::bind_plan(plan, activation, values, gradients);
}

/// The same for a shape and a number of values that the compiler checks.
template <DExTraShape Shape, std::size_t Size>
DExTra<Trainable> bind_dextra(std::array<float, Size>& values,
                              Activation activation = Activation::swish) noexcept {
    constexpr DExTraPlan plan = StaticDExTraShape<Shape>::plan;
    static_assert(Size == static_cast<std::size_t>(plan.parameters()),
                  "DExTra: the array has not as many values as the plan has parameters");
    return detail::bind_plan(plan, activation, {values.data(), static_cast<int>(Size)}, {});
}

}  // namespace hat::nn
