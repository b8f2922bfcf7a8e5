// SPDX-License-Identifier: Apache-2.0
//
// A linear layer as it is served, on one thread: y = x · Wᵀ + b.

#include <hat/nn/linear.hpp>

#include "support/compare.hpp"
#include "support/families.hpp"

using namespace hat::support;
namespace nn = hat::nn;

namespace {

struct Linear : LinearFamily {
    struct Shape {
        int in, out;
    };
    static constexpr const char* name = "linear";
    static constexpr Shape unknown{rivals::any, rivals::any};
    static constexpr Shape of_width(int width) { return {width, width}; }
    static std::string text(Shape s) { return std::to_string(s.in) + 'x' + std::to_string(s.out); }
    /// Of HAT's networks for WMT'14 and IWSLT, and of DeLighT.
    static constexpr std::array published{Shape{640, 512}, Shape{512, 512}, Shape{640, 640},
                                          Shape{512, 256}, Shape{128, 256}};

    template <Shape S>
    using Static = nn::Linear<Packed, hat::Fixed<S.out>, hat::Fixed<S.in>>;

    struct Case : LinearFamily::Case {
        Case(Shape s, int rows) : LinearFamily::Case(s.out, s.in, true, rows) {}
    };

    template <class Product, Shape S>
    static void rival(Eval& /*eval*/, const Case& c, hat::Matrix y) {
        rivals::linear<Product, S.out, S.in>(c.layer, c.x.value, y);
    }
};

}  // namespace

int main(int argc, char** argv) {
    return compare<Linear>(argc, argv);
}
