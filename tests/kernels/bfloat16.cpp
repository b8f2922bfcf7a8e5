// SPDX-License-Identifier: Apache-2.0
#include <hat/core/aligned.hpp>
#include <hat/core/bfloat16.hpp>
#include <hat/core/random.hpp>
#include <hat/kernels/bfloat16.hpp>

#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <cstdint>

using hat::Activation;
using hat::Random;
using hat::kernels::Bfloat16;
using hat::support::Operand;
using hat::support::same_bits;
namespace kernels = hat::kernels;

namespace {

struct Packed {
    hat::AlignedArray<std::uint32_t> memory;
    kernels::PackedOf<Bfloat16> view;

    explicit Packed(hat::ConstMatrix weight)
        : memory(kernels::packed_size<Bfloat16>(weight.rows(), weight.cols())),
          view(kernels::pack<Bfloat16>(weight, memory.data())) {}
};

Operand rounded(const Operand& x) {
    Operand y(x.view().rows(), x.view().cols());
    for (int i = 0; i < y.view().rows(); ++i) {
        for (int j = 0; j < y.view().cols(); ++j)
            y(i, j) = hat::bfloat16_to_float(hat::float_to_bfloat16(x(i, j)));
    }
    return y;
}

}  // namespace

TEST_SUITE("kernels/bfloat16") {
    TEST_CASE("a product has the bits of one chain over the rounded weights") {
        Random random(1);
        for (const int outputs : {1, 15, 16, 17, 48, 75, 130}) {
            for (const int inputs : {1, 2, 7, 16, 33, 64}) {
                const Operand weight(random, outputs, inputs, 3);
                const Operand bias(random, 1, outputs);
                const Packed packed(weight.view());
                const Operand values = rounded(weight);
                for (const int rows : {1, 2, 3, 5, 8, 9, 21}) {
                    const Operand x(random, rows, inputs, 2);
                    Operand y(rows, outputs, 1);
                    kernels::multiply_panels<Bfloat16>(
                        x.view(), packed.view, {.y = y.view(), .bias = bias.vector().data()});
                    const Operand expected =
                        hat::support::fma_chains(x.view(), values.view(), bias.view());
                    CAPTURE(rows);
                    CAPTURE(inputs);
                    CAPTURE(outputs);
                    CHECK(same_bits(y.view(), expected.view()));
                    CHECK(y.padding_is_untouched());
                }
            }
        }
    }

    TEST_CASE("activations and what is there already are those of the product of floats") {
        Random random(2);
        const Operand weight(random, 40, 30);
        const Packed packed(weight.view());
        const Operand values = rounded(weight);
        hat::AlignedArray<float> memory(kernels::packed_size(40, 30));
        const auto floats = kernels::pack(values.view(), memory.data());
        const Operand x(random, 7, 30);
        for (const Activation f : {Activation::relu, Activation::gelu, Activation::swish}) {
            Operand y(random, 7, 40);
            Operand expected = y;
            kernels::multiply_panels<Bfloat16>(
                x.view(), packed.view, {.y = y.view(), .accumulate = true, .activation = f});
            kernels::packed_gemm(x.view(), floats,
                                 {.y = expected.view(), .accumulate = true, .activation = f});
            CHECK(same_bits(y.view(), expected.view()));
        }
    }

    TEST_CASE("a sub-network has the first panels and the first inputs of its super network") {
        Random random(3);
        const Operand weight(random, 64, 40);
        const Packed packed(weight.view());
        for (const int outputs : {1, 20, 64}) {
            for (const int inputs : {1, 2, 17, 40}) {
                const auto part = packed.view.top_left(outputs, inputs);
                const Packed own(weight.view().top_left(outputs, inputs));
                const Operand x(random, 4, inputs);
                Operand y(4, outputs);
                Operand expected(4, outputs);
                kernels::multiply_panels<Bfloat16>(x.view(), part, {.y = y.view()});
                kernels::multiply_panels<Bfloat16>(x.view(), own.view, {.y = expected.view()});
                CHECK(same_bits(y.view(), expected.view()));
            }
        }
    }

    TEST_CASE("panels that are worked through in groups make no difference") {
        Random random(9);
        constexpr int outputs = 500;
        const Operand weight(random, outputs, 1030);
        const Operand values = rounded(weight);
        const Operand zero(1, outputs);
        const Packed packed(weight.view());
        for (const int inputs : {1030, 517}) {
            const Operand x(random, 75, inputs);
            Operand y(75, outputs);
            kernels::multiply_panels<Bfloat16>(x.view(), packed.view.top_left(outputs, inputs),
                                               {.y = y.view()});
            const Operand chains = hat::support::fma_chains(
                x.view(), values.view().top_left(outputs, inputs), zero.view());
            CHECK(same_bits(y.view(), chains.view()));
        }
    }
}
