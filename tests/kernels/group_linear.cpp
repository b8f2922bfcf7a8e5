// SPDX-License-Identifier: Apache-2.0
#include <hat/kernels/group_linear.hpp>

#include "support/allocations.hpp"
#include "support/reference_group_linear.hpp"

#include <doctest/doctest.h>

#include <array>
#include <vector>

using hat::Activation;
using hat::Arena;
using hat::Matrix;
using hat::kernels::GroupEpilogue;
using hat::kernels::GroupSource;
using hat::support::Doubles;
using hat::support::Operand;
using hat::support::relative_error;
using hat::support::same_bits;

namespace kernels = hat::kernels;

namespace {

constexpr double tolerance = 1e-5;

struct Shape {
    int rows;
    int first_in;
    int second_in;  ///< 0: there is none
    int outputs;
    int groups;
    bool shuffle = true;
};

constexpr std::array shapes{
    Shape{9, 64, 0, 48, 8},          Shape{1, 32, 104, 168, 4},    Shape{21, 48, 128, 208, 8},
    Shape{70, 16, 24, 24, 8},        Shape{5, 30, 6, 42, 3},       Shape{17, 24, 0, 40, 1},
    Shape{33, 32, 32, 32, 1, false}, Shape{130, 64, 64, 64, 2},    Shape{12, 64, 40, 96, 4, false},
    Shape{9, 64, 64, 512, 16},       Shape{10, 64, 128, 1056, 32},
};

/// Random operands of a shape, their weights packed.
struct Case {
    Shape shape;
    Operand first;
    Operand first_weight;
    Operand second;
    Operand second_weight;
    Operand bias;
    Operand gain;
    Operand shift;
    std::vector<float> first_panels;
    std::vector<float> second_panels;
    Arena scratch;

    Case(const Shape& s, hat::Random& random)
        : shape(s), first(random, s.rows, s.first_in, 3),
          first_weight(random, s.outputs, s.first_in / s.groups, 5, 0.3),
          second(random, s.rows, s.second_in, 1),
          second_weight(random, s.outputs, s.second_in / s.groups, 2, 0.3),
          bias(random, 1, s.outputs), gain(random, 1, s.outputs / s.groups),
          shift(random, 1, s.outputs / s.groups) {}

    [[nodiscard]] GroupEpilogue epilogue() const {
        return {shape.groups, shape.shuffle, Activation::swish, gain.vector(), shift.vector(), {}};
    }
    static kernels::PackedView pack(const Operand& weight, int groups, std::vector<float>& to) {
        const auto w = weight.view();
        to.resize(
            static_cast<std::size_t>(kernels::packed_groups_size(w.rows(), w.cols(), groups)));
        return kernels::pack_groups(w, groups, to.data());
    }
    /// The result for the rows from `begin` on.
    Operand run(int begin, int rows, const GroupEpilogue& how) {
        Operand y(rows, shape.outputs, 4);
        GroupSource<> second_source;
        if (shape.second_in > 0) {
            second_source = {second.view().middle_rows(begin, rows),
                             pack(second_weight, shape.groups, second_panels)};
        }
        kernels::group_linear(
            {first.view().middle_rows(begin, rows), pack(first_weight, shape.groups, first_panels)},
            second_source, bias.vector(), how, {}, y.view(), scratch);
        CHECK(y.padding_is_untouched());
        return y;
    }
};

}  // namespace

