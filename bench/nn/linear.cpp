// SPDX-License-Identifier: Apache-2.0
//
// A linear layer as it is served, on one thread: y = x · Wᵀ + b.

#include <hat/nn/linear.hpp>

#include "support/compare.hpp"

using namespace hat::support;
namespace nn = hat::nn;

namespace {

struct Linear {
    struct Shape {
        int in, out;
    };
    static constexpr const char* name = "linear";
    static constexpr bool is_product = true;
    static constexpr Shape unknown{rivals::any, rivals::any};
    static constexpr Shape of_width(int width) { return {width, width}; }
    static std::string text(Shape s) { return std::to_string(s.in) + 'x' + std::to_string(s.out); }
    /// Of HAT's networks for WMT'14 and IWSLT, and of DeLighT.
    static constexpr std::array published{Shape{640, 512}, Shape{512, 512}, Shape{640, 640},
                                          Shape{512, 256}, Shape{128, 256}};

    using Any = nn::Linear<Packed>;
    template <Shape S>
    using Static = nn::Linear<Packed, hat::Fixed<S.out>, hat::Fixed<S.in>>;

    struct Case {
        Layers own;
        nn::Linear<Trainable> layer;
        Variable x;

        Case(Shape s, int rows) : layer(own.linear(s.out, s.in)), x(own.variable(rows, s.in)) {}
        [[nodiscard]] double macs() const {
            return 1.0 * x.rows() * x.cols() * layer.weight.outputs();
        }
    };

    static hat::Matrix run(Eval& eval, const auto& layer, const Case& c) {
        return forward(eval, layer, c.x).value;
    }
    template <class Product, Shape S>
    static void rival(Eval& /*eval*/, const Case& c, hat::Matrix y) {
        rivals::linear<Product, S.out, S.in>(c.layer, c.x.value, y);
    }
};

}  // namespace

int main(int argc, char** argv) {
    return compare<Linear>(argc, argv);
}
