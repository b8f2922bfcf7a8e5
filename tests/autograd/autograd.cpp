// SPDX-License-Identifier: Apache-2.0
#include <hat/autograd/autograd.hpp>

#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <array>

using hat::Arena;
using hat::Random;
using hat::RandomKey;
using hat::autograd::Eval;
using hat::autograd::Parameter;
using hat::autograd::Tape;
using hat::autograd::Variable;
using hat::support::Operand;

namespace {

/// A weight and the gradient that a tape adds to.
struct Weight {
    Operand value;
    Operand gradient;

    Weight(Random& random, int rows, int cols) : value(random, rows, cols), gradient(rows, cols) {}
    [[nodiscard]] Parameter parameter() { return {value.view(), gradient.view(), nullptr}; }
    void descend(float rate) {
        for (int i = 0; i < value.view().rows(); ++i)
            for (int j = 0; j < value.view().cols(); ++j)
                value.view()(i, j) -= rate * gradient.view()(i, j);
    }
};

}  // namespace

TEST_SUITE("autograd/autograd") {
    TEST_CASE("what its description shows holds: a step against the gradient lowers the loss") {
        Random random(RandomKey(1));
        Weight weight(random, 5, 3);
        Weight bias(random, 1, 5);
        Weight words(random, 7, 5);
        Operand inputs(random, 4, 3);
        const std::array targets{0, 6, 3, 3};
        Arena memory;
        Arena scratch;
        const auto loss = [&](auto& context) {
            const Variable x{inputs.view(), nullptr};
            const Variable h =
                linear(context, x, weight.parameter(), bias.parameter(), hat::Activation::relu);
            return cross_entropy(context, h, words.parameter(), targets, 0.1F).loss;
        };

        Tape tape(memory, scratch, RandomKey(2));
        double least = loss(tape);
        tape.backward();
        for (Weight* w : {&weight, &bias, &words}) {
            w->descend(1e-3F);
            Eval eval(memory, scratch);
            const double stepped = loss(eval);
            CHECK(stepped < least);
            least = stepped;
        }
    }
}
