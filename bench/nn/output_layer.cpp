// SPDX-License-Identifier: Apache-2.0
//
// The output layer as it is served, on one thread: the logits of all words.

#include "support/compare.hpp"

using namespace hat::support;
namespace nn = hat::nn;

namespace {

struct OutputLayer {
    struct Shape {
        int vocab, dim;
    };
    static constexpr const char* name = "output_layer";
    static constexpr bool is_product = true;
    static constexpr Shape unknown{rivals::any, rivals::any};
    static constexpr Shape of_width(int width) { return {10'000, width}; }
    static std::string text(Shape s) {
        return std::to_string(s.vocab) + 'x' + std::to_string(s.dim);
    }
    /// WMT'14 En–De with HAT's widths, IWSLT'14 De–En.
    static constexpr std::array published{Shape{32'768, 512}, Shape{32'768, 640},
                                          Shape{6'632, 512}};

    using Any = nn::Linear<Packed>;
    template <Shape S>
    using Static = nn::Linear<Packed, hat::Fixed<S.vocab>, hat::Fixed<S.dim>>;

    struct Case {
        Layers own;
        nn::Linear<Trainable> layer;
        Variable x;

        Case(Shape s, int rows)
            : layer{own.weight(s.vocab, s.dim), {}}, x(own.variable(rows, s.dim)) {}
        [[nodiscard]] double macs() const {
            return 1.0 * x.rows() * x.cols() * layer.weight.outputs();
        }
    };

    static hat::Matrix run(Eval& eval, const auto& layer, const Case& c) {
        return forward(eval, layer, c.x).value;
    }
    template <class Product, Shape S>
    static void rival(Eval& /*eval*/, const Case& c, hat::Matrix y) {
        Product::template multiply<rivals::any, S.dim>(c.x.value, c.layer.weight.value, y);
    }
};

}  // namespace

int main(int argc, char** argv) {
    return compare<OutputLayer>(argc, argv);
}
