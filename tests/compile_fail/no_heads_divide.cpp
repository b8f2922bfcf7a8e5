// SPDX-License-Identifier: Apache-2.0
// Expect: SelfAttention: heads do not divide qkv_dim

#include <hat/nn/attention.hpp>

using hat::Fixed;
using hat::nn::Packed;
using hat::nn::SelfAttention;

const SelfAttention<Packed, Fixed<64>, Fixed<64>, Fixed<1>> one{};
const SelfAttention<Packed, Fixed<64>, Fixed<64>, Fixed<0>> wrong{};  // wrong
