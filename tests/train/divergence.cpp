// SPDX-License-Identifier: Apache-2.0
#include <hat/train/divergence.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using hat::train::DivergenceWatch;

namespace {

constexpr int words = 1000;  // whose guessing costs 6.9078
constexpr double no_number = std::numeric_limits<double>::quiet_NaN();

}  // namespace

TEST_SUITE("train/divergence") {
    TEST_CASE("updates without a gradient count in a row, and what was seen at the first is told") {
        DivergenceWatch watch({.skipped = 3}, words, std::nullopt);
        watch.see(1, 7.0, 1e-3, true);
        watch.see(2, 7.0, 1e-3, true);
        CHECK_FALSE(watch.is_well());
        watch.see(3, 6.5, 1e-3, false);
        CHECK(watch.is_well());
        watch.see(4, 8.25, 2e-3, true);
        watch.see(5, no_number, 3e-3, true);
        CHECK_FALSE(watch.verdict());
        watch.see(6, no_number, 3e-3, true);
        REQUIRE(watch.verdict());
        CHECK(*watch.verdict() ==
              "the gradient was not finite in 3 updates in a row, from update 4 on (learning rate "
              "2.00e-03, loss 8.25)");
    }

    TEST_CASE("a network that had learned and is worse than guessing for long has diverged") {
        DivergenceWatch watch({.worse_than_guessing = 30}, words, std::nullopt);
        watch.see(1, 6.0, 1e-3, false);
        for (int update = 2; update <= 30; ++update) {
            CHECK(watch.is_well() == (update <= 21));
            watch.see(update, 6.91, 1e-3, false);
        }
        CHECK_FALSE(watch.verdict());
        watch.see(31, no_number, 1e-3, false);
        REQUIRE(watch.verdict());
        CHECK(*watch.verdict() == "the loss was above that of guessing, 6.9078, in 30 updates in a "
                                  "row, from update 2 on (learning rate 1.00e-03, loss 6.91)");
    }

    TEST_CASE(
        "fresh weights may be worse than guessing for any time, but not worse than at first") {
        DivergenceWatch fresh({.worse_than_guessing = 3}, words, std::nullopt);
        for (int update = 1; update < 100; ++update) fresh.see(update, 9.0, 1e-7, false);
        CHECK_FALSE(fresh.verdict());
        CHECK(fresh.is_well());
        for (int update = 100; update < 103; ++update) fresh.see(update, 9.1, 1e-7, false);
        CHECK(fresh.verdict());

        // A resumed training has learned already if its best validation says so.
        DivergenceWatch resumed({.worse_than_guessing = 3}, words, 5.0);
        for (int update = 200; update < 203; ++update) resumed.see(update, 9.0, 1e-3, false);
        CHECK(resumed.verdict());
    }

    TEST_CASE("neither is looked at if it is 0") {
        DivergenceWatch watch({.skipped = 0, .worse_than_guessing = 0}, words, 1.0);
        for (int update = 1; update < 5000; ++update) watch.see(update, no_number, 1e-3, true);
        CHECK_FALSE(watch.verdict());
        CHECK_FALSE(watch.is_well());
    }

    TEST_CASE("a training that ends with no number, or far above guessing, is lost") {
        const DivergenceWatch watch({}, words, 5.0);
        CHECK_FALSE(watch.is_lost(2.0));
        CHECK_FALSE(watch.is_lost(7.5));
        CHECK(watch.is_lost(14.0));
        CHECK(watch.is_lost(no_number));
        CHECK(watch.is_lost(std::numeric_limits<double>::infinity()));
    }
}
