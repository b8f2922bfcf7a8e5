// SPDX-License-Identifier: Apache-2.0

/// An activation of one's own, with its slope: with max(x, 0)² two layers learn to multiply, as
/// ab = ((a + b)² − (a − b)²) / 4. The loop that trains them is one's own, too.

#include <hat/autograd/functions.hpp>
#include <hat/train/adam.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <vector>

namespace autograd = hat::autograd;
using autograd::Variable;

template <class Context>
Variable squared_relu(Context& context, const Variable& x) {
    return autograd::elementwise(
        context, x, [](float v) { return v > 0 ? v * v : 0.0F; },
        [](float v) { return v > 0 ? 2 * v : 0.0F; });
}

int main() {
    hat::TensorTable table;
    table.add_matrix("first", 4, 2);  // [outputs, inputs]
    table.add_matrix("second", 1, 4);
    hat::Slab values(table), gradients(table);
    std::vector<std::uint8_t> has_gradient{0, 0};
    const auto weight = [&](int i) -> autograd::Parameter {
        return {values.matrix(table[i]), gradients.matrix(table[i]), has_gradient.data() + i};
    };
    hat::Random random(1);
    for (float& x : hat::VectorView(values.data(), static_cast<int>(values.size())))
        x = static_cast<float>(random.uniform(-1, 1));

    hat::Arena memory, scratch;
    hat::ThreadPool pool(1);
    hat::train::Adam adam(table);
    for (int update = 1; update <= 900; ++update) {
        memory.reset();
        autograd::Tape tape(memory, scratch, hat::RandomKey(1));
        const Variable x = tape.variable(32, 2);
        for (float& v : hat::VectorView(x.value.data(), 64)) v = float(random.uniform(-1, 1));
        const Variable first = autograd::linear(tape, x, weight(0));
        const Variable y = autograd::linear(tape, squared_relu(tape, first), weight(1));
        float worst = 0;
        for (int i = 0; i < x.rows(); ++i) {
            const float error = y.value(i, 0) - x.value(i, 0) * x.value(i, 1);
            tape.gradient(y)(i, 0) = error / 32;  // of half the mean squared error
            worst = std::max({worst, error, -error});
        }
        tape.backward();
        adam.step(values, gradients, has_gradient, {.learning_rate = 3e-3, .clear_gradients = true},
                  pool);
        if (update % 300 == 0)
            std::printf("update %d: wrong by at most %.3f\n", update, double(worst));
    }
}

// Output:
// update 300: wrong by at most 0.523
// update 600: wrong by at most 0.082
// update 900: wrong by at most 0.000
