// SPDX-License-Identifier: Apache-2.0
//
// The output layer as it is served, on one thread: the logits of all words.

#include "support/compare.hpp"
#include "support/families.hpp"

using namespace hat::support;
namespace nn = hat::nn;

namespace {

struct OutputLayer : LinearFamily, WordFamily {
    static constexpr const char* name = "output_layer";
    static constexpr std::array published = published_with(6'632);

    template <Shape S>
    using Static = nn::Linear<Packed, hat::Fixed<S.vocab>, hat::Fixed<S.dim>>;

    struct Case : LinearFamily::Case {
        Case(Shape s, int rows) : LinearFamily::Case(s.vocab, s.dim, false, rows) {}
    };

    template <class Product, Shape S>
    static void rival(Eval& /*eval*/, const Case& c, hat::Matrix y) {
        Product::template multiply<rivals::any, S.dim>(c.x.value, c.layer.weight.value, y);
    }
};

}  // namespace

int main(int argc, char** argv) {
    return compare<OutputLayer>(argc, argv);
}
