// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/inplace_vector.hpp>
#include <hat/core/tree.hpp>
#include <hat/nn/dextra_shape.hpp>
#include <hat/nn/group_linear.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>

namespace hat::nn {

/// What the layers of a unit are whose plan is known when it runs.
struct AnyPlan {
    template <class Weights>
    using Input = GroupLinear<Weights>;
    template <class Weights>
    using Layers = InplaceVector<GroupLinear<Weights>, max_dextra_depth>;
    template <class Weights>
    using Output = GroupLinear<Weights>;
};

/// Those of a unit whose shape the compiler knows, and has checked.
template <DExTraShape Shape>
struct FixedPlan {
    static constexpr DExTraPlan plan = StaticDExTraShape<Shape>::plan;

    /// A layer that is fed `first` features of the input layer and those of the layer before.
    template <class Weights, GroupLinearShape S, int First>
    using Layer = GroupLinear<Weights, Fixed<S.out_dim>, Fixed<First>, Fixed<S.in_dim - First>,
                              Fixed<S.groups>>;

    template <class Weights>
    using Input = Layer<Weights, plan.input, Shape.in_dim>;
    template <class Weights>
    using Output = Layer<Weights, plan.output, Shape.inner_dim>;

    // Public, as Clang 14 looks through the alias below from outside.
    /// The types of all group-linear layers.
    template <class Weights, std::size_t... I>
    static std::tuple<Layer<Weights, plan.group_layers[I], Shape.inner_dim>...>
        layers(std::index_sequence<I...>);

    template <class Weights>
    using Layers =
        decltype(layers<Weights>(std::make_index_sequence<static_cast<std::size_t>(plan.depth)>{}));
};

/// DExTra, the deep and light transformation of DeLighT (arXiv:2008.00623, section 3.1), and
/// DeFINE, which is the same unit with another plan:
///
///     h = input(x),   y = layers[0](h),   y = layers[i](h, y),   result = output(h, y).
///
/// What the dense first layer makes is given to every later layer again. Each layer has its norm,
/// activation and dropout, the last one too.
///
/// Shapes  as `dextra_plan` says; a second weight belongs to y
template <class Weights, class Plan = AnyPlan>
struct DExTra {
    typename Plan::template Input<Weights> input{};
    typename Plan::template Layers<Weights> layers{};
    typename Plan::template Output<Weights> output{};

    static constexpr void members(const auto& f, auto&... self) {
        f("input_layer", self.input...);
        f.ends("dextra_layers", self.layers...);
        f("output_layer", self.output...);
    }

    /// Throws  `Error` if a layer does not take what the input layer and the one before it make.
    constexpr void check_sizes(const Path& path = {}) const requires ComputingWeights<Weights> {
        if (input.weight.empty()) return;
        const int inner = input.weight.outputs();
        int before = 0;
        const auto check = [&](const auto& layer, int i) {
            const int first = detail::features_of(layer.weight, layer.groups);
            const int second = detail::features_of(layer.second_weight, layer.groups);
            if (first != inner || second != before)
                fail(detail::place_text(path), "DExTra: layer ", i, " takes ", first, " and ",
                     second, " features, expected ", inner, " and ", before);
            before = layer.weight.outputs();
        };
        for_each_layer(layers, check);
        check(output, hat::detail::size_of(layers));
    }
};

/// x [tokens, in_dim] → [tokens, out_dim]; `dropout` is that of every layer.
///
/// Throws  `Error` if the sizes do not fit
template <class Context, class Weights, class Plan>
Variable forward(Context& context, const DExTra<Weights, Plan>& unit, const Variable& x,
                 float dropout) {
    unit.check_sizes();
    const Variable h = forward(context, unit.input, x, dropout);
    Variable y{};
    for_each_layer(unit.layers,
                   [&](const auto& layer, int) { y = forward(context, layer, h, y, dropout); });
    return forward(context, unit.output, h, y, dropout);
}

namespace detail {

/// The sizes of a layer of a unit; of its inputs the first `first_in` are the first source.
[[nodiscard]] constexpr GroupLinear<Sizes> sizes_of(const GroupLinearShape& shape, int first_in,
                                                    bool shuffles, Activation activation) noexcept {
    const int first = first_in / shape.groups;
    const int second = (shape.in_dim - first_in) / shape.groups;
    GroupLinear<Sizes> layer;
    layer.weight = Sizes::matrix(shape.out_dim, first).of(shape.out_dim, first + second);
    if (second > 0)
        layer.second_weight =
            Sizes::matrix(shape.out_dim, second).of(shape.out_dim, first + second);
    layer.bias = Sizes::vector(shape.out_dim);
    layer.norm = {Sizes::vector(shape.out_dim / shape.groups, Sizes::Initial::ones),
                  Sizes::vector(shape.out_dim / shape.groups)};
    layer.groups = shape.groups;
    layer.shuffle = shuffles;
    layer.activation = activation;
    return layer;
}

/// Binds the weights of a tree one behind the other.
class BindInOrder {
public:
    BindInOrder(Vector values, Vector gradients) noexcept
        : values_(values), gradients_(gradients) {}

