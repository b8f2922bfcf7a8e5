// SPDX-License-Identifier: Apache-2.0
#include <hat/autograd/functions.hpp>
#include <hat/autograd/straight_through.hpp>
#include <hat/autograd/tape.hpp>

#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

using namespace hat::autograd;
using hat::Arena;
using hat::Matrix;
using hat::Random;
using hat::RandomKey;

namespace {

Variable random_variable(Tape& tape, int rows, int cols) {
    const Variable x = tape.variable(rows, cols);
    Random random(1);
    for (int i = 0; i < rows; ++i)
        for (float& v : x.value.row(i)) v = static_cast<float>(random.normal());
    return x;
}

}  // namespace

TEST_SUITE("autograd/straight_through") {
    TEST_CASE("every group of a row has 127 steps on either side of its own") {
        Arena memory;
        Arena scratch;
        Tape tape(memory, scratch, RandomKey(1));
        const Variable x = random_variable(tape, 3, 40);
        const Variable y = round_to_int8(tape, x, 4);
        for (int i = 0; i < 3; ++i) {
            for (int first = 0; first < 40; first += 10) {
                double largest = 0;
                for (int j = first; j < first + 10; ++j)
                    largest = std::max(largest, std::abs(static_cast<double>(x.value(i, j))));
                for (int j = first; j < first + 10; ++j) {
                    const double steps = static_cast<double>(y.value(i, j)) * 127 / largest;
                    CHECK(std::abs(steps - std::nearbyint(steps)) < 1e-4);
                    CHECK(std::abs(static_cast<double>(y.value(i, j) - x.value(i, j))) <=
                          0.5 * largest / 127 * (1 + 1e-4));
                }
            }
        }
    }

    TEST_CASE("gradients pass as they are, and add up with those of the number itself") {
        Arena memory;
        Arena scratch;
        Tape tape(memory, scratch, RandomKey(1));
        const Variable x = random_variable(tape, 2, 8);
        const Variable whole = residual(tape, 0.0F, round_to_int8(tape, x), x);
        for (float& dy : tape.gradient(whole).row(1)) dy = 3;
        tape.backward();
        for (const float dx : tape.gradient(x).row(0)) CHECK(dx == 0);
        for (const float dx : tape.gradient(x).row(1)) CHECK(dx == 6);
    }
}
