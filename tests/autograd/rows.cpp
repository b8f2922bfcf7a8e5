// SPDX-License-Identifier: Apache-2.0
#include <hat/autograd/rows.hpp>

#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>

using hat::Arena;
using hat::RandomKey;
using hat::autograd::PlacedRows;
using hat::autograd::Tape;
using hat::autograd::Variable;
using hat::support::Operand;

namespace {

Variable variable(Tape& tape, const Operand& from) {
    const Variable x = tape.variable(from.view().rows(), from.view().cols());
    hat::kernels::add(from.view(), x.value, false);
    return x;
}

}  // namespace

TEST_SUITE("autograd/rows") {
    TEST_CASE("what is gathered twice gets the gradients of both, and what is not gets none") {
        hat::Random random(1);
        const Operand from(random, 4, 5);
        const Operand slope(random, 3, 5);
        constexpr std::array places{3, 1, 3};
        Arena memory;
        Arena scratch;
        Tape tape(memory, scratch, RandomKey(1));
        const Variable x = variable(tape, from);
        const Variable y = gather_rows(tape, x, places);
        hat::kernels::add(slope.view(), tape.gradient(y), false);
        tape.backward();
        const hat::Matrix dx = tape.gradient(x);
        for (int j = 0; j < 5; ++j) {
            for (int i = 0; i < 3; ++i)
                CHECK(y.value(i, j) == from(places[static_cast<std::size_t>(i)], j));
            CHECK(dx(0, j) == 0.0F);
            CHECK(dx(1, j) == slope(1, j));
            CHECK(dx(2, j) == 0.0F);
            CHECK(dx(3, j) == slope(0, j) + slope(2, j));
        }
    }

    TEST_CASE("parts are joined at their places, and each gets the gradient from there") {
        hat::Random random(2);
        const Operand first(random, 1, 3);
        const Operand second(random, 2, 3);
        const Operand slope(random, 3, 3);
        constexpr std::array middle{1};
        constexpr std::array ends{2, 0};
        Arena memory;
        Arena scratch;
        Tape tape(memory, scratch, RandomKey(1));
        const Variable a = variable(tape, first);
        const Variable b = variable(tape, second);
        const std::array parts{PlacedRows{a, middle}, PlacedRows{b, ends}};
        const Variable y = join_rows(tape, parts, 3, 3);
        hat::kernels::add(slope.view(), tape.gradient(y), false);
        tape.backward();
        for (int j = 0; j < 3; ++j) {
            CHECK(y.value(0, j) == second(1, j));
            CHECK(y.value(1, j) == first(0, j));
            CHECK(y.value(2, j) == second(0, j));
            CHECK(tape.gradient(a)(0, j) == slope(1, j));
            CHECK(tape.gradient(b)(0, j) == slope(2, j));
            CHECK(tape.gradient(b)(1, j) == slope(0, j));
        }
    }
}
