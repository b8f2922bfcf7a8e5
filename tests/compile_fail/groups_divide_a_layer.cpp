// SPDX-License-Identifier: Apache-2.0
// Expect: GroupLinear: in is not a multiple of groups

#include <hat/nn/group_linear.hpp>

using hat::Fixed;
using hat::nn::GroupLinear;
using hat::nn::Packed;

const GroupLinear<Packed, Fixed<8>, Fixed<12>, Fixed<0>, Fixed<4>> four{};
const GroupLinear<Packed, Fixed<8>, Fixed<10>, Fixed<0>, Fixed<4>> wrong{};  // wrong
