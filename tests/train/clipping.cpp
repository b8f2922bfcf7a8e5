// SPDX-License-Identifier: Apache-2.0
#include <hat/train/clipping.hpp>

#include <doctest/doctest.h>

using hat::train::clip_factor;

TEST_SUITE("train/clipping") {
    TEST_CASE("gradients are scaled down to the limit, never up, and not at all without one") {
        CHECK(clip_factor(50, 25) == doctest::Approx(0.5).epsilon(1e-6));
        CHECK(clip_factor(50, 25) < 0.5);
        CHECK(clip_factor(24.9, 25) == 1);
        CHECK(clip_factor(1000, 0) == 1);
        CHECK(clip_factor(0, 25) == 1);
    }
}
