// SPDX-License-Identifier: Apache-2.0

/// An operation of one's own: y = x², differentiable, in ten lines; and the proof that its gradient
/// is right.

#include <hat/autograd/autograd.hpp>

#include <cstdio>

namespace {

using hat::autograd::Tape;
using hat::autograd::Variable;

template <class Context>
Variable square(Context& context, const Variable& x) {
    const Variable y = context.variable(x.rows(), x.cols());
    for (int i = 0; i < x.rows(); ++i) {
        for (int j = 0; j < x.cols(); ++j) y.value(i, j) = x.value(i, j) * x.value(i, j);
    }
    context.record([=](Tape& tape) {
        const hat::Matrix dy = tape.gradient(y);
        const hat::Matrix dx = tape.gradient(x);
        for (int i = 0; i < x.rows(); ++i) {
            for (int j = 0; j < x.cols(); ++j) dx(i, j) += 2 * x.value(i, j) * dy(i, j);
        }
    });
    return y;
}

}  // namespace

int main() {
    hat::Arena memory;
    hat::Arena scratch;
    Tape tape(memory, scratch, hat::RandomKey(1));
    const Variable x = tape.variable(2, 3);
    for (int i = 0; i < 6; ++i) x.value.data()[i] = static_cast<float>(i) - 2.5F;

    const Variable y = square(tape, x);
    const hat::Matrix dy = tape.gradient(y);
    for (int i = 0; i < 6; ++i) dy.data()[i] = 1;  // the loss is the sum of y
    tape.backward();

    const auto loss = [&] {
        hat::autograd::Eval eval(memory, scratch);
        const Variable again = square(eval, Variable{x.value, nullptr});
        double sum = 0;
        for (int i = 0; i < 6; ++i) sum += static_cast<double>(again.value.data()[i]);
        return sum;
    };
    const auto error = hat::autograd::check_gradient(x.value, tape.gradient(x), loss);
    std::printf("dx of the first element: %.1f\n", static_cast<double>(tape.gradient(x)(0, 0)));
    std::printf("agrees with finite differences: %s\n", error.relative() < 1e-3 ? "yes" : "no");
}

// Output:
// dx of the first element: -5.0
// agrees with finite differences: yes
