// SPDX-License-Identifier: Apache-2.0
#include <hat/train/schedule.hpp>

#include <doctest/doctest.h>

#include <limits>

using doctest::Approx;
using hat::train::CosineSchedule;
using hat::train::InverseSqrtSchedule;
using hat::train::LinearSchedule;
using hat::train::Schedule;

TEST_SUITE("train/schedule") {
    TEST_CASE("a cosine rises in a line, falls in a half wave and restarts at its peak") {
        const Schedule schedule = CosineSchedule{
            .peak_rate = 1, .minimal_rate = 0.2, .initial_rate = 0.5, .warmup = 10, .period = 40};
        CHECK(schedule.rate(0) == 0.5);
        CHECK(schedule.rate(4) == Approx(0.7));
        CHECK(schedule.rate(10) == 1);
        CHECK(schedule.rate(30) == Approx(0.6));  // half way
        CHECK(schedule.rate(20) == Approx(0.2 + 0.4 * (1 + 0.70710678118654752)));
        CHECK(schedule.rate(49) < 0.202);
        CHECK(schedule.rate(50) == 1);
        CHECK(schedule.rate(70) == Approx(0.6));
    }

    TEST_CASE("from one period to the next, periods grow and rates shrink") {
        const Schedule schedule = CosineSchedule{.peak_rate = 1,
                                                 .minimal_rate = 0.2,
                                                 .initial_rate = 0,
                                                 .warmup = 0,
                                                 .period = 10,
                                                 .growth = 3,
                                                 .shrink = 0.5};
        CHECK(schedule.rate(0) == 1);
        CHECK(schedule.rate(5) == Approx(0.6));
        CHECK(schedule.rate(10) == Approx(0.5));  // 30 updates long
        CHECK(schedule.rate(25) == Approx(0.3));
        CHECK(schedule.rate(40) == Approx(0.25));  // 90 updates long
        CHECK(schedule.rate(85) == Approx(0.15));
    }

    TEST_CASE("an inverse square root halves its rate when the updates quadruple") {
        const Schedule schedule =
            InverseSqrtSchedule{.peak_rate = 8, .initial_rate = 2, .warmup = 100};
        CHECK(schedule.rate(0) == 2);
        CHECK(schedule.rate(50) == Approx(5));
        CHECK(schedule.rate(100) == Approx(8));
        CHECK(schedule.rate(400) == Approx(4));
        CHECK(schedule.rate(1600) == Approx(2));
    }

    TEST_CASE("a line holds its peak for two updates and stays at its end") {
        const Schedule schedule = LinearSchedule{
            .peak_rate = 7, .initial_rate = 1, .final_rate = 2, .warmup = 4, .updates = 14};
        CHECK(schedule.rate(0) == 1);
        CHECK(schedule.rate(1) == Approx(3));
        CHECK(schedule.rate(3) == Approx(7));
        CHECK(schedule.rate(4) == Approx(7));
        CHECK(schedule.rate(9) == Approx(4.5));
        CHECK(schedule.rate(14) == 2);
        CHECK(schedule.rate(1000) == 2);
    }

    TEST_CASE("a warm-up of one update, or of none, divides by nothing") {
        LinearSchedule line{
            .peak_rate = 7, .initial_rate = 1, .final_rate = 2, .warmup = 1, .updates = 11};
        CHECK(line.rate(0) == 1);
        CHECK(line.rate(1) == 7);
        line.warmup = 0;
        CHECK(line.rate(0) == 7);
        CHECK(InverseSqrtSchedule{.peak_rate = 3, .initial_rate = 1, .warmup = 1}.rate(1) == 3);
    }

    TEST_CASE("numbers out of range are errors that name them") {
        CHECK_THROWS_WITH_AS(Schedule(InverseSqrtSchedule{1, 0, 0}),
                             "inverse square root schedule: warmup = 0, expected 1 or more",
                             hat::Error);
        CHECK_THROWS_WITH_AS(Schedule(LinearSchedule{1, 0, 0, 10, 10}),
                             "linear schedule: updates = 10, expected more than the warmup",
                             hat::Error);
        CHECK_THROWS_WITH_AS(Schedule(LinearSchedule{-1, 0, 0, 10, 20}),
                             "linear schedule: learning rate = -1.000000, expected 0 or more",
                             hat::Error);
        const CosineSchedule good{
            .peak_rate = 1, .minimal_rate = 0, .initial_rate = 0, .period = 9};
        CHECK_NOTHROW(static_cast<void>(Schedule(good)));
        CosineSchedule bad = good;
        bad.period = 0;
        CHECK_THROWS_WITH_AS(static_cast<void>(Schedule(bad)),
                             "cosine schedule: period = 0.000000, expected a positive number",
                             hat::Error);
        bad = good;
        bad.growth = 0.5;
        CHECK_THROWS_AS(static_cast<void>(Schedule(bad)), hat::Error);
        bad = good;
        bad.shrink = 2;
        CHECK_THROWS_AS(static_cast<void>(Schedule(bad)), hat::Error);
        bad = good;
        bad.peak_rate = std::numeric_limits<double>::quiet_NaN();
        CHECK_THROWS_AS(static_cast<void>(Schedule(bad)), hat::Error);
    }
}
