// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/nn/linear.hpp>

#include "support/layers.hpp"
#include "support/rivals.hpp"

#include <array>
#include <string>

/// What several families of `support/compare.hpp` have in common.
namespace hat::support {

/// A family with a row for every word.
struct WordFamily {
    struct Shape {
        int vocab, dim;
    };
    static constexpr Shape unknown{rivals::any, rivals::any};
    static constexpr Shape of_width(int width) { return {10'000, width}; }
    static std::string text(Shape s) {
        return std::to_string(s.vocab) + 'x' + std::to_string(s.dim);
    }
    /// WMT'14 En–De with HAT's widths; IWSLT'14 De–En, whose sides have vocabularies of their own.
    static constexpr std::array<Shape, 3> published_with(int iwslt_vocab) {
        return {Shape{32'768, 512}, Shape{32'768, 640}, Shape{iwslt_vocab, 512}};
    }
};

/// A family of linear layers, with or without a bias.
struct LinearFamily {
    static constexpr bool is_product = true;
    static constexpr bool has_matrix = true;
    template <class Weights>
    using Any = nn::Linear<Weights>;

    struct Case {
        Layers own;
        nn::Linear<Trainable> layer;
        Variable x;

        Case(int out, int in, bool has_bias, int rows)
            : layer{own.weight(out, in), has_bias ? own.vector(out) : autograd::Parameter{}},
              x(own.variable(rows, in)) {}
        [[nodiscard]] double macs() const {
            return 1.0 * x.rows() * x.cols() * layer.weight.outputs();
        }
    };

    static Matrix run(Eval& eval, const auto& layer, const Case& c) {
        return forward(eval, layer, c.x).value;
    }
};

}  // namespace hat::support
