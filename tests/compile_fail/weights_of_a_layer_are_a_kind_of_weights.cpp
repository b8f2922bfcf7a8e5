// SPDX-License-Identifier: Apache-2.0
// Expect: Linear: its first argument is a kind of weights

#include <hat/nn/linear.hpp>

using hat::nn::Linear;
using hat::nn::Packed;

const Linear<Packed> packed{};
const Linear<float> wrong{};  // wrong
