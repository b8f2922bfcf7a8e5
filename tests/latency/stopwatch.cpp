// SPDX-License-Identifier: Apache-2.0
#include <hat/latency/stopwatch.hpp>

#include <doctest/doctest.h>

using namespace hat::latency;

TEST_SUITE("latency/stopwatch") {
    TEST_CASE("time on the wall passes while the thread sleeps") {
        const SteadyClock clock;
        const double before = clock.now_ms();
        clock.sleep_ms(20);
        CHECK(clock.now_ms() - before >= 20);
    }

    TEST_CASE("the thread's time passes while it computes, and hardly while it sleeps") {
        const ThreadClock clock;
        const double before = clock.now_ms();
        clock.sleep_ms(50);
        const double asleep = clock.now_ms() - before;
        CHECK(asleep >= 0);
        CHECK(asleep < 25);
        // No more than on the wall, and it gets there.
        const SteadyClock wall;
        const double wall_before = wall.now_ms();
        const double start = clock.now_ms();
        while (clock.now_ms() - start < 5) {
        }
        CHECK(wall.now_ms() - wall_before >= 5);
    }

    TEST_CASE("the chosen clock is one of the two") {
        const double wall = SteadyClock{}.now_ms();
        CHECK(ChosenClock{TimeKind::wall}.now_ms() >= wall);
        const double thread = ThreadClock{}.now_ms();
        CHECK(ChosenClock{TimeKind::thread}.now_ms() >= thread);
        CHECK(ChosenClock{TimeKind::thread}.now_ms() < thread + 1e3);
    }
}
