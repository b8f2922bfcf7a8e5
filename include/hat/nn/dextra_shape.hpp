// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/error.hpp>
#include <hat/core/extent.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

/// Shapes of DExTra, the unit of DeLighT (arXiv:2008.00623, section 3.1), and of its predecessor
/// DeFINE (arXiv:1911.12385): from a few numbers follow the widths and groups of all its layers.
/// Where paper and reference implementation differ, this is the reference.
namespace hat::nn {

/// Most group-linear layers a unit can have.
inline constexpr int max_dextra_depth = 20;
/// Most layers, dense ends included, that all units of a network have together: enough for two
/// sides of 16 blocks with depths 4 … 12, the deepest that were published, and for their
/// embeddings.
inline constexpr int max_pooled_layers = 352;
/// Largest width that `validate` accepts for the ends of a unit, and largest multiplier.
inline constexpr int max_dextra_dim = 1 << 16;
inline constexpr int max_width_thousandths = 64'000;

/// How groups and widths go through the layers of a unit.
///
/// - `dextra`: groups 2, 4, 8, … and back; widths grow up to the middle and shrink again.
/// - `define`: the last layer has one group, the one before 2, 4, …, again and again; widths only
///   grow; features are never shuffled.
enum class DExTraVariant : std::uint8_t { dextra, define };

/// What a unit is: in_dim → inner_dim → `depth` group-linear layers → out_dim.
///
/// The widest layer aims at in_dim · width_thousandths / 1000. A literal, structural type: a value
/// may be a template argument.
struct DExTraShape {
    int in_dim = 0;
    int inner_dim = 0;
    int out_dim = 0;
    int depth = 0;
    int width_thousandths = 2000;
    int max_groups = 1;
    DExTraVariant variant = DExTraVariant::dextra;
    bool shuffle = true;

    friend constexpr bool operator==(const DExTraShape&, const DExTraShape&) = default;
};

/// One layer of a unit; a dense layer has one group.
struct GroupLinearShape {
    int in_dim = 0;
    int out_dim = 0;
    int groups = 1;

    /// Weights, biases, and one set of gains and shifts for all groups.
    [[nodiscard]] constexpr std::int64_t parameters() const noexcept {
        return weights() + out_dim + 2 * (out_dim / groups);
    }
    /// Multiply-adds per row as the reference counts them: a bias is one, a norm none.
    [[nodiscard]] constexpr std::int64_t macs() const noexcept { return weights() + out_dim; }

    friend constexpr bool operator==(const GroupLinearShape&, const GroupLinearShape&) = default;

private:
    [[nodiscard]] constexpr std::int64_t weights() const noexcept {
        return std::int64_t{in_dim} * out_dim / groups;
    }
};

/// All layers of a unit. Every layer but the first of `layers`, and `output`, takes two inputs: its
/// `in_dim` is inner_dim (what `input` made) plus the width of the layer before.
struct DExTraPlan {
    GroupLinearShape input;
    std::array<GroupLinearShape, max_dextra_depth> group_layers{};
    GroupLinearShape output;
    int depth = 0;
    bool shuffles = false;

    /// Those that the unit has.
    [[nodiscard]] constexpr std::span<const GroupLinearShape> layers() const noexcept {
        return {group_layers.data(), static_cast<std::size_t>(depth)};
    }
    [[nodiscard]] constexpr std::int64_t parameters() const noexcept {
        std::int64_t sum = input.parameters() + output.parameters();
        for (const auto& layer : layers()) sum += layer.parameters();
        return sum;
    }
    [[nodiscard]] constexpr std::int64_t macs() const noexcept {
        std::int64_t sum = input.macs() + output.macs();
        for (const auto& layer : layers()) sum += layer.macs();
        return sum;
    }
    /// The widest of the group-linear layers.
    [[nodiscard]] constexpr int max_width() const noexcept {
        int widest = 0;
        for (const auto& layer : layers()) widest = layer.out_dim > widest ? layer.out_dim : widest;
        return widest;
    }

