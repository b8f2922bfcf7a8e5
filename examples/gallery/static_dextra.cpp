// SPDX-License-Identifier: Apache-2.0

/// DExTra, the layer of DeLighT, twice: with a shape the compiler checks, and with one of run time.

#include <hat/nn/dextra.hpp>

#include <array>
#include <cstdio>

namespace nn = hat::nn;

int main() {
    constexpr nn::DExTraShape shape{
        .in_dim = 64, .inner_dim = 32, .out_dim = 32, .depth = 4, .max_groups = 4};
    constexpr nn::DExTraPlan plan = nn::StaticDExTraShape<shape>::plan;
    for (const auto& [in_dim, out_dim, groups] : plan.layers())
        std::printf("%d -> %d in %d groups\n", in_dim, out_dim, groups);

    static std::array<float, plan.parameters()> parameters;
    hat::Random random(1);
    for (float& p : parameters) p = static_cast<float>(0.2 * random.normal());
    const auto fixed = nn::bind_dextra<shape>(parameters);
    const auto dynamic = nn::bind_dextra(shape, hat::Activation::swish,
                                         {parameters.data(), static_cast<int>(parameters.size())});
    hat::Arena memory;
    hat::Arena scratch;
    hat::autograd::Eval eval(memory, scratch);
    const nn::Variable x = eval.variable(1, shape.in_dim);
    for (float& feature : x.value.row(0)) feature = static_cast<float>(random.normal());
    std::printf("%zu parameters; %.4f = %.4f\n", parameters.size(),
                static_cast<double>(forward(eval, fixed, x, 0.0F).value(0, 0)),
                static_cast<double>(forward(eval, dynamic, x, 0.0F).value(0, 0)));
}
// Output:
// 32 -> 32 in 2 groups
// 64 -> 128 in 4 groups
// 160 -> 128 in 4 groups
// 160 -> 32 in 2 groups
// 15040 parameters; 0.2108 = 0.2108
