// SPDX-License-Identifier: Apache-2.0
#include <hat/config.hpp>
#include <hat/core/error.hpp>

#include <doctest/doctest.h>

TEST_SUITE("config") {
    TEST_CASE("where exceptions are on, an error is one") {
        static_assert(HAT_EXCEPTIONS == 1);
        CHECK_THROWS_AS(hat::fail("wrong"), hat::Error);
    }
    TEST_CASE("a precondition is looked at in debug builds and vanishes in release builds") {
        int looks = 0;
        HAT_ASSERT(++looks == 1);
#ifdef NDEBUG
        CHECK(looks == 0);
#else
        CHECK(looks == 1);
#endif
    }
}
