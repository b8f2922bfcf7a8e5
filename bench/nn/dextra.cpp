// SPDX-License-Identifier: Apache-2.0
//
// A DExTra unit of DeLighT as it is served, on one thread: a dense layer, group-linear layers that
// widen and narrow, and a dense layer, each with norm and swish.

#include <hat/nn/dextra.hpp>

#include "support/compare.hpp"

using namespace hat::support;
namespace nn = hat::nn;

namespace {

/// Features of the unit's first layer, which go to every later one, and of the layer before.
template <nn::GroupLinearShape S, int First, bool IsFirst>
void eigen_layer(Eval& eval, const nn::GroupLinear<Trainable>& layer, hat::ConstMatrix h,
                 hat::Matrix& y) {
    const auto room = [&] { return eval.memory().matrix(h.rows(), layer.weight.outputs()); };
    const hat::Matrix out = room();
    rivals::group_linear<S.out_dim, First, IsFirst ? rivals::any : S.in_dim - First, S.groups>(
        layer, h, y, room(), room(), out);
    y = out;
}

struct DExTra {
    using Shape = nn::DExTraShape;
    static constexpr const char* name = "dextra";
    static constexpr bool is_product = false;
    static constexpr bool has_matrix = true;
    static constexpr Shape unknown{};
    /// As in a block of DeLighT: to half the width by way of twice the width.
    static constexpr Shape of_width(int width) {
        return {.in_dim = width,
                .inner_dim = width / 2,
                .out_dim = width / 2,
                .depth = 4,
                .max_groups = width >= 64 ? 8 : width / 8};
    }
    static std::string text(const Shape& s) {
        return std::to_string(s.in_dim) + "_depth:" + std::to_string(s.depth);
    }
    /// The first and the last block of DeLighT's largest and of a smaller network for WMT'14.
    static constexpr std::array published{
        Shape{.in_dim = 640, .inner_dim = 320, .out_dim = 320, .depth = 4, .max_groups = 16},
        Shape{.in_dim = 640,
              .inner_dim = 320,
              .out_dim = 320,
              .depth = 8,
              .width_thousandths = 3000,
              .max_groups = 16},
        Shape{.in_dim = 256, .inner_dim = 128, .out_dim = 128, .depth = 4, .max_groups = 16}};

    template <class Weights>
    using Any = nn::DExTra<Weights>;
    template <Shape S>
    using Static = nn::DExTra<Packed, nn::FixedPlan<S>>;

    struct Case {
        nn::DExTraPlan plan;
        Layers own;
        nn::DExTra<Trainable> layer;
        Variable x;

        Case(const Shape& s, int rows) : plan(dextra_plan(s)), x(own.variable(rows, s.in_dim)) {
            layer.input = own.group_linear(s.inner_dim, s.in_dim, 0, 1, false);
            for (const auto& l : plan.layers())
                layer.layers.push_back(own.group_linear(l.out_dim, s.inner_dim,
                                                        l.in_dim - s.inner_dim, l.groups, true));
            layer.output = own.group_linear(s.out_dim, s.inner_dim, s.out_dim, 1, false);
        }
        [[nodiscard]] double macs() const { return static_cast<double>(plan.macs()) * x.rows(); }
    };

    static hat::Matrix run(Eval& eval, const auto& layer, const Case& c) {
        return forward(eval, layer, c.x, 0.0F).value;
    }
    template <class Product, Shape S>
    static void rival(Eval& eval, const Case& c, hat::Matrix y) {
        const auto room = [&](const auto& layer) {
            return eval.memory().matrix(c.x.rows(), layer.weight.outputs());
        };
        const auto& input = c.layer.input;
        const auto& layers = c.layer.layers;
        const auto& output = c.layer.output;
        const hat::Matrix h = room(input);
        constexpr bool is_known = S != unknown;
        hat::Matrix last;
        if constexpr (is_known) {
            constexpr nn::DExTraPlan plan = dextra_plan(S);
            rivals::group_linear<S.inner_dim, S.in_dim, rivals::any, 1>(input, c.x.value, {}, {},
                                                                        room(input), h);
            [&]<std::size_t... I>(std::index_sequence<I...>) {
                (eigen_layer<plan.group_layers[I], S.inner_dim, I == 0>(eval, layers[I], h, last),
                 ...);
            }
            (std::make_index_sequence<static_cast<std::size_t>(plan.depth)>{});
            rivals::group_linear<S.out_dim, S.inner_dim, S.out_dim, 1>(
                output, h, last, room(output), room(output), y);
        } else {
            constexpr int any = rivals::any;
            rivals::group_linear<any, any, any, any>(input, c.x.value, {}, {}, room(input), h);
            for (const auto& layer : layers) {
                const hat::Matrix out = room(layer);
                rivals::group_linear<any, any, any, any>(layer, h, last, room(layer), room(layer),
                                                         out);
                last = out;
            }
            rivals::group_linear<any, any, any, any>(output, h, last, room(output), room(output),
                                                     y);
        }
    }
};

}  // namespace

int main(int argc, char** argv) {
    return compare<DExTra>(argc, argv);
}
