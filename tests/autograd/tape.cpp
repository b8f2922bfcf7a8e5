// SPDX-License-Identifier: Apache-2.0
#include <hat/autograd/functions.hpp>
#include <hat/autograd/tape.hpp>

#include "support/allocations.hpp"
#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <type_traits>

using hat::Arena;
using hat::Matrix;
using hat::Random;
using hat::RandomKey;
using hat::autograd::Eval;
using hat::autograd::Parameter;
using hat::autograd::Tape;
using hat::autograd::Variable;
using hat::support::Operand;
using hat::support::same_bits;

namespace {

/// y = x², as a user of the library would write it.
template <class Context>
Variable square(Context& context, Variable x) {
    const Variable y = context.variable(x.rows(), x.cols());
    for (int i = 0; i < x.rows(); ++i) {
        for (int j = 0; j < x.cols(); ++j) y.value(i, j) = x.value(i, j) * x.value(i, j);
    }
    context.record([=](Tape& tape) {
        const Matrix dy = tape.gradient(y);
        const Matrix dx = tape.gradient(x);
        for (int i = 0; i < x.rows(); ++i) {
            for (int j = 0; j < x.cols(); ++j) dx(i, j) += 2 * x.value(i, j) * dy(i, j);
        }
    });
    return y;
}

void fill(Matrix m, float value) {
    for (int i = 0; i < m.rows(); ++i) {
        for (float& x : m.row(i)) x = value;
    }
}

/// A tape with arenas of its own.
struct OwnTape {
    Arena memory;
    Arena scratch;
    Tape tape{memory, scratch, RandomKey(1)};
};

}  // namespace

