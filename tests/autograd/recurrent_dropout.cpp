// SPDX-License-Identifier: Apache-2.0
#include <hat/autograd/recurrent_dropout.hpp>

#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace hat::autograd;
using hat::Arena;
using hat::Matrix;
using hat::Ragged;
using hat::RandomKey;
using hat::support::Operand;
using hat::support::same_bits;

namespace {

constexpr std::array offsets{0, 4, 6};
const Ragged sentences(offsets.data(), 2);

}  // namespace

TEST_SUITE("autograd/recurrent_dropout") {
    TEST_CASE("the gradient goes through the mask of the way there") {
        Arena memory;
        Arena scratch;
        Tape tape(memory, scratch, RandomKey(1));
        const Variable x = tape.variable(6, 20);
        hat::Random random(2);
        for (float& v : hat::Vector(x.value.data(), 120)) v = static_cast<float>(random.normal());
        const Variable y = recurrent_dropout(tape, 0.5F, x, sentences);
        const Operand upstream(random, 6, 20);
        hat::kernels::add(upstream.view(), tape.gradient(y), false);
        tape.backward();
        int dropped = 0;
        for (int t = 0; t < 6; ++t) {
            for (int c = 0; c < 20; ++c) {
                const float factor = y.value(t, c) / x.value(t, c);
                CHECK((factor == 0.0F || factor == 2.0F));
                CHECK(tape.gradient(x)(t, c) == factor * upstream(t, c));
                dropped += factor == 0.0F ? 1 : 0;
            }
        }
        CHECK(dropped > 20);
        CHECK(dropped < 100);
    }

    TEST_CASE("every use of a tape has a mask of its own") {
        Arena memory;
        Arena scratch;
        Tape tape(memory, scratch, RandomKey(1));
        const Variable x = tape.variable(6, 20);
        for (float& v : hat::Vector(x.value.data(), 120)) v = 1;
        const Variable a = recurrent_dropout(tape, 0.5F, x, sentences);
        const Variable b = recurrent_dropout(tape, 0.5F, x, sentences);
        CHECK_FALSE(same_bits(a.value, b.value));
    }

    TEST_CASE("evaluation, and a probability of 0, drop nothing and copy nothing") {
        Arena memory;
        Arena scratch;
        Tape tape(memory, scratch, RandomKey(1));
        Eval eval(memory, scratch);
        const Variable x = tape.variable(6, 20);
        CHECK(recurrent_dropout(eval, 0.5F, x, sentences).value.data() == x.value.data());
        CHECK(recurrent_dropout(tape, 0.0F, x, sentences).value.data() == x.value.data());
    }
}
