// SPDX-License-Identifier: Apache-2.0
#include <hat/autograd/gradient_check.hpp>
#include <hat/autograd/group_linear.hpp>

#include "support/reference_group_linear.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>

using hat::Activation;
using hat::Arena;
using hat::Matrix;
using hat::Random;
using hat::RandomKey;
using hat::autograd::Eval;
using hat::autograd::group_linear;
using hat::autograd::Parameter;
using hat::autograd::Tape;
using hat::autograd::Variable;
using hat::support::dot;
using hat::support::Doubles;
using hat::support::Operand;
using hat::support::relative_error;
using hat::support::same_bits;

namespace {

// Gradients in single precision against finite differences of the equations in double.
constexpr double tolerance = 3e-5;

/// A parameter that is a slice of something wider, with its gradient, which lies the same way.
struct Weight {
    Operand value;
    Operand gradient;
    std::uint8_t has_gradient = 0;

    Weight(Random& random, int rows, int cols, double deviation)
        : value(random, rows, cols, 3, deviation), gradient(rows, cols, 3) {}

    Parameter parameter() { return {value.view(), gradient.view(), &has_gradient}; }
};

struct Shape {
    int rows;
    int first_in;
    int second_in;  ///< 0: there is none
    int outputs;
    int groups;
    bool shuffle;
    bool bias;
    bool norm;
    Activation activation;
    float dropout;
};

constexpr std::array shapes{
    Shape{9, 16, 24, 40, 4, true, true, true, Activation::swish, 0.0F},
    Shape{6, 12, 0, 42, 6, true, true, true, Activation::gelu, 0.0F},
    Shape{5, 8, 32, 64, 2, false, false, true, Activation::swish, 0.0F},
    Shape{7, 20, 12, 19, 1, true, true, true, Activation::swish, 0.0F},
    Shape{7, 16, 16, 48, 8, true, true, false, Activation::tanh, 0.0F},
    Shape{4, 16, 0, 32, 4, true, false, false, Activation::linear, 0.0F},
    Shape{9, 16, 24, 40, 4, true, true, true, Activation::swish, 0.25F},
};

}  // namespace

