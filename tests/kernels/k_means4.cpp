// SPDX-License-Identifier: Apache-2.0
#include <hat/core/aligned.hpp>
#include <hat/core/random.hpp>
#include <hat/kernels/k_means4.hpp>

#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>

using hat::Activation;
using hat::Random;
using hat::kernels::KMeans4;
using hat::support::Operand;
using hat::support::operand_of_few;
using hat::support::same_bits;
namespace kernels = hat::kernels;

namespace {

struct Packed {
    hat::AlignedArray<std::uint32_t> memory;
    kernels::PackedOf<KMeans4> view;

    explicit Packed(hat::ConstMatrix weight)
        : memory(kernels::packed_size<KMeans4>(weight.rows(), weight.cols())),
          view(kernels::pack<KMeans4>(weight, memory.data())) {}
};

}  // namespace

TEST_SUITE("kernels/k_means4") {
    TEST_CASE("a product has the bits of one chain over weights of few numbers") {
        Random random(1);
        for (const int outputs : {1, 15, 16, 17, 48, 75, 130}) {
            for (const int inputs : {1, 2, 7, 8, 9, 16, 33, 64}) {
                const Operand weight = operand_of_few(random, 16, outputs, inputs);
                const Operand bias(random, 1, outputs);
                const Packed packed(weight.view());
                for (const int rows : {1, 2, 3, 5, 8, 9, 21}) {
                    const Operand x(random, rows, inputs, 2);
                    Operand y(rows, outputs, 1);
                    kernels::multiply_panels<KMeans4>(
                        x.view(), packed.view, {.y = y.view(), .bias = bias.vector().data()});
                    const Operand expected =
                        hat::support::fma_chains(x.view(), weight.view(), bias.view());
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
        const Operand weight = operand_of_few(random, 16, 40, 30);
        const Packed packed(weight.view());
        hat::AlignedArray<float> memory(kernels::packed_size(40, 30));
        const auto floats = kernels::pack(weight.view(), memory.data());
        const Operand x(random, 7, 30);
        for (const Activation f : {Activation::relu, Activation::gelu, Activation::swish}) {
            Operand y(random, 7, 40);
            Operand expected = y;
            kernels::multiply_panels<KMeans4>(x.view(), packed.view,
                                              {.y = y.view(), .accumulate = true, .activation = f});
            kernels::packed_gemm(x.view(), floats,
                                 {.y = expected.view(), .accumulate = true, .activation = f});
            CHECK(same_bits(y.view(), expected.view()));
        }
    }

    TEST_CASE("a sub-network has the first panels and the first inputs of its super network") {
        Random random(3);
        const Operand weight = operand_of_few(random, 16, 64, 40);
        const Packed packed(weight.view());
        for (const int outputs : {1, 20, 64}) {
            for (const int inputs : {1, 2, 8, 17, 40}) {
                const auto part = packed.view.top_left(outputs, inputs);
                const Packed own(weight.view().top_left(outputs, inputs));
                const Operand x(random, 4, inputs);
                Operand y(4, outputs);
                Operand expected(4, outputs);
                kernels::multiply_panels<KMeans4>(x.view(), part, {.y = y.view()});
                kernels::multiply_panels<KMeans4>(x.view(), own.view, {.y = expected.view()});
                CHECK(same_bits(y.view(), expected.view()));
            }
        }
    }

    TEST_CASE("panels that are worked through in groups make no difference") {
        Random random(9);
        constexpr int outputs = 500;
        const Operand weight = operand_of_few(random, 16, outputs, 1030);
        const Operand zero(1, outputs);
        const Packed packed(weight.view());
        for (const int inputs : {1030, 517}) {
            const Operand x(random, 75, inputs);
            Operand y(75, outputs);
            kernels::multiply_panels<KMeans4>(x.view(), packed.view.top_left(outputs, inputs),
                                              {.y = y.view()});
            const Operand chains = hat::support::fma_chains(
                x.view(), weight.view().top_left(outputs, inputs), zero.view());
            CHECK(same_bits(y.view(), chains.view()));
        }
    }

    TEST_CASE("numbers that differ in their sign alone are different, and others may be left out") {
        Operand weight(2, 3);
        weight(0, 0) = -0.0F;
        weight(1, 2) = 4.0F;
        const Packed packed(weight.view());
        Operand x(1, 3);
        x(0, 0) = 1.0F;
        Operand y(1, 2);
        const Operand bias(1, 2, 0, -0.0F);
        kernels::multiply_panels<KMeans4>(x.view().top_left(1, 1), packed.view.top_left(2, 1),
                                          {.y = y.view(), .bias = bias.vector().data()});
        CHECK(std::signbit(y(0, 0)));
        CHECK(!std::signbit(y(0, 1)));
    }
}
