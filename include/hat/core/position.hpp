// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace hat {

/// The row of a position table that the first token of a sentence reads, whatever the special
/// tokens are: the reference counts from its padding index plus one.
inline constexpr int first_position = 2;

}  // namespace hat
