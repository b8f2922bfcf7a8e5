// SPDX-License-Identifier: Apache-2.0
// Expect: a width.*the depth.*sandths.*max_groups is.*odd.*of max_.*inner_dim is.*its groups.*next

#include <hat/nn/dextra_shape.hpp>

using hat::nn::DExTraShape;
using hat::nn::StaticDExTraShape;

static_assert(StaticDExTraShape<DExTraShape{64, 32, 32, 4, 2000, 4}>::plan.depth == 4);
static_assert(StaticDExTraShape<DExTraShape{0, 32, 32, 4, 2000, 4}>::plan.depth == 0);     // wrong
static_assert(StaticDExTraShape<DExTraShape{64, 32, 32, 21, 2000, 4}>::plan.depth == 0);   // wrong
static_assert(StaticDExTraShape<DExTraShape{64, 32, 32, 4, 70000, 4}>::plan.depth == 0);   // wrong
static_assert(StaticDExTraShape<DExTraShape{64, 32, 32, 4, 2000, 0}>::plan.depth == 0);    // wrong
static_assert(StaticDExTraShape<DExTraShape{65, 32, 32, 4, 2000, 4}>::plan.depth == 0);    // wrong
static_assert(StaticDExTraShape<DExTraShape{66, 32, 32, 4, 2000, 4}>::plan.depth == 0);    // wrong
static_assert(StaticDExTraShape<DExTraShape{100, 50, 50, 4, 2000, 4}>::plan.depth == 0);   // wrong
static_assert(StaticDExTraShape<DExTraShape{64, 32, 31, 4, 2000, 4}>::plan.depth == 0);    // wrong
static_assert(StaticDExTraShape<DExTraShape{240, 120, 2, 8, 1950, 12}>::plan.depth == 0);  // wrong
