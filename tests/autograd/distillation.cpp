// SPDX-License-Identifier: Apache-2.0
#include <hat/autograd/distillation.hpp>
#include <hat/autograd/functions.hpp>
#include <hat/autograd/gradient_check.hpp>
#include <hat/autograd/tape.hpp>

#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <utility>

using namespace hat::autograd;
using hat::Arena;
using hat::Random;
using hat::RandomKey;
using hat::support::Operand;

TEST_SUITE("autograd/distillation") {
    TEST_CASE("a student's gradients are finite differences of its loss, and reach what is below") {
        constexpr double tolerance = 2e-3;  // of differences in single precision, step 1e-2
        constexpr std::array targets{0, 4, 2, 1, 3};
        Random random(1);
        Operand x(random, 5, 6);
        Operand below(random, 7, 6, 0, 0.4);
        Operand weight(random, 11, 7, 2, 0.4);
        const Operand states(random, 5, 4);
        const Operand teacher(random, 11, 4);
        Operand dbelow(7, 6);
        Operand dweight(11, 7, 2);
        std::uint8_t has_gradient = 0;
        Arena memory;
        Arena scratch;
        const auto loss = [&](auto& context, const Parameter& first, const Parameter& last) {
            const Variable y = linear(context, Variable{x.view()}, first);
            return distilled_cross_entropy(context, y, last, targets, 0.1F,
                                           {states.view(), teacher.view(), 0.5F, 2.0F})
                .loss;
        };
        Tape tape(memory, scratch, RandomKey(1));
        const double recorded = loss(tape, {below.view(), dbelow.view(), nullptr},
                                     {weight.view(), dweight.view(), &has_gradient});
        tape.backward();
        CHECK(has_gradient == 1);
        const auto eval_loss = [&] {
            Arena eval_memory;
            Eval eval(eval_memory, scratch);
            return loss(eval, {below.view(), {}, nullptr}, {weight.view(), {}, nullptr});
        };
        CHECK(eval_loss() == recorded);
        CHECK(check_gradient(below.view(), dbelow.view(), eval_loss).relative() < tolerance);
        CHECK(check_gradient(weight.view(), dweight.view(), eval_loss).relative() < tolerance);
    }
}
