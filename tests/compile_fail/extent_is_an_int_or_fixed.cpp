// SPDX-License-Identifier: Apache-2.0
// Expect: constraints not satisfied|no matching function

#include <hat/core/extent.hpp>

static_assert(hat::add(1, hat::Fixed<2>{}) == 3);
static_assert(hat::add(1L, hat::Fixed<2>{}) == 3);  // wrong
