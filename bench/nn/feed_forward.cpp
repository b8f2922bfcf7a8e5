// SPDX-License-Identifier: Apache-2.0
//
// A feed-forward layer as it is served, on one thread: y = W₂ · relu(W₁ x + b₁) + b₂.

#include <hat/nn/feed_forward.hpp>

#include "support/compare.hpp"

using namespace hat::support;
namespace nn = hat::nn;

namespace {

struct FeedForward {
    struct Shape {
        int dim, ffn;
    };
    static constexpr const char* name = "feed_forward";
    static constexpr bool is_product = true;
    static constexpr bool has_matrix = true;
    static constexpr Shape unknown{rivals::any, rivals::any};
    static constexpr Shape of_width(int width) { return {width, 2 * width}; }
    static std::string text(Shape s) { return std::to_string(s.dim) + 'x' + std::to_string(s.ffn); }
    /// HAT for WMT'14 En–De (512 or 640 wide) and IWSLT De–En, DeLighT for WMT'14.
    static constexpr std::array published{Shape{512, 1024}, Shape{512, 3072}, Shape{640, 2048},
                                          Shape{640, 3072}, Shape{512, 512},  Shape{256, 64},
                                          Shape{512, 128}};

    template <class Weights>
    using Any = nn::FeedForward<Weights>;
    template <Shape S>
    using Static = nn::FeedForward<Packed, hat::Fixed<S.dim>, hat::Fixed<S.ffn>>;

    struct Case {
        Layers own;
        nn::FeedForward<Trainable> layer;
        Variable x;

        Case(Shape s, int rows)
            : layer(own.feed_forward(s.dim, s.ffn)), x(own.variable(rows, s.dim)) {}
        [[nodiscard]] double macs() const {
            return 2.0 * x.rows() * x.cols() * layer.first.weight.outputs();
        }
    };

    static hat::Matrix run(Eval& eval, const auto& layer, const Case& c) {
        return forward(eval, layer, c.x, 0.0F).value;
    }
    template <class Product, Shape S>
    static void rival(Eval& eval, const Case& c, hat::Matrix y) {
        const int ffn = c.layer.first.weight.outputs();
        rivals::feed_forward<Product, S.dim, S.ffn>(c.layer, c.x.value,
                                                    eval.memory().matrix(y.rows(), ffn), y);
    }
};

}  // namespace

int main(int argc, char** argv) {
    return compare<FeedForward>(argc, argv);
}
