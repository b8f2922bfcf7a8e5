// SPDX-License-Identifier: Apache-2.0
#include <hat/core/aligned.hpp>
#include <hat/core/arena.hpp>
#include <hat/core/int8.hpp>
#include <hat/core/random.hpp>
#include <hat/kernels/int8.hpp>

#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

using hat::Activation;
using hat::Arena;
using hat::Random;
using hat::kernels::Int8;
using hat::kernels::QuantisedRows;
using hat::support::Operand;
using hat::support::same_bits;
namespace kernels = hat::kernels;

namespace {

struct Packed {
    hat::AlignedArray<std::uint8_t> memory;
    kernels::PackedOf<Int8> view;

    explicit Packed(hat::ConstMatrix weight)
        : memory(kernels::packed_size<Int8>(weight.rows(), weight.cols())),
          view(kernels::pack<Int8>(weight, memory.data())) {}
};

/// One output as it is defined: an exact sum, rounded once, scaled, and added to the start.
float output(const QuantisedRows& x, int row, hat::ConstVector weight, int inputs, float start) {
    const float scale = hat::int8_scale(hat::largest_magnitude(weight.data(), weight.size()));
    std::int64_t sum = 0;
    for (int k = 0; k < inputs; ++k)
        sum += std::int64_t{x.row_data(row)[k]} * hat::to_int8(weight[k], scale);
    return std::fma(static_cast<float>(sum), scale * x.scale(row), start);
}

/// The product with the first outputs and inputs of `weight`.
Operand expected(const QuantisedRows& x, hat::ConstMatrix weight, int outputs,
                 hat::ConstVector bias) {
    Operand y(x.rows(), outputs);
    for (int i = 0; i < x.rows(); ++i) {
        for (int j = 0; j < outputs; ++j) y(i, j) = output(x, i, weight.row(j), x.cols(), bias[j]);
    }
    return y;
}

}  // namespace

