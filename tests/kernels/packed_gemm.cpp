// SPDX-License-Identifier: Apache-2.0
#include <hat/kernels/packed_gemm.hpp>

#include "support/allocations.hpp"
#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <array>
#include <utility>
#include <vector>

using hat::Activation;
using hat::kernels::PackedView;
using hat::support::Doubles;
using hat::support::Operand;
using hat::support::same_bits;

namespace kernels = hat::kernels;

namespace {

/// Packed weights that own their memory.
struct Packed {
    std::vector<float> memory;
    PackedView view;

    explicit Packed(hat::ConstMatrix weight)
        : memory(static_cast<std::size_t>(kernels::packed_size(weight.rows(), weight.cols()))),
          view(kernels::pack(weight, memory.data())) {}
};

constexpr std::array widths{1, 2, 15, 16, 17, 31, 33, 64, 75};

}  // namespace

TEST_SUITE("kernels/packed_gemm") {
    TEST_CASE("packed weights lie as [panel][input][16], zeros behind the last output") {
        hat::Random random(1);
        for (const int outputs : widths) {
            for (const int inputs : widths) {
                const Operand w(random, outputs, inputs, 3);
                const Packed packed(w.view());
                CHECK(packed.view.panels() == (outputs + 15) / 16);
                CHECK(packed.view.panel_stride() == inputs * 16);
                bool right = true;
                for (int j = 0; j < packed.view.panels() * 16; ++j) {
                    for (int k = 0; k < inputs; ++k) {
                        const float expected = j < outputs ? w(j, k) : 0.0F;
                        const auto at =
                            static_cast<std::size_t>((j / 16 * inputs + k) * 16 + j % 16);
                        right = right && packed.memory[at] == expected;
                    }
                }
                CHECK(right);
            }
        }
    }

    TEST_CASE("the product is within the error bound of one chain of roundings") {
        hat::Random random(2);
        for (const int outputs : widths) {
            const int inputs = 40;
            const Operand x(random, 7, inputs, 2);
            const Operand w(random, outputs, inputs, 9);
            Operand y(7, outputs, 1);
            kernels::packed_gemm(x.view(), Packed(w.view()).view, {.y = y.view()});
            const Doubles exact = hat::support::reference::multiply_nt(Doubles(x), Doubles(w));
            bool close = true;
            for (int i = 0; i < 7; ++i) {
                for (int j = 0; j < outputs; ++j) {
                    double size = 0;
                    for (int k = 0; k < inputs; ++k) {
                        size +=
                            std::abs(static_cast<double>(x(i, k)) * static_cast<double>(w(j, k)));
                    }
                    const double error = std::abs(static_cast<double>(y(i, j)) - exact(i, j));
                    // Each partial sum is at most `size` and is rounded once.
                    close = close && error <= inputs * hat::support::float_rounding * 1.001 * size;
                }
            }
            CHECK(close);
        }
    }

    TEST_CASE("every output is one chain of fused multiply-adds, bit by bit") {
        hat::Random random(3);
        for (int rows = 1; rows <= 40; ++rows) {
            const int inputs = 1 + rows * 7 % 37;
            const int outputs = 1 + rows * 11 % 150;
            CAPTURE(inputs);
            CAPTURE(outputs);
            const Operand x(random, rows, inputs, rows % 3);
            const Operand w(random, outputs, inputs, rows % 5);
            const Operand bias(random, 1, outputs);
            const Operand old(random, rows, outputs, 7);
            const Operand zero(1, outputs);
            const Packed packed(w.view());
            const auto check = [&](const kernels::Output& output, hat::ConstMatrix start) {
                kernels::packed_gemm(x.view(), packed.view, output);
                return same_bits(output.y,
                                 hat::support::fma_chains(x.view(), w.view(), start).view());
            };
            Operand y = old;
            CHECK(check({.y = y.view(), .accumulate = true}, old.view()));
            CHECK(check({.y = y.view(), .bias = bias.vector().data()}, bias.view()));
            CHECK(check({.y = y.view()}, zero.view()));
            CHECK(y.padding_is_untouched());
        }
    }

    TEST_CASE("wide inputs, whose panels are worked through in groups, make no difference") {
        hat::Random random(4);
        const Operand x(random, 75, 640);
        const Operand w(random, 300, 640);
        REQUIRE(kernels::detail::even_group(19, 640 * 64) < 19);
        const Packed packed(w.view());
        for (const auto& [outputs, inputs] : {std::pair{300, 640}, {230, 517}}) {
            const auto part = x.view().top_left(75, inputs);
            const Operand zero(1, outputs);
            Operand y(75, outputs);
            kernels::packed_gemm(part, packed.view.top_left(outputs, inputs), {.y = y.view()});
            CHECK(same_bits(y.view(), hat::support::fma_chains(
                                          part, w.view().top_left(outputs, inputs), zero.view())
                                          .view()));
        }
    }

    TEST_CASE("groups of panels are even, about as large, and fit their place in the cache") {
        for (const std::ptrdiff_t bytes : {500, 8256, 32768, 131072, 1 << 20}) {
            for (int panels = 1; panels < 700; panels += 3) {
                const int group = kernels::detail::even_group(panels, bytes);
                const int groups = (panels + group - 1) / group;
                CHECK(group % 2 == 0);
                CHECK((group == 2 || group * bytes <= kernels::detail::second_level_bytes));
                // The last is a pair smaller for each of the others at most.
                CHECK(group - (panels - (groups - 1) * group) <= 2 * groups);
            }
        }
    }

    TEST_CASE("a row has the same bits in any batch as alone") {
        hat::Random random(5);
        const Operand w(random, 147, 24);
        const Operand bias(random, 1, 147);
        const Packed packed(w.view());
        const Operand x(random, 40, 24);
        for (const Activation f : {Activation::linear, Activation::relu, Activation::gelu,
                                   Activation::gelu_tanh, Activation::tanh, Activation::swish}) {
            CAPTURE(static_cast<int>(f));
            Operand alone(40, 147);
            for (int i = 0; i < 40; ++i) {
                kernels::packed_gemm(x.view().middle_rows(i, 1), packed.view,
                                     {.y = alone.view().middle_rows(i, 1),
                                      .bias = bias.vector().data(),
                                      .activation = f});
            }
            for (int rows = 2; rows <= 40; ++rows) {
                Operand y(rows, 147);
                kernels::packed_gemm(
                    x.view().top_rows(rows), packed.view,
                    {.y = y.view(), .bias = bias.vector().data(), .activation = f});
                REQUIRE(same_bits(y.view(), alone.view().top_rows(rows)));
            }
        }
    }

    TEST_CASE("the fused activation has the bits of the activation done afterwards") {
        hat::Random random(6);
        const Operand x(random, 5, 20);
        const Operand w(random, 45, 20);
        const Packed packed(w.view());
        Operand linear(5, 45);
        kernels::packed_gemm(x.view(), packed.view, {.y = linear.view()});
        for (const Activation f : {Activation::relu, Activation::gelu, Activation::gelu_tanh,
                                   Activation::tanh, Activation::swish}) {
            Operand fused(5, 45);
            kernels::packed_gemm(x.view(), packed.view, {.y = fused.view(), .activation = f});
            Operand after(5, 45);
            kernels::activation(f, linear.view(), after.view());
            CHECK(same_bits(fused.view(), after.view()));
        }
    }

    TEST_CASE("top_left of the packed whole equals the packed slice") {
        hat::Random random(7);
        const Operand w(random, 80, 48);
        const Packed whole(w.view());
        for (const int outputs : {1, 16, 23, 64, 80}) {
            for (const int inputs : {1, 16, 29, 48}) {
                const Operand x(random, 9, inputs, 48 - inputs);
                Operand from_whole(9, outputs, 3);
                Operand from_slice(9, outputs);
                kernels::packed_gemm(x.view(), whole.view.top_left(outputs, inputs),
                                     {.y = from_whole.view()});
                kernels::packed_gemm(x.view(), Packed(w.view().top_left(outputs, inputs)).view,
                                     {.y = from_slice.view()});
                CHECK(same_bits(from_whole.view(), from_slice.view()));
                CHECK(from_whole.padding_is_untouched());
            }
        }
    }

    TEST_CASE("middle_outputs gives the columns of the whole product") {
        hat::Random random(8);
        const Operand w(random, 90, 31);
        const Operand x(random, 6, 31);
        const Packed packed(w.view());
        Operand all(6, 90);
        kernels::packed_gemm(x.view(), packed.view, {.y = all.view()});
        for (const int first : {0, 16, 64}) {
            const int n = 90 - first < 26 ? 90 - first : 26;
            Operand part(6, n);
            kernels::packed_gemm(x.view(), packed.view.middle_outputs(first, n),
                                 {.y = part.view()});
            CHECK(same_bits(part.view(), all.view().middle_cols(first, n)));
        }
    }

    TEST_CASE("no rows, no inputs and no outputs are products too") {
        hat::Random random(9);
        const Operand w(random, 20, 5);
        const Packed packed(w.view());
        Operand none(0, 20);
        kernels::packed_gemm(Operand(0, 5).view(), packed.view, {.y = none.view()});
        CHECK(none.padding_is_untouched());
        const Operand bias(random, 1, 20);
        Operand y(3, 20, 2);
        kernels::packed_gemm(Operand(3, 0).view(), packed.view.top_left(20, 0),
                             {.y = y.view(), .bias = bias.vector().data()});
        for (int i = 0; i < 3; ++i) CHECK(same_bits(y.view().middle_rows(i, 1), bias.view()));
        Operand empty(3, 0, 4);
        kernels::packed_gemm(Operand(random, 3, 5).view(), packed.view.top_left(0, 5),
                             {.y = empty.view()});
        CHECK(empty.padding_is_untouched());
    }

    TEST_CASE("a product allocates nothing") {
        hat::Random random(10);
        const Operand w(random, 40, 30);
        const Operand x(random, 12, 30);
        const Packed packed(w.view());
        Operand y(12, 40);
        CHECK(hat::support::allocations_in([&] {
                  kernels::packed_gemm(x.view(), packed.view,
                                       {.y = y.view(), .activation = Activation::gelu});
              }) == 0);
    }
}