TEST_SUITE("kernels/group_linear") {
    TEST_CASE("a group sees its chunk of each input, and the outputs are shuffled") {
        // Two groups of two inputs and two outputs; group 1 alone has a second input.
        const std::array x{1.0F, 10.0F, 100.0F, 1000.0F};
        const std::array weight{1.0F, 1.0F, 1.0F, 2.0F, 3.0F, 0.0F, 0.0F, 4.0F};
        const std::array bias{0.5F, 0.0F, 0.0F, 0.25F};
        std::array<float, 64> panels{};
        std::array<float, 4> y{};
        Arena scratch;
        kernels::group_linear(
            {{x.data(), 1, 4}, kernels::pack_groups({weight.data(), 4, 2}, 2, panels.data())}, {},
            {bias.data(), 4}, {.groups = 2, .shuffle = true}, {}, {y.data(), 1, 4}, scratch);
        CHECK(y == std::array{11.5F, 300.0F, 21.0F, 4000.25F});
    }

    TEST_CASE("the result is the equations', whatever the sizes") {
        hat::Random random(1);
        for (const Shape& shape : shapes) {
            CAPTURE(shape.groups);
            CAPTURE(shape.outputs);
            Case c(shape, random);
            hat::support::reference::GroupOperands o{
                Doubles(c.first), Doubles(c.first_weight), {}, {}, Doubles(c.bias),
                Doubles(c.gain),  Doubles(c.shift)};
            if (shape.second_in > 0) {
                o.second = Doubles(c.second);
                o.second_weight = Doubles(c.second_weight);
            }
            const Doubles expected = hat::support::reference::group_linear(
                o, shape.groups, shape.shuffle, Activation::swish, [](int, int) { return 1.0; });
            CHECK(relative_error(c.run(0, shape.rows, c.epilogue()).view(), expected) < tolerance);
        }
    }

    TEST_CASE("a sum is one chain of fused multiply-adds from the bias over both inputs") {
        hat::Random random(2);
        const Shape shape{19, 48, 80, 72, 8, false};
        Case c(shape, random);
        const Operand y = c.run(0, shape.rows, {.groups = shape.groups});
        for (int k = 0; k < shape.groups; ++k) {
            const auto rows = [&](const Operand& x) { return x.view().middle_rows(k * 9, 9); };
            const Operand first =
                hat::support::fma_chains(c.first.view().middle_cols(k * 6, 6), rows(c.first_weight),
                                         c.bias.view().middle_cols(k * 9, 9));
            const Operand both = hat::support::fma_chains(c.second.view().middle_cols(k * 10, 10),
                                                          rows(c.second_weight), first.view());
            CHECK(same_bits(y.view().middle_cols(k * 9, 9), both.view()));
        }
    }

    TEST_CASE("a row has the same bits alone and among others") {
        hat::Random random(3);
        for (const Shape& shape : shapes) {
            Case c(shape, random);
            const Operand all = c.run(0, shape.rows, c.epilogue());
            for (int i = 0; i < shape.rows; ++i) {
                CHECK(same_bits(c.run(i, 1, c.epilogue()).view(), all.view().middle_rows(i, 1)));
            }
        }
    }

    TEST_CASE("one group is packed and multiplied as a dense layer") {
        hat::Random random(4);
        Case c(Shape{13, 24, 0, 40, 1}, random);
        Operand expected(13, 40);
        std::vector<float> panels;
        kernels::packed_gemm(c.first.view(), Case::pack(c.first_weight, 1, panels),
                             {.y = expected.view(), .bias = c.bias.vector().data()});
        CHECK(same_bits(c.run(0, 13, {}).view(), expected.view()));
    }

    TEST_CASE("gradients of inputs and weights are sums over the group's rows and columns") {
        hat::Random random(5);
        const int groups = 4;
        const Operand du(random, 37, 52, 1);
        const Operand x(random, 37, 44, 2);
        const Operand weight(random, 52, 11, 3);
        Operand dx(37, 44, 1, 1.0F);
        Operand dweight(52, 11, 2, 1.0F);
        Arena scratch;
        kernels::group_gemm_nn(du.view(), weight.view(), groups, dx.view(), true, scratch);
        kernels::group_gemm_tn(du.view(), x.view(), groups, dweight.view(), scratch);
        Doubles expected_dx(37, 44, 1.0);  // both add to what is there
        Doubles expected_dweight(52, 11, 1.0);
        for (int i = 0; i < 37; ++i) {
            for (int o = 0; o < 52; ++o) {
                for (int j = 0; j < 11; ++j) {
                    const int column = o / 13 * 11 + j;
                    const auto g = static_cast<double>(du(i, o));
                    expected_dx(i, column) += g * static_cast<double>(weight(o, j));
                    expected_dweight(o, j) += g * static_cast<double>(x(i, column));
                }
            }
        }
        CHECK(relative_error(dx.view(), expected_dx) < tolerance);
        CHECK(relative_error(dweight.view(), expected_dweight) < tolerance);
        CHECK(dx.padding_is_untouched());
        CHECK(dweight.padding_is_untouched());
    }

    TEST_CASE("once its scratch has its size, nothing is allocated") {
        hat::Random random(6);
        const Shape shape{40, 64, 128, 512, 8};
        Case c(shape, random);
        std::vector<float> panels;
        Operand y(shape.rows, shape.outputs);
        const GroupSource<> source{c.first.view(), Case::pack(c.first_weight, 8, panels)};
        const auto run = [&] {
            kernels::group_linear(source, {}, c.bias.vector(), c.epilogue(), {}, y.view(),
                                  c.scratch);
        };
        run();
        CHECK(hat::support::allocations_in(run) == 0);
    }
}
