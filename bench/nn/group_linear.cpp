// SPDX-License-Identifier: Apache-2.0
//
// A group-linear layer of DeLighT as it is served, on one thread: product, bias, feature shuffle,
// norm of every group and swish.

#include <hat/nn/group_linear.hpp>

#include "support/compare.hpp"

using namespace hat::support;
namespace nn = hat::nn;

namespace {

struct GroupLinear {
    struct Shape {
        int dim, groups;
    };
    static constexpr const char* name = "group_linear";
    static constexpr bool is_product = false;
    static constexpr bool has_matrix = true;
    static constexpr Shape unknown{rivals::any, rivals::any};
    static constexpr Shape of_width(int width) { return {width, width >= 64 ? 8 : width / 8}; }
    static std::string text(Shape s) {
        return std::to_string(s.dim) + "_groups:" + std::to_string(s.groups);
    }
    static constexpr std::array published{Shape{512, 8}, Shape{1024, 16}};

    template <class Weights>
    using Any = nn::GroupLinear<Weights>;
    template <Shape S>
    using Static = nn::GroupLinear<Packed, hat::Fixed<S.dim>, hat::Fixed<S.dim>, hat::Fixed<0>,
                                   hat::Fixed<S.groups>>;

    struct Case {
        Layers own;
        nn::GroupLinear<Trainable> layer;
        Variable x;

        Case(Shape s, int rows)
            : layer(own.group_linear(s.dim, s.dim, 0, s.groups, true)),
              x(own.variable(rows, s.dim)) {}
        [[nodiscard]] double macs() const {
            return 1.0 * x.rows() * x.cols() * x.cols() / layer.groups;
        }
    };

    static hat::Matrix run(Eval& eval, const auto& layer, const Case& c) {
        return forward(eval, layer, c.x, 0.0F).value;
    }
    template <class Product, Shape S>
    static void rival(Eval& eval, const Case& c, hat::Matrix y) {
        rivals::group_linear<S.dim, S.dim, rivals::any, S.groups>(
            c.layer, c.x.value, {}, {}, eval.memory().matrix(y.rows(), y.cols()), y);
    }
};

}  // namespace

int main(int argc, char** argv) {
    return compare<GroupLinear>(argc, argv);
}
