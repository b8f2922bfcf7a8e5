// SPDX-License-Identifier: Apache-2.0
//
// Networks of integers find on a device what they find elsewhere.

#include "support/integer_network.hpp"

#include <cinttypes>
#include <cstdio>

int main() {
    const auto found = hat::support::find_with_integers();
    const auto& known = hat::support::known_findings;
    std::printf("%d tokens, hash %" PRIu64 "\n", found.tokens, found.hash);
    if (found.tokens == known.tokens && found.hash == known.hash)
        std::puts("the same as elsewhere");
    return 0;
}
