// SPDX-License-Identifier: Apache-2.0
#include <hat/core/position.hpp>
#include <hat/core/special_tokens.hpp>

#include <doctest/doctest.h>

TEST_SUITE("core/position") {
    TEST_CASE("the first token reads the row behind that of the reference's padding") {
        static_assert(hat::first_position == hat::fairseq_special_tokens.pad + 1);
    }
}
