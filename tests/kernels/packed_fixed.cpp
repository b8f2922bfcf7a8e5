// SPDX-License-Identifier: Apache-2.0
#include <hat/core/aligned.hpp>
#include <hat/core/random.hpp>
#include <hat/kernels/packed_fixed.hpp>

#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <cstdint>

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
    hat::AlignedArray<float> panels(kernels::packed_size(Outputs, Inputs));
    const kernels::PackedView dynamic = kernels::pack(weight.view(), panels.data());
    const kernels::PackedMatrix<Fixed<Outputs>, Fixed<Inputs>> fixed(panels.data(), {}, {},
                                                                     dynamic.panel_stride());
    static_assert(kernels::has_fixed_gemm<kernels::Float32, Fixed<Outputs>, Fixed<Inputs>>);
    for (const int rows : {1, 3, 8, 9}) {
        const Operand x(random, rows, Inputs, 3);
        for (const Activation f : {Activation::linear, Activation::relu, Activation::gelu}) {
            for (const float* b : {bias.vector().data(), static_cast<const float*>(nullptr)}) {
                for (const bool accumulate : {false, true}) {
                    Operand y(random, rows, Outputs, 2);
                    Operand expected = y;
                    Operand again = y;
                    const auto output = [&](Operand& to) {
                        return kernels::Output{
                            .y = to.view(), .bias = b, .accumulate = accumulate, .activation = f};
                    };
                    kernels::packed_gemm(x.view(), fixed, output(y));
                    kernels::packed_gemm(x.view(), dynamic, output(expected));
                    CHECK(same_bits(y.view(), expected.view()));
                    kernels::packed_gemm_of<kernels::Float32, Fixed<Outputs>, Fixed<Inputs>>()(
                        x.view(), dynamic, output(again));
                    CHECK(same_bits(again.view(), expected.view()));
                }
            }
        }
    }
}

}  // namespace

TEST_SUITE("kernels/packed_fixed") {
    TEST_CASE("a product of fixed sizes has the bits of one of run time") {
        check<1, 1>();
        check<16, 16>();
        check<19, 37>();
        check<64, 64>();
        check<48, 5>();
        check<192, 64>();
        check<96, 128>();
    }
    TEST_CASE("wide weights, and sizes of run time, are left to the tiles") {
        static_assert(!kernels::has_fixed_gemm<kernels::Float32, Fixed<208>, Fixed<16>>);
        static_assert(!kernels::has_fixed_gemm<kernels::Float32, Fixed<128>, Fixed<128>>);
        static_assert(!kernels::has_fixed_gemm<kernels::Float32, int, Fixed<16>>);
    }
}
