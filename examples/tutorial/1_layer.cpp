// SPDX-License-Identifier: Apache-2.0

/// A layer of 26 weights learns the alphabet from neighbours, by going down the slope of a loss.

#include <hat/autograd/autograd.hpp>
#include <hat/nn/linear.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>

namespace {
using hat::autograd::Tape;
using hat::autograd::Variable;

constexpr int letters = 26;
constexpr int pairs = letters - 1;  // a and b, b and c, … y and z

/// The loss of scores that should be positive, mean over all; and its gradient, unless `dy` is
/// empty.
double loss(hat::ConstMatrix y, hat::Matrix dy) {
    double sum = 0;
    for (int i = 0; i < pairs; ++i) {
        sum += std::log1p(std::exp(-y(i, 0))) / pairs;
        if (!dy.empty()) dy(i, 0) = -1 / (1 + std::exp(y(i, 0))) / pairs;
    }
    return sum;
}

}  // namespace

int main() {
    std::array<float, letters> weight{};
    std::array<float, letters> gradient{};
    std::uint8_t has_gradient = 0;
    const hat::Matrix w(weight.data(), 1, letters);
    const hat::Matrix dw(gradient.data(), 1, letters);
    const hat::nn::Linear<hat::nn::Trainable> layer{.weight = {w, dw, &has_gradient}};

    // One row for each pair: 1 for the letter that comes later, −1 for the one before it.
    std::array<float, pairs * letters> numbers{};
    const Variable x{hat::Matrix(numbers.data(), pairs, letters), nullptr};
    for (int i = 0; i < pairs; ++i) {
        x.value(i, i + 1) = 1;
        x.value(i, i) = -1;
    }

    hat::Arena memory;
    hat::Arena scratch;
    for (int step = 0; step <= 1000; ++step) {
        for (int i = 0; i < letters; ++i) w(0, i) -= 5 * dw(0, i);
        gradient.fill(0);
        memory.reset();
        Tape tape(memory, scratch, hat::RandomKey(1));
        const Variable y = forward(tape, layer, x);
        const double found = loss(y.value, tape.gradient(y));
        tape.backward();
        if (step % 500 == 0) std::printf("step %d: loss %.3f\n", step, found);
    }

    const auto error = hat::autograd::check_gradient(w, dw, [&] {
        hat::autograd::Eval eval(memory, scratch);
        return loss(forward(eval, layer, x).value, {});
    });
    std::printf("agrees with finite differences: %s\n", error.relative() < 1e-3 ? "yes" : "no");

    std::string alphabet = "thequickbrownfxjmpsvlazydg";
    std::sort(alphabet.begin(), alphabet.end(),
              [&](char a, char b) { return w(0, a - 'a') < w(0, b - 'a'); });
    std::printf("%s\n", alphabet.c_str());
}

// Output:
// step 0: loss 0.693
// step 500: loss 0.380
// step 1000: loss 0.262
// agrees with finite differences: yes
// abcdefghijklmnopqrstuvwxyz