TEST_SUITE("kernels/int8") {
    TEST_CASE("rows are rounded to 127 steps of their largest number") {
        Random random(1);
        for (const int cols : {1, 3, 16, 17, 50}) {
            const Operand x(random, 5, cols, 2, 30.0);
            Arena arena;
            const QuantisedRows q = Int8::prepare(x.view(), arena);
            CHECK(q.rows() == 5);
            CHECK(q.cols() == cols);
            for (int i = 0; i < 5; ++i) {
                const float largest = hat::largest_magnitude(x.view().row_data(i), cols);
                CHECK(q.scale(i) == largest / 127.0F);
                int sum = 0;
                int most = 0;
                for (int k = 0; k < cols; ++k) {
                    const int number = q.row_data(i)[k];
                    const double value = static_cast<double>(q.scale(i)) * number;
                    CHECK(std::abs(value - double{x(i, k)}) <=
                          static_cast<double>(q.scale(i)) * 0.50001);
                    sum += number;
                    most = std::max(most, std::abs(number));
                }
                CHECK(sum == q.sum(i));
                CHECK(most == 127);
                for (int k = cols; k % 4 != 0; ++k) CHECK(q.row_data(i)[k] == 0);
            }
        }
    }

    TEST_CASE("a row of nothing is nothing, and one that is not finite makes nothing finite") {
        Operand x(4, 9);
        x(1, 3) = 1e-38F;
        x(2, 8) = std::numeric_limits<float>::quiet_NaN();
        x(3, 0) = -std::numeric_limits<float>::infinity();
        Arena arena;
        const QuantisedRows q = Int8::prepare(x.view(), arena);
        for (int i = 0; i < 2; ++i) {
            CHECK(q.scale(i) == 0.0F);
            CHECK(q.sum(i) == 0);
        }
        CHECK(std::isnan(q.scale(2)));
        CHECK(!std::isfinite(q.scale(3)));
        Random random(8);
        const Operand weight(random, 17, 9);
        Operand y(4, 17);
        kernels::multiply_panels<Int8>(q, Packed(weight.view()).view, {.y = y.view()});
        for (int j = 0; j < 17; ++j) {
            for (int i = 0; i < 2; ++i) CHECK(y(i, j) == 0.0F);
            for (int i = 2; i < 4; ++i) CHECK(!std::isfinite(y(i, j)));
        }
    }

    TEST_CASE("a product is exact sums, each rounded once") {
        Random random(2);
        for (const int outputs : {1, 15, 16, 17, 48, 75, 130}) {
            for (const int inputs : {1, 3, 4, 7, 16, 33, 64}) {
                const Operand weight(random, outputs, inputs, 3);
                const Operand bias(random, 1, outputs);
                const Packed packed(weight.view());
                for (const int rows : {1, 2, 3, 5, 6, 8, 9, 21}) {
                    const Operand x(random, rows, inputs, 2);
                    Arena arena;
                    const QuantisedRows q = Int8::prepare(x.view(), arena);
                    Operand y(rows, outputs, 1);
                    kernels::multiply_panels<Int8>(q, packed.view,
                                                   {.y = y.view(), .bias = bias.vector().data()});
                    CAPTURE(rows);
                    CAPTURE(inputs);
                    CAPTURE(outputs);
                    CHECK(same_bits(y.view(),
                                    expected(q, weight.view(), outputs, bias.vector()).view()));
                    CHECK(y.padding_is_untouched());
                }
            }
        }
    }

    TEST_CASE("the largest numbers do not saturate") {
        for (const int sign : {-1, 1}) {
            const Operand weight(20, 2048, 0, 127.0F * static_cast<float>(sign));
            const Operand x(3, 2048, 0, 127.0F);
            const Packed packed(weight.view());
            Arena arena;
            Operand y(3, 20);
            kernels::multiply_panels<Int8>(Int8::prepare(x.view(), arena), packed.view,
                                           {.y = y.view()});
            for (int i = 0; i < 3; ++i) {
                for (int j = 0; j < 20; ++j)
                    CHECK(y(i, j) == static_cast<float>(2048 * 127 * 127 * sign));
            }
        }
    }

    TEST_CASE("activations are applied, and sums are added to what is there") {
        Random random(3);
        const Operand weight(random, 40, 30);
        const Packed packed(weight.view());
        const Operand x(random, 7, 30);
        Arena arena;
        const QuantisedRows q = Int8::prepare(x.view(), arena);
        for (const Activation f : {Activation::relu, Activation::gelu}) {
            Operand y(random, 7, 40);
            Operand sums = y;
            kernels::multiply_panels<Int8>(q, packed.view,
                                           {.y = y.view(), .accumulate = true, .activation = f});
            for (int i = 0; i < 7; ++i) {
                for (int j = 0; j < 40; ++j)
                    sums(i, j) = output(q, i, weight.view().row(j), 30, sums(i, j));
                for (int panel = 0; panel < 3; ++panel)
                    kernels::Output{.y = sums.view(), .activation = f}.finish(
                        i, panel,
                        hat::simd::load_first(sums.view().row_data(i) + 16 * panel,
                                              std::min(16, 40 - 16 * panel)));
            }
            CHECK(same_bits(y.view(), sums.view()));
        }
    }

    TEST_CASE("a sub-network has the first panels and the first inputs of its super network") {
        Random random(4);
        const Operand weight(random, 64, 40);
        const Operand nothing(1, 64);
        const Packed packed(weight.view());
        for (const int outputs : {1, 20, 64}) {
            for (const int inputs : {1, 2, 17, 36, 40}) {
                const Operand x(random, 4, inputs);
                Arena arena;
                const QuantisedRows q = Int8::prepare(x.view(), arena);
                Operand y(4, outputs);
                kernels::multiply_panels<Int8>(q, packed.view.top_left(outputs, inputs),
                                               {.y = y.view()});
                CHECK(same_bits(y.view(),
                                expected(q, weight.view(), outputs, nothing.vector()).view()));
            }
        }
    }

    TEST_CASE("panels that are worked through in groups make no difference") {
        Random random(9);
        constexpr int outputs = 900;
        const Operand weight(random, outputs, 1030);
        const Operand nothing(1, outputs);
        const Packed packed(weight.view());
        for (const int inputs : {1030, 517}) {
            const Operand x(random, 75, inputs);
            Arena arena;
            const QuantisedRows q = Int8::prepare(x.view(), arena);
            Operand y(75, outputs);
            kernels::multiply_panels<Int8>(q, packed.view.top_left(outputs, inputs),
                                           {.y = y.view()});
            CHECK(
                same_bits(y.view(), expected(q, weight.view(), outputs, nothing.vector()).view()));
        }
    }

    TEST_CASE("rows are rounded to what a product takes them for, wherever they lie") {
        Random random(6);
        const Operand x(random, 5, 37, 6);
        Operand y(5, 37, 2);
        Arena scratch;
        kernels::round_rows_to_int8(x.view(), y.view(), scratch);
        const QuantisedRows q = Int8::prepare(x.view(), scratch);
        for (int i = 0; i < 5; ++i) {
            for (int k = 0; k < 37; ++k)
                CHECK(y(i, k) == static_cast<float>(q.row_data(i)[k]) * q.scale(i));
        }
        CHECK(y.padding_is_untouched());
    }

    TEST_CASE("rows take no more memory here than where they take most") {
        const auto here = [](int rows, int inputs) { return Int8::bytes_of_rows(rows, inputs); };
        const auto most = [](int rows, int inputs) {
            return Int8::most_bytes_of_rows(rows, inputs);
        };
        // 3 rows of 112 numbers of 16 bits, 3 scales and 3 sums, each from a cache line on.
        CHECK(most(3, 100) == 704 + 64 + 64);
        for (const int rows : {1, 5, 64}) {
            for (const int inputs : {1, 16, 100, 512}) {
                CHECK(here(rows, inputs) <= most(rows, inputs));
                if (sizeof(QuantisedRows::Input) == sizeof(std::int16_t))
                    CHECK(here(rows, inputs) == most(rows, inputs));
            }
        }
    }

    TEST_CASE("what is quantised can be quantised again without a change") {
        Random random(5);
        const Operand weight(random, 33, 29);
        Operand again(33, 29);
        for (int i = 0; i < 33; ++i) {
            const float scale =
                hat::int8_scale(hat::largest_magnitude(weight.view().row_data(i), 29));
            for (int k = 0; k < 29; ++k)
                again(i, k) = static_cast<float>(hat::to_int8(weight(i, k), scale)) * scale;
        }
        const Packed first(weight.view());
        const Packed second(again.view());
        CHECK(std::equal(first.memory.begin(), first.memory.end(), second.memory.begin()));
    }
}
