// SPDX-License-Identifier: Apache-2.0
#include <hat/core/core.hpp>

#include <doctest/doctest.h>

#include <algorithm>

TEST_SUITE("core/core") {
    TEST_CASE("what its description shows holds: a slice of a matrix is a view") {
        hat::Arena arena;
        const hat::Matrix x = arena.matrix(30, 128);
        const hat::Matrix head = x.middle_cols(32, 32);
        for (int i = 0; i < x.rows(); ++i) std::ranges::fill(x.row(i), 0.0F);
        head(2, 3) = 1.0F;
        CHECK(x(2, 35) == 1.0F);
        CHECK(head.rows() == 30);
        CHECK(head.cols() == 32);
    }
}
