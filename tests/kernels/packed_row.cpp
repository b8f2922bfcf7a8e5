// SPDX-License-Identifier: Apache-2.0
#include <hat/core/aligned.hpp>
#include <hat/core/random.hpp>
#include <hat/kernels/packed_row.hpp>

#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>

using hat::Activation;
using hat::Fixed;
using hat::Random;
using hat::support::Operand;
using hat::support::same_bits;
namespace kernels = hat::kernels;

namespace {

template <int Outputs, int Inputs>
void check() {
    Random random(std::uint64_t{3});
    const Operand weight(random, Outputs, Inputs);
    const Operand bias(random, 1, Outputs);
    const Operand x(random, 1, Inputs);
    hat::AlignedArray<float> panels(kernels::packed_size(Outputs, Inputs));
    const kernels::PackedView dynamic = kernels::pack(weight.view(), panels.data());
    const kernels::PackedMatrix<Fixed<Outputs>, Fixed<Inputs>> fixed(panels.data(), {}, {},
                                                                     dynamic.panel_stride());
    static_assert(kernels::is_packed_row<Fixed<Outputs>, Fixed<Inputs>>);
    for (const Activation f : {Activation::linear, Activation::relu, Activation::gelu}) {
        for (const float* b : {bias.vector().data(), static_cast<const float*>(nullptr)}) {
            std::array<float, std::size_t{Outputs}> y{};
            std::array<float, std::size_t{Outputs}> expected{};
            kernels::packed_row(x.vector().data(), fixed, b, f, y.data());
            kernels::packed_gemm(x.view(), dynamic,
                                 {.y = {expected.data(), 1, Outputs}, .bias = b, .activation = f});
            CHECK(same_bits({y.data(), 1, Outputs}, {expected.data(), 1, Outputs}));
        }
    }
}

}  // namespace

TEST_SUITE("kernels/packed_row") {
    TEST_CASE("a row of fixed sizes has the bits of one of run time") {
        check<1, 1>();
        check<16, 16>();
        check<19, 37>();
        check<64, 64>();
        check<48, 5>();
    }
    TEST_CASE("wide weights, and sizes of run time, are left to the tiles") {
        static_assert(!kernels::is_packed_row<Fixed<65>, Fixed<16>>);
        static_assert(!kernels::is_packed_row<Fixed<16>, Fixed<128>>);
        static_assert(!kernels::is_packed_row<int, Fixed<16>>);
    }
}