    friend constexpr bool operator==(const DExTraPlan&, const DExTraPlan&) = default;
};

/// Number `i` of `count` numbers from `first` to `last`, rounded as the reference rounds them: the
/// product before the sum, whatever the compiler would like to fuse.
[[nodiscard]] constexpr double linspace(double first, double last, int count, int i) noexcept {
    if (i == 0) return first;
    if (i == count - 1) return last;
    const double product = i * ((last - first) / (count - 1));
    if (std::is_constant_evaluated()) return product + first;
    const volatile double rounded = product;
    return rounded + first;
}

namespace detail {

constexpr int larger(int a, int b) noexcept {
    return a > b ? a : b;
}

constexpr int groups_of_layer(const DExTraShape& shape, int i) noexcept {
    if (shape.variant == DExTraVariant::define) {
        int cycle = 1;
        while ((1 << cycle) <= shape.max_groups) ++cycle;
        return 1 << (shape.depth - 1 - i) % cycle;
    }
    const int mirrored = i < (shape.depth + 1) / 2 ? i : shape.depth - 1 - i;
    const int groups = 2 << mirrored;
    return groups < shape.max_groups ? groups : shape.max_groups;
}

/// The width that the output of layer `i` aims at; the last one is given.
constexpr int wanted_width(const DExTraShape& shape, int i) noexcept {
    const double widest = shape.in_dim * (shape.width_thousandths / 1000.0);
    const int half = (shape.depth + 1) / 2;
    const bool is_define = shape.variant == DExTraVariant::define;
    const int at = is_define ? i + 1 : i < half ? i : shape.depth - 1 - i;
    const int count = is_define ? shape.depth : half;
    return static_cast<int>(linspace(shape.inner_dim, widest, count, at));
}

}  // namespace detail

/// The layers of a unit. Defined for every shape whose depth is within range; `validate` tells
/// whether they can be built.
[[nodiscard]] constexpr DExTraPlan dextra_plan(const DExTraShape& shape) noexcept {
    HAT_ASSERT(2 <= shape.depth && shape.depth <= max_dextra_depth);
    DExTraPlan plan;
    plan.depth = shape.depth;
    plan.shuffles = shape.shuffle && shape.variant == DExTraVariant::dextra;
    plan.input = {shape.in_dim, shape.inner_dim, 1};
    int in_dim = shape.inner_dim;
    for (int i = 0; i < shape.depth; ++i) {
        const int groups = detail::groups_of_layer(shape, i);
        int out_dim = shape.out_dim;
        if (i + 1 < shape.depth) {
            const int next_groups = detail::groups_of_layer(shape, i + 1);
            const int step = detail::larger(8, detail::larger(groups, next_groups));
            out_dim = round_up(detail::wanted_width(shape, i), step);
        }
        plan.group_layers[static_cast<std::size_t>(i)] = {in_dim, out_dim, groups};
        in_dim = out_dim + shape.inner_dim;
    }
    plan.output = {in_dim, shape.out_dim, 1};
    return plan;
}

/// Why a shape cannot be built.
enum class DExTraFault : std::uint8_t {
    none,
    width_out_of_range,
    depth_out_of_range,
    multiplier_out_of_range,
    groups_out_of_range,
    odd_in_dim,
    in_dim_and_max_groups,
    inner_dim_and_groups,
    width_and_groups,
    width_and_next_groups,
};

/// The first fault of a shape, and the two numbers that do not go together.
struct DExTraVerdict {
    DExTraFault fault = DExTraFault::none;
    int found = 0;
    int other = 0;
};

/// Whether a shape can be built, and if not, why; as `validate`, which throws, but for the
/// compiler, too.
[[nodiscard]] constexpr DExTraVerdict dextra_verdict(const DExTraShape& shape) noexcept {
    for (const int dim : {shape.in_dim, shape.inner_dim, shape.out_dim}) {
        if (dim < 1 || dim > max_dextra_dim) return {DExTraFault::width_out_of_range, dim};
    }
    if (shape.depth < 2 || shape.depth > max_dextra_depth)
        return {DExTraFault::depth_out_of_range, shape.depth};
    if (shape.width_thousandths < 1 || shape.width_thousandths > max_width_thousandths)
        return {DExTraFault::multiplier_out_of_range, shape.width_thousandths};
    if (shape.max_groups < 1 || shape.max_groups > max_dextra_dim)
        return {DExTraFault::groups_out_of_range, shape.max_groups};
    if (shape.in_dim % 2 != 0) return {DExTraFault::odd_in_dim, shape.in_dim};
    if (shape.in_dim % shape.max_groups != 0)
        return {DExTraFault::in_dim_and_max_groups, shape.in_dim, shape.max_groups};
    const DExTraPlan plan = dextra_plan(shape);
    const auto layers = plan.layers();
    for (std::size_t i = 0; i < layers.size(); ++i) {
        const auto [in_dim, out_dim, groups] = layers[i];
        if (shape.inner_dim % groups != 0)
            return {DExTraFault::inner_dim_and_groups, shape.inner_dim, groups};
        if (out_dim % groups != 0) return {DExTraFault::width_and_groups, out_dim, groups};
        if (i + 1 < layers.size() && out_dim % layers[i + 1].groups != 0)
            return {DExTraFault::width_and_next_groups, out_dim, layers[i + 1].groups};
    }
    return {};
}

/// Checks that a unit can be built; `where` begins the message.
///
/// Throws  `Error` with the sentence that `StaticDExTraShape` has for the same fault, and numbers.
constexpr void validate(const DExTraShape& shape, std::string_view where = {}) {
    const auto [fault, found, other] = dextra_verdict(shape);
    switch (fault) {
    case DExTraFault::none:
        return;
    case DExTraFault::width_out_of_range:
        fail(where, "DExTra: a width is not in 1 … 65536: found ", found);
    case DExTraFault::depth_out_of_range:
        fail(where, "DExTra: the depth is not in 2 … 20: found ", found);
    case DExTraFault::multiplier_out_of_range:
        fail(where, "DExTra: width_thousandths is not in 1 … 64000: found ", found);
    case DExTraFault::groups_out_of_range:
        fail(where, "DExTra: max_groups is not in 1 … 65536: found ", found);
    case DExTraFault::odd_in_dim:
        fail(where, "DExTra: in_dim is odd: found ", found);
    case DExTraFault::in_dim_and_max_groups:
        fail(where, "DExTra: in_dim is not a multiple of max_groups: found ", found, " and ",
             other);
    case DExTraFault::inner_dim_and_groups:
        fail(where, "DExTra: inner_dim is not a multiple of the groups of a layer: found ", found,
             " and ", other);
    case DExTraFault::width_and_groups:
        fail(where, "DExTra: the width of a layer is not a multiple of its groups: found ", found,
             " and ", other);
    case DExTraFault::width_and_next_groups:
        fail(where,
             "DExTra: the width of a layer is not a multiple of the next one's groups: found ",
             found, " and ", other);
    }
}

/// A shape that the compiler has checked, and its plan.
template <DExTraShape Shape>
struct StaticDExTraShape {
private:
    static constexpr DExTraFault fault = dextra_verdict(Shape).fault;
    static_assert(fault != DExTraFault::width_out_of_range, "DExTra: a width is not in 1 … 65536");
    static_assert(fault != DExTraFault::depth_out_of_range, "DExTra: the depth is not in 2 … 20");
    static_assert(fault != DExTraFault::multiplier_out_of_range,
                  "DExTra: width_thousandths is not in 1 … 64000");
    static_assert(fault != DExTraFault::groups_out_of_range,
                  "DExTra: max_groups is not in 1 … 65536");
    static_assert(fault != DExTraFault::odd_in_dim, "DExTra: in_dim is odd");
    static_assert(fault != DExTraFault::in_dim_and_max_groups,
                  "DExTra: in_dim is not a multiple of max_groups");
    static_assert(fault != DExTraFault::inner_dim_and_groups,
                  "DExTra: inner_dim is not a multiple of the groups of a layer");
    static_assert(fault != DExTraFault::width_and_groups,
                  "DExTra: the width of a layer is not a multiple of its groups");
    static_assert(fault != DExTraFault::width_and_next_groups,
                  "DExTra: the width of a layer is not a multiple of the next one's groups");

public:
    static constexpr DExTraShape shape = Shape;
    static constexpr DExTraPlan plan =
        fault == DExTraFault::none ? dextra_plan(Shape) : DExTraPlan{};
};

}  // namespace hat::nn
