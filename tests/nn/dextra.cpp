// SPDX-License-Identifier: Apache-2.0
#include <hat/autograd/gradient_check.hpp>
#include <hat/nn/dextra.hpp>

#include "support/group_layers.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <vector>

using hat::Activation;
using hat::nn::bind_dextra;
using hat::nn::DExTra;
using hat::nn::dextra_plan;
using hat::nn::DExTraShape;
using hat::nn::DExTraVariant;
using hat::nn::Packed;
using hat::nn::StaticDExTraShape;
using hat::nn::Variable;
using hat::support::GroupLayers;
using hat::support::OwnEval;
using hat::support::same_bits;

namespace {

constexpr DExTraShape small{.in_dim = 32,
                            .inner_dim = 16,
                            .out_dim = 24,
                            .depth = 5,
                            .width_thousandths = 2571,
                            .max_groups = 4};

/// Numbers that repeat late.
template <class Values>
void fill(Values& values) {
    hat::Random random(3);
    for (float& v : values) v = static_cast<float>(0.5 * random.normal());
}

}  // namespace

TEST_SUITE("nn/dextra") {
    TEST_CASE("a unit maps in_dim features to out_dim, packed with the same bits") {
        for (const int depth : {2, 3, 4, 7, 20}) {
            for (const DExTraVariant variant : {DExTraVariant::dextra, DExTraVariant::define}) {
                GroupLayers layers(1);
                DExTraShape shape = small;
                shape.depth = depth;
                shape.variant = variant;
                const auto unit = layers.dextra(shape, Activation::swish);
                const Variable x = layers.variable(6, 32);
                OwnEval own;
                const Variable y = forward(own.eval, unit, x, 0.5F);
                CHECK(y.rows() == 6);
                CHECK(y.cols() == 24);
                CHECK(
                    same_bits(forward(own.eval, layers.packed<DExTra<Packed>>(unit), x, 0.5F).value,
                              y.value));
            }
        }
    }

    TEST_CASE("a token has the same bits alone and among others") {
        GroupLayers layers(2);
        const auto unit = layers.packed<DExTra<Packed>>(layers.dextra(small, Activation::swish));
        const Variable x = layers.variable(21, 32);
        OwnEval own;
        const Variable all = forward(own.eval, unit, x, 0.0F);
        for (int i = 0; i < x.rows(); ++i) {
            const Variable alone{x.value.middle_rows(i, 1), nullptr};
            CHECK(
                same_bits(forward(own.eval, unit, alone, 0.0F).value, all.value.middle_rows(i, 1)));
        }
    }

    TEST_CASE("the compiler's unit and the one of run time are the same") {
        constexpr auto size = static_cast<std::size_t>(StaticDExTraShape<small>::plan.parameters());
        static std::array<float, size> values;
        fill(values);
        const auto fixed = bind_dextra<small>(values);
        const auto dynamic =
            bind_dextra(small, Activation::swish, {values.data(), static_cast<int>(size)});
        GroupLayers layers(4);
        const Variable x = layers.variable(3, 32);
        OwnEval own;
        CHECK(same_bits(forward(own.eval, fixed, x, 0.0F).value,
                        forward(own.eval, dynamic, x, 0.0F).value));
    }

    TEST_CASE("every parameter of a bound unit gets its gradient, and only once") {
        const auto size = static_cast<std::size_t>(dextra_plan(small).parameters());
        std::vector<float> values(size);
        std::vector<float> gradients(size);
        fill(values);
        const int n = static_cast<int>(size);
        const auto unit =
            bind_dextra(small, Activation::swish, {values.data(), n}, {gradients.data(), n});
        GroupLayers layers(5);
        const Variable input = layers.variable(8, 32);
        OwnEval own;
        hat::autograd::Tape tape(own.memory, own.scratch, hat::RandomKey(1));
        const Variable y = forward(tape, unit, input, 0.0F);
        const hat::Matrix dy = tape.gradient(y);
        for (int i = 0; i < 8; ++i) {
            for (int p = 0; p < 24; ++p) dy(i, p) = static_cast<float>((i + 2 * p) % 5 - 2);
        }
        const auto loss = [&] {
            hat::Arena memory;
            hat::autograd::Eval eval(memory, own.scratch);
            const Variable again = forward(eval, unit, input, 0.0F);
            double sum = 0;
            for (int i = 0; i < 8; ++i) {
                for (int p = 0; p < 24; ++p) {
                    sum += static_cast<double>(again.value(i, p)) * ((i + 2 * p) % 5 - 2);
                }
            }
            return sum;
        };
        tape.backward();
        const auto error = hat::autograd::check_gradient({values.data(), 1, n},
                                                         {gradients.data(), 1, n}, loss, 3e-3F, 37);
        CHECK(error.relative() < 5e-3);
    }

    TEST_CASE("a wrong number of parameters is an error, and so is a shape without plan") {
        std::vector<float> values(10);
        CHECK_THROWS_WITH_AS((void)bind_dextra(small, Activation::swish, {values.data(), 10}),
                             "DExTra: found 10 parameters, expected 6452", hat::Error);
        DExTraShape odd = small;
        odd.inner_dim = 18;
        CHECK_THROWS_WITH_AS(
            (void)bind_dextra(odd, Activation::swish, {values.data(), 10}),
            "DExTra: inner_dim is not a multiple of the groups of a layer: found 18 and 4",
            hat::Error);
    }
}