TEST_SUITE("autograd/group_linear") {
    TEST_CASE("values and all gradients are those of the equations") {
        Random random(1);
        for (const Shape& s : shapes) {
            CAPTURE(s.groups);
            CAPTURE(s.outputs);
            CAPTURE(s.dropout);
            const Operand first(random, s.rows, s.first_in);
            const Operand second(random, s.rows, s.second_in);
            Weight first_weight(random, s.outputs, s.first_in / s.groups, 0.5);
            Weight second_weight(random, s.outputs, s.second_in / s.groups, 0.5);
            Weight bias(random, 1, s.outputs, 1.0);
            Weight gain(random, 1, s.outputs / s.groups, 1.0);
            Weight shift(random, 1, s.outputs / s.groups, 1.0);

            const RandomKey key(7);
            Arena memory;
            Arena scratch;
            Tape tape(memory, scratch, key);
            const auto variable = [&](const Operand& x) {
                const Variable v = tape.variable(x.view().rows(), x.view().cols());
                hat::kernels::add(x.view(), v.value, false);
                return v;
            };
            const Variable h = variable(first);
            const bool two = s.second_in > 0;
            const Variable x = two ? variable(second) : Variable{};
            const auto apply = [&](auto& context) {
                return group_linear(
                    context, {.groups = s.groups, .shuffle = s.shuffle, .activation = s.activation},
                    s.dropout, {h, first_weight.parameter()},
                    {x, two ? second_weight.parameter() : Parameter{}},
                    s.bias ? bias.parameter() : Parameter{},
                    s.norm ? gain.parameter() : Parameter{},
                    s.norm ? shift.parameter() : Parameter{});
            };
            const Variable y = apply(tape);
            const Operand upstream(random, s.rows, s.outputs);
            hat::kernels::add(upstream.view(), tape.gradient(y), false);
            // Something has flowed back into the first input already.
            const Matrix before = tape.gradient(h);
            for (int i = 0; i < s.rows; ++i) {
                for (float& g : before.row(i)) g = 1.0F;
            }
            tape.backward();

            hat::support::reference::GroupOperands o{
                Doubles(first), Doubles(first_weight.value), {}, {}, {}, {}, {}};
            if (two) o.second = Doubles(second);
            if (two) o.second_weight = Doubles(second_weight.value);
            if (s.bias) o.bias = Doubles(bias.value);
            if (s.norm) o.gain = Doubles(gain.value);
            if (s.norm) o.shift = Doubles(shift.value);
            const hat::kernels::Dropout drop = s.dropout > 0
                                                   ? hat::kernels::Dropout(s.dropout, key.split(0))
                                                   : hat::kernels::Dropout{};
            const auto expected = [&] {
                return hat::support::reference::group_linear(
                    o, s.groups, s.shuffle, s.activation, [&](int i, int p) {
                        return static_cast<double>(
                            drop.factor(static_cast<std::uint32_t>(i * s.outputs + p)));
                    });
            };
            CHECK(relative_error(y.value, expected()) < tolerance);
            const auto loss = [&] { return dot(expected(), Doubles(upstream)); };
            const Doubles ones(s.rows, s.first_in, 1.0);
            CHECK(relative_error(tape.gradient(h), ones + finite_differences(o.first, loss)) <
                  tolerance);
            const auto check = [&](Weight& weight, Doubles& of) {
                CHECK(relative_error(weight.gradient.view(), finite_differences(of, loss)) <
                      tolerance);
                CHECK(weight.gradient.padding_is_untouched());
                CHECK(weight.has_gradient == 1);
            };
            check(first_weight, o.first_weight);
            if (two) {
                check(second_weight, o.second_weight);
                CHECK(relative_error(tape.gradient(x), finite_differences(o.second, loss)) <
                      tolerance);
            }
            if (s.bias) check(bias, o.bias);
            if (s.norm) {
                check(gain, o.gain);
                check(shift, o.shift);
            }
            if (s.dropout > 0) continue;
            Arena eval_memory;
            Eval eval(eval_memory, scratch);
            CHECK(same_bits(apply(eval).value, y.value));
        }
    }

    TEST_CASE("the gradient check agrees where both inputs are one variable") {
        Random random(2);
        Operand x(random, 5, 24);
        Weight first_weight(random, 32, 6, 0.5);
        Weight second_weight(random, 32, 6, 0.5);
        Weight gain(random, 1, 8, 1.0);
        Weight shift(random, 1, 8, 1.0);
        Arena scratch;
        const auto apply = [&](auto& context, const Variable& v) {
            return group_linear(context,
                                {.groups = 4, .shuffle = true, .activation = Activation::swish},
                                0.0F, {v, first_weight.parameter()}, {v, second_weight.parameter()},
                                {}, gain.parameter(), shift.parameter());
        };
        Arena memory;
        Tape tape(memory, scratch, RandomKey(1));
        const Variable v = tape.variable(5, 24);
        hat::kernels::add(x.view(), v.value, false);
        const Variable y = apply(tape, v);
        const Operand upstream(random, 5, 32);
        hat::kernels::add(upstream.view(), tape.gradient(y), false);
        tape.backward();
        const auto loss = [&] {
            Arena eval_memory;
            Eval eval(eval_memory, scratch);
            return dot(Doubles(apply(eval, Variable{x.view(), nullptr}).value), Doubles(upstream));
        };
        CHECK(hat::autograd::check_gradient(x.view(), tape.gradient(v), loss).relative() < 5e-3);
    }

    TEST_CASE("frozen weights get no gradient and change nothing else") {
        Random random(3);
        const Operand x(random, 5, 16);
        Weight weight(random, 24, 4, 0.5);
        Weight gain(random, 1, 6, 1.0);
        Weight shift(random, 1, 6, 1.0);
        Arena scratch;
        const auto input_gradient = [&](bool frozen, Operand& to) {
            const auto parameter = [&](Weight& w) {
                return frozen ? Parameter{w.value.view(), {}, nullptr} : w.parameter();
            };
            Arena memory;
            Tape tape(memory, scratch, RandomKey(1));
            const Variable h = tape.variable(5, 16);
            hat::kernels::add(x.view(), h.value, false);
            const Variable y = group_linear(
                tape, {.groups = 4, .shuffle = true, .activation = Activation::swish}, 0.0F,
                {h, parameter(weight)}, {}, {}, parameter(gain), parameter(shift));
            const Matrix dy = tape.gradient(y);
            for (int i = 0; i < 5; ++i) {
                for (int p = 0; p < 24; ++p) dy(i, p) = static_cast<float>((i + p) % 3);
            }
            tape.backward();
            hat::kernels::add(tape.gradient(h), to.view(), false);
        };
        Operand frozen(5, 16);
        Operand trained(5, 16);
        input_gradient(true, frozen);
        CHECK(weight.has_gradient + gain.has_gradient + shift.has_gradient == 0);
        input_gradient(false, trained);
        CHECK(weight.has_gradient + gain.has_gradient + shift.has_gradient == 3);
        CHECK(same_bits(frozen.view(), trained.view()));
    }
}