    void operator()(const Leaf& leaf, auto& to, const Sizes::Size& size) const noexcept {
        const bool is_next = leaf.storage.joint == Joint::beside;
        const int first = is_next ? next_col_ : used_;
        if (!is_next) used_ += size.stored_rows() * size.stored_cols();
        next_col_ = first + size.cols;
        HAT_ASSERT(used_ <= values_.size());
        using View = decltype(to.gradient());
        const auto view = [&](Vector from) -> View {
            if (from.empty()) return {};
            return {from.data() + first, decltype(to.outputs())(size.rows),
                    decltype(to.inputs())(size.cols), size.stored_cols()};
        };
        to = {view(values_), view(gradients_), nullptr};
    }

private:
    Vector values_;
    Vector gradients_;
    mutable int used_ = 0;
    mutable int next_col_ = 0;
};

}  // namespace detail

/// The sizes of all weights of a unit, which can be built, and its settings.
[[nodiscard]] constexpr DExTra<Sizes> sizes_of(const DExTraShape& shape,
                                               Activation activation) noexcept {
    const DExTraPlan plan = dextra_plan(shape);
    DExTra<Sizes> unit;
    unit.input = detail::sizes_of(plan.input, shape.in_dim, false, activation);
    for (const auto& layer : plan.layers())
        unit.layers.push_back(detail::sizes_of(layer, shape.inner_dim, plan.shuffles, activation));
    unit.output = detail::sizes_of(plan.output, shape.inner_dim, false, activation);
    return unit;
}

/// A unit over parameters that lie one behind the other: the input layer, the group-linear layers
/// and the output layer, and of each its weight (the columns of h before those of y), bias, and
/// gain and bias of the norm. `gradients` lie the same way, or are empty.
///
/// Throws  `Error` as `validate(shape)`, and if there are not as many values as the plan counts.
inline DExTra<Trainable> bind_dextra(const DExTraShape& shape, Activation activation, Vector values,
                                     Vector gradients = {}) {
    validate(shape);
    const std::int64_t parameters = dextra_plan(shape).parameters();
    for (const Vector& v : {values, gradients}) {
        if (!v.empty() && v.size() != parameters)
            fail("DExTra: found ", v.size(), " parameters, expected ", parameters);
    }
    DExTra<Trainable> unit;
    const DExTra<Sizes> sizes = sizes_of(shape, activation);
    walk(detail::BindInOrder(values, gradients), unit, sizes);
    return unit;
}

/// The same for a shape and a number of values that the compiler checks: a unit of fixed sizes.
template <DExTraShape Shape, std::size_t Size>
DExTra<Trainable, FixedPlan<Shape>>
bind_dextra(std::array<float, Size>& values, Activation activation = Activation::swish) noexcept {
    static_assert(Size == static_cast<std::size_t>(FixedPlan<Shape>::plan.parameters()),
                  "DExTra: the array has not as many values as the plan has parameters");
    DExTra<Trainable, FixedPlan<Shape>> unit;
    const DExTra<Sizes> sizes = sizes_of(Shape, activation);
    walk(detail::BindInOrder({values.data(), static_cast<int>(Size)}, {}), unit, sizes);
    return unit;
}

template <class Plan>
constexpr void count_memory(MemoryCount& count, const DExTra<Sizes, Plan>& unit) noexcept {
    count_memory(count, unit.input);
    for_each_layer(unit.layers, [&](const auto& layer, int) { count_memory(count, layer); });
    count_memory(count, unit.output);
}

}  // namespace hat::nn
