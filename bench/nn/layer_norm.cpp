// SPDX-License-Identifier: Apache-2.0
//
// The residual connection and the layer norm behind it, on one thread: y = norm(x + branch).

#include <hat/nn/layer_norm.hpp>

#include "support/compare.hpp"

using namespace hat::support;
namespace nn = hat::nn;

namespace {

struct LayerNorm {
    struct Shape {
        int dim;
    };
    static constexpr const char* name = "layer_norm";
    static constexpr bool is_product = false;
    static constexpr bool has_matrix = false;
    static constexpr Shape unknown{rivals::any};
    static constexpr Shape of_width(int width) { return {width}; }
    static std::string text(Shape s) { return std::to_string(s.dim); }
    static constexpr std::array published{Shape{512}, Shape{640}};

    template <class Weights>
    using Any = nn::LayerNorm<Weights>;
    template <Shape S>
    using Static = nn::LayerNorm<Packed, hat::Fixed<S.dim>>;

    struct Case {
        Layers own;
        nn::LayerNorm<Trainable> layer;
        Variable x;
        Variable branch;

        Case(Shape s, int rows)
            : layer(own.norm(s.dim)), x(own.variable(rows, s.dim)),
              branch(own.variable(rows, s.dim)) {}
        /// A sum, two sums over the row, and gain and bias.
        [[nodiscard]] double macs() const { return 4.0 * x.rows() * x.cols(); }
    };

    static hat::Matrix run(Eval& eval, const auto& layer, const Case& c) {
        return add_and_norm(eval, layer, 0.0F, c.x, c.branch).value;
    }
    template <class Product, Shape S>
    static void rival(Eval& /*eval*/, const Case& c, hat::Matrix y) {
        rivals::add_and_norm<S.dim>(c.layer, c.x.value, c.branch.value, y);
    }
};

}  // namespace

int main(int argc, char** argv) {
    return compare<LayerNorm>(argc, argv);
}