TEST_SUITE("autograd/tape") {
    // Backward functions capture these; what lies in an arena is never destroyed.
    static_assert(std::is_trivially_destructible_v<Variable>);
    static_assert(std::is_trivially_destructible_v<Parameter>);

    TEST_CASE("an operation of one's own has a value and a gradient") {
        OwnTape own;
        const Variable x = own.tape.variable(1, 2);
        x.value(0, 0) = 3.0F;
        x.value(0, 1) = -4.0F;
        const Variable y = square(own.tape, square(own.tape, x));
        CHECK(y.value(0, 0) == 81.0F);
        CHECK(y.value(0, 1) == 256.0F);
        fill(own.tape.gradient(y), 1.0F);
        own.tape.backward();
        CHECK(own.tape.gradient(x)(0, 0) == 4.0F * 27.0F);
        CHECK(own.tape.gradient(x)(0, 1) == 4.0F * -64.0F);
    }

    TEST_CASE("an evaluation computes the same and records nothing") {
        OwnTape own;
        Arena memory;
        Arena scratch;
        Eval eval(memory, scratch);
        Random random(2);
        const Operand x(random, 3, 5);
        const auto run = [&](auto& context) {
            const Variable in = context.variable(3, 5);
            hat::kernels::add(x.view(), in.value, false);
            return square(context, in);
        };
        const Variable y = run(eval);
        CHECK(same_bits(y.value, run(own.tape).value));
        CHECK(y.gradient == nullptr);
    }

    TEST_CASE("a variable that is used several times collects the gradients of all uses") {
        OwnTape own;
        const Variable x = own.tape.variable(1, 1);
        x.value(0, 0) = 3.0F;
        // y = (x² + x) + x
        const Variable y =
            residual(own.tape, 0.0F, residual(own.tape, 0.0F, square(own.tape, x), x), x);
        CHECK(y.value(0, 0) == 15.0F);
        fill(own.tape.gradient(y), 2.0F);
        own.tape.backward();
        CHECK(own.tape.gradient(x)(0, 0) == 2.0F * (2.0F * 3.0F + 2.0F));
    }

    TEST_CASE("a parameter collects the gradients of all uses and all tapes") {
        Operand weight(1, 1, 0, 2.0F);
        Operand gradient(1, 1);
        std::uint8_t has_gradient = 0;
        const Parameter w{weight.view(), gradient.view(), &has_gradient};
        for (int pass = 1; pass <= 2; ++pass) {
            OwnTape own;
            const Variable x = own.tape.variable(1, 1);
            x.value(0, 0) = 3.0F;
            const Variable y = linear(own.tape, linear(own.tape, x, w), w);  // w² x
            fill(own.tape.gradient(y), 1.0F);
            own.tape.backward();
            CHECK(gradient(0, 0) == static_cast<float>(pass) * 12.0F);  // 2 w x
            CHECK(has_gradient == 1);
        }
    }

    TEST_CASE("what nothing flows back to has no gradient, and reads as zero") {
        OwnTape own;
        const Variable x = own.tape.variable(1, 2);
        fill(x.value, 1.0F);
        const Variable unused = square(own.tape, x);
        CHECK_FALSE(Tape::has_gradient(x));
        CHECK(own.tape.gradient(unused)(0, 1) == 0.0F);
        CHECK(Tape::has_gradient(unused));
    }

    TEST_CASE("a constant needs no gradient") {
        OwnTape own;
        Operand constant(2, 3, 0, 1.5F);
        const Variable x = own.tape.variable(2, 3);
        fill(x.value, 2.0F);
        const Variable c{constant.view(), nullptr};
        const Variable y = residual(own.tape, 0.0F, x, square(own.tape, c));
        fill(own.tape.gradient(y), 1.0F);
        own.tape.backward();
        CHECK(own.tape.gradient(x)(1, 2) == 1.0F);
        CHECK_FALSE(Tape::has_gradient(c));
    }

    TEST_CASE("every dropout of a tape has numbers of its own, told by the key") {
        Arena memory;
        Arena scratch;
        const auto factors = [&](std::uint64_t seed, int which) {
            Tape tape(memory, scratch, RandomKey(seed));
            for (int i = 0; i < which; ++i) static_cast<void>(tape.dropout(0.5F));
            const auto drop = tape.dropout(0.5F);
            std::uint64_t bits = 0;
            for (std::uint32_t i = 0; i < 64; ++i) bits = 2 * bits + (drop.factor(i) > 0 ? 1 : 0);
            return bits;
        };
        CHECK(factors(1, 0) == factors(1, 0));
        CHECK(factors(1, 0) != factors(1, 1));
        CHECK(factors(1, 0) != factors(2, 0));
    }

    TEST_CASE("nothing is dropped by an evaluation, nor with probability 0") {
        OwnTape own;
        CHECK_FALSE(Eval::dropout(0.5F).active());
        CHECK_FALSE(own.tape.dropout(0.0F).active());
        CHECK(own.tape.dropout(0.5F).active());
    }

    TEST_CASE("a tape runs backwards once") {
        OwnTape own;
        const Variable x = own.tape.variable(1, 1);
        x.value(0, 0) = 3.0F;
        fill(own.tape.gradient(square(own.tape, x)), 1.0F);
        own.tape.backward();
        own.tape.backward();
        CHECK(own.tape.gradient(x)(0, 0) == 6.0F);
    }

    TEST_CASE("steps of the same size allocate nothing once the arenas have theirs") {
        Arena memory;
        Arena scratch;
        Random random(3);
        Operand weight(random, 300, 300);
        Operand gradient(300, 300);
        std::uint8_t has_gradient = 0;
        const Parameter w{weight.view(), gradient.view(), &has_gradient};
        const auto step = [&] {
            memory.reset();
            scratch.reset();
            Tape tape(memory, scratch, RandomKey(4));
            Variable x = tape.variable(500, 300);
            fill(x.value, 0.5F);
            for (int layer = 0; layer < 4; ++layer) x = dropout(tape, 0.1F, linear(tape, x, w));
            fill(tape.gradient(x), 1.0F);
            tape.backward();
        };
        CHECK(hat::support::allocations_in(step) > 0);
        step();
        CHECK(hat::support::allocations_in(step) == 0);
        CHECK(hat::support::allocations_in(step) == 0);
    }
}
