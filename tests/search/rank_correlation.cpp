// SPDX-License-Identifier: Apache-2.0
#include <hat/search/rank_correlation.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <vector>

using hat::search::kendall_tau;

TEST_SUITE("search/rank_correlation") {
    constexpr std::array rising{1.0, 2.0, 3.0, 4.0};

    TEST_CASE("the same order gives 1, the reverse −1, whatever the distances") {
        CHECK(kendall_tau(rising, std::array{10.0, 11.0, 500.0, 501.0}) == 1);
        CHECK(kendall_tau(rising, std::array{4.0, 3.0, 2.0, 1.0}) == -1);
    }

    TEST_CASE("one exchanged pair of six costs a third") {
        CHECK(kendall_tau(rising, std::array{2.0, 1.0, 3.0, 4.0}) == doctest::Approx(4.0 / 6));
    }

    TEST_CASE("ties count on neither side") {
        // 5 pairs ordered in y, all as in x; 6 in x: 5 / √30.
        CHECK(kendall_tau(rising, std::array{1.0, 2.0, 2.0, 3.0}) ==
              doctest::Approx(5 / std::sqrt(30.0)));
    }

    TEST_CASE("values without an order are an error") {
        CHECK_THROWS_WITH_AS(static_cast<void>(kendall_tau(rising, std::array{1.0, 1.0, 1.0, 1.0})),
                             "Kendall's tau: all 4 values are equal, so they have no order",
                             hat::Error);
        CHECK_THROWS_AS(static_cast<void>(kendall_tau(rising, std::vector{1.0})), hat::Error);
    }
}
