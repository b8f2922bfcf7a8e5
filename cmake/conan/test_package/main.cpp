// SPDX-License-Identifier: Apache-2.0
/// Prints the version of the package, which it was compiled with.

#include <hat/core/random.hpp>
#include <hat/version.hpp>

#include <cstdio>

#ifndef HAT_NO_CONTRACTION
#error "expected the definition that goes with -ffp-contract=off"
#endif

int main() {
    hat::Random random(1);
    std::printf("hat %s, a die shows %d\n", HAT_VERSION, 1 + static_cast<int>(random.below(6)));
}
