// SPDX-License-Identifier: Apache-2.0

/// A layer between matrices of Eigen's: its weights, what it reads and what it makes are theirs,
/// and no number is copied.

#include <hat/core/eigen.hpp>
#include <hat/nn/linear.hpp>

#include <Eigen/Core>

#include <cstdio>

namespace nn = hat::nn;
using hat::autograd::constant;
using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

int main() {
    RowMajor weight(2, 3);  // [outputs, inputs]
    weight << 1, 2, 3,      //
        0, -1, 1;
    const Eigen::RowVector2f bias(0.5F, -0.5F);
    const nn::Linear<nn::Trainable> layer{constant(hat::as_view(weight)),
                                          constant(hat::as_vector_view(bias))};

    RowMajor x(2, 3);  // two tokens
    x << 1, 0, 1,      //
        2, 1, 0;
    hat::Arena memory;
    hat::Arena scratch;
    const hat::autograd::Eval eval(memory, scratch);
    const nn::Variable y = forward(eval, layer, {hat::as_view(x)}, hat::Activation::relu);

    const auto result = hat::as_eigen(y.value);  // a map: valid until the arena is reset
    const RowMajor expected = ((x * weight.transpose()).rowwise() + bias).cwiseMax(0.0F);
    std::printf("%g %g\n%g %g\n", double(result(0, 0)), double(result(0, 1)), double(result(1, 0)),
                double(result(1, 1)));
    std::printf("as Eigen has it: %s; sum %g\n", result == expected ? "yes" : "no",
                double(result.sum()));
}

// Output:
// 4.5 0.5
// 4.5 0
// as Eigen has it: yes; sum 9.5
