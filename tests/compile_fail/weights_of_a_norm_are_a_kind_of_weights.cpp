// SPDX-License-Identifier: Apache-2.0
// Expect: LayerNorm: its first argument is a kind of weights

#include <hat/nn/layer_norm.hpp>

using hat::nn::LayerNorm;
using hat::nn::Trainable;

const LayerNorm<Trainable> right{};
const LayerNorm<double> wrong{};  // wrong
