// SPDX-License-Identifier: Apache-2.0

/// Attention alone, on weights of one's own: a batch of two sentences without padding, whose tokens
/// look at themselves and at those before them.

#include <hat/nn/attention.hpp>

#include <array>
#include <cstdio>

namespace nn = hat::nn;
using hat::autograd::constant;

constexpr int dim = 4;

int main() {
    // Queries, keys and values in one matrix, and what leads back: rows are outputs.
    hat::Random random(1);
    std::array<float, 4 * dim * dim> weights;
    for (float& w : weights) w = static_cast<float>(random.normal());
    const auto linear = [&](int part) {
        return nn::Linear<nn::Trainable>{
            constant(hat::ConstMatrix(weights.data() + part * dim * dim, dim, dim)), {}};
    };
    const nn::SelfAttention<nn::Trainable> attention{.heads = 2,
                                                     .query = linear(0),
                                                     .key = linear(1),
                                                     .value = linear(2),
                                                     .out_proj = linear(3)};

    hat::Arena memory;
    hat::Arena scratch;
    const hat::autograd::Eval eval(memory, scratch);
    const nn::Variable x = eval.variable(5, dim);
    for (int token = 0; token < 5; ++token)
        for (float& feature : x.value.row(token)) feature = static_cast<float>(random.normal());

    // Rows 0 to 2 are one sentence, rows 3 and 4 the other.
    const std::array offsets{0, 3, 5};
    const nn::WholeSequences causal{.sentences = {offsets.data(), 2}, .causal = true};
    const hat::Matrix y = forward(eval, attention, x, causal).value;
    for (int token = 0; token < 5; ++token)
        std::printf("token %d: %6.3f %6.3f %6.3f %6.3f\n", token, double(y(token, 0)),
                    double(y(token, 1)), double(y(token, 2)), double(y(token, 3)));

    x.value(2, 0) += 1;  // the last token of the first sentence
    const hat::Matrix z = forward(eval, attention, x, causal).value;
    for (int token = 0; token < 5; ++token)
        if (z(token, 0) != y(token, 0)) std::printf("token %d sees token 2\n", token);
}

// Output:
// token 0:  7.463 -3.213 -0.601  0.608
// token 1:  7.697 -3.108 -0.300  0.443
// token 2:  4.721 -1.735  0.641  0.500
// token 3: -4.409  0.814 -1.877  0.004
// token 4: -2.385  0.704 -0.592  0.216
// token 2 sees token 2
