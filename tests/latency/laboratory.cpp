// SPDX-License-Identifier: Apache-2.0
#include <hat/core/random.hpp>
#include <hat/latency/laboratory.hpp>

#include "support/fake_clock.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>

using namespace hat::latency;
using doctest::Approx;
using hat::support::FakeClock;
using hat::support::FakeTime;

namespace {

/// A machine whose speed is a function of time.
struct FakeMachine {
    FakeTime time;
    std::function<double(double)> slowness = [](double) { return 1.0; };
    int runs = 0;
};

/// A network that takes `cost_ms` at full speed, a quarter of it in the encoder.
struct FakeNetwork {
    FakeMachine* machine;
    double cost_ms;
    std::function<double()> noise = [] { return 1.0; };

    Latency run() {
        const double ms = cost_ms * machine->slowness(machine->time.now_ms) * noise();
        machine->time.now_ms += ms;
        ++machine->runs;
        return {0.25 * ms, 0.75 * ms};
    }
};

using Laboratory = LatencyLaboratory<FakeNetwork, FakeClock>;

constexpr LatencyProtocol protocol{
    .repeats = 20, .block_runs = 4, .settle_ms = 1000, .pause_ms = 500};

/// A laboratory on a fake machine, with a baseline.
struct Setting {
    explicit Setting(const LatencyProtocol& with = protocol)
        : laboratory(sentinel, with, FakeClock{&machine.time}) {
        laboratory.calibrate();
    }
    LatencyMeasurement measure(double cost_ms) {
        FakeNetwork network{&machine, cost_ms};
        return laboratory.measure(network);
    }
    /// From now on the machine takes `factor` times as long, for `duration_ms`.
    void slow_down(double factor, double duration_ms = 1e12, double delay_ms = 0) {
        const double start = machine.time.now_ms + delay_ms;
        machine.slowness = [=](double now) {
            return now >= start && now < start + duration_ms ? factor : 1.0;
        };
    }

    FakeMachine machine;
    FakeNetwork sentinel{&machine, 8};
    Laboratory laboratory;
};

}  // namespace

TEST_SUITE("latency/laboratory") {
    TEST_CASE("on a machine that does nothing else a median is what a run takes") {
        Setting setting;
        CHECK(setting.laboratory.baseline_ms() == Approx(8));
        const LatencyMeasurement m = setting.measure(20);
        CHECK(m.encoder_median_ms == Approx(5));
        CHECK(m.decoder_median_ms == Approx(15));
        CHECK(m.total_median_ms == Approx(20));
        CHECK(m.total_interval.low == Approx(20));
        CHECK(m.total_interval.high == Approx(20));
        CHECK(m.encoder.mean == Approx(5));
        CHECK(m.decoder.mean == Approx(15));
        CHECK(m.decoder.deviation == Approx(0));
        CHECK(m.encoder_p95_ms == Approx(5));
        CHECK(m.sentinel_ratio == Approx(1));
        CHECK(m.repeats == 20);
        CHECK(m.attempts == 1);
        CHECK(m.is_steady());
        CHECK(m.flags() == "");
        CHECK(setting.machine.time.slept_ms == 0);
    }

    TEST_CASE(
        "every block is surrounded by the sentinel and begins with a run that does not count") {
        Setting setting;
        const int before = setting.machine.runs;
        setting.measure(20);
        constexpr int first = 2;
        constexpr int blocks_of_network = 5;
        constexpr int blocks_of_sentinel = 6;
        constexpr int runs_of_a_block = 1 + 4;
        CHECK(setting.machine.runs - before ==
              first + (blocks_of_network + blocks_of_sentinel) * runs_of_a_block);
    }

    TEST_CASE("a slowly drifting machine is scaled away") {
        Setting setting;
        // A tenth slower within ten seconds: within a measurement of 200 ms it changes by 0.2 %.
        const double start = setting.machine.time.now_ms;
        setting.machine.slowness = [=](double now) { return 1 + 0.1 * (now - start) / 10e3; };
        for (int i = 0; i < 5; ++i) {
            const LatencyMeasurement m = setting.measure(20);
            CHECK(m.total_median_ms == Approx(20).epsilon(1e-3));
            CHECK(m.is_steady());
        }
        CHECK(setting.measure(20).sentinel_ratio > 1.02);
    }

    TEST_CASE("runs that something else delays are seen in p95 and mean, not in the median") {
        Setting setting;
        FakeNetwork network{&setting.machine, 20};
        int runs = 0;
        network.noise = [&runs] { return ++runs % 3 == 0 ? 2.0 : 1.0; };
        const LatencyMeasurement m = setting.laboratory.measure(network);
        CHECK(m.total_median_ms == Approx(20));
        CHECK(m.total_interval.width() == Approx(0));
        CHECK(m.encoder_p95_ms == Approx(10));
        CHECK(m.decoder.mean > 17);
        CHECK(m.is_steady());
    }

    TEST_CASE("a measurement that something disturbed is made again after a pause") {
        Setting setting;
        setting.slow_down(3, 400, 100);
        const LatencyMeasurement m = setting.measure(20);
        CHECK(m.attempts == 2);
        CHECK(m.flags() == "remeasured");
        CHECK(m.is_steady());
        CHECK(m.total_median_ms == Approx(20));
        CHECK(m.decoder.mean == Approx(15));  // of the second attempt alone
        CHECK(m.repeats == 20);
        CHECK(setting.machine.time.slept_ms == 500);
    }

    TEST_CASE("a machine that throttles for good is scaled, tried again and marked") {
        Setting setting;
        setting.slow_down(1.5);
        const LatencyMeasurement first = setting.measure(20);
        CHECK(first.attempts == 3);
        CHECK(first.throttled);
        CHECK(first.flags() == "remeasured+throttled");
        CHECK(first.sentinel_ratio == Approx(1.5));
        CHECK(first.total_median_ms == Approx(20));
        CHECK(first.encoder.mean == Approx(7.5));  // as the clock gave it
        CHECK(setting.machine.time.slept_ms == 500 + 1000);

        // It has lasted: nothing is gained by trying again, but the mark stays.
        const LatencyMeasurement second = setting.measure(30);
        CHECK(second.attempts == 1);
        CHECK(second.flags() == "throttled");
        CHECK(second.total_median_ms == Approx(30));

        // It is over.
        setting.slow_down(1);
        const LatencyMeasurement third = setting.measure(30);
        CHECK(third.attempts == 1);
        CHECK(third.flags() == "");
    }

    TEST_CASE("a machine that changes during every attempt leaves the mark of drift") {
        Setting setting;
        setting.machine.slowness = [](double now) { return std::fmod(now, 500) < 250 ? 1.0 : 1.4; };
        const LatencyMeasurement m = setting.measure(20);
        CHECK(m.attempts == 3);
        CHECK(m.drifting);
        CHECK(m.sentinel_spread == Approx(0.4));
    }

    TEST_CASE("a machine faster than its baseline is marked too") {
        Setting setting;
        setting.slow_down(0.8);
        const LatencyMeasurement m = setting.measure(20);
        CHECK(m.drifting);
        CHECK_FALSE(m.throttled);
        CHECK(m.total_median_ms == Approx(20));
    }

    TEST_CASE("a network that takes another time in every block is uncertain") {
        Setting setting;
        FakeNetwork network{&setting.machine, 20};
        hat::Random random(1);
        int runs = 0;
        double factor = 1;
        network.noise = [&] {
            if (runs++ % 5 == 2) factor = random.uniform(0.7, 1.4);
            return factor;
        };
        const LatencyMeasurement m = setting.laboratory.measure(network);
        CHECK(m.uncertain);
        CHECK_FALSE(m.drifting);
        CHECK(m.attempts == 3);
        CHECK(m.repeats == 60);  // all of them count: each was steady
        CHECK(m.total_interval.low < m.total_median_ms);
        CHECK(m.total_median_ms < m.total_interval.high);
    }

    TEST_CASE("a network whose blocks differ a little is measured until the interval is narrow") {
        Setting setting({.repeats = 20,
                         .block_runs = 4,
                         .settle_ms = 1000,
                         .interval_tolerance = 0.02,
                         .attempts = 50,
                         .pause_ms = 0});
        FakeNetwork network{&setting.machine, 20};
        hat::Random random(1);
        int runs = 0;
        double factor = 1;
        network.noise = [&] {
            if (runs++ % 5 == 2) factor = 1 + 0.05 * random.normal();
            return factor;
        };
        const LatencyMeasurement m = setting.laboratory.measure(network);
        CHECK(m.flags() == "remeasured");
        CHECK(m.attempts > 2);
        CHECK(m.attempts < 50);
        CHECK(m.repeats == 20 * m.attempts);
        CHECK(m.relative_error() <= 0.02);
        CHECK(m.total_median_ms == Approx(20).epsilon(0.03));
    }

    TEST_CASE("of several bad attempts the best one is kept") {
        Setting setting;
        setting.machine.slowness = [&setting](double now) {
            const bool second = setting.machine.time.slept_ms == 500;
            return std::fmod(now, 500) < 250 ? 1.0 : second ? 1.2 : 2.0;
        };
        const LatencyMeasurement m = setting.measure(20);
        CHECK(m.attempts == 3);
        CHECK(m.sentinel_spread == Approx(0.2));
    }

    TEST_CASE("the baseline is taken once the machine has settled") {
        FakeMachine machine;
        machine.slowness = [](double now) { return now < 900 ? 2.0 : 1.0; };
        FakeNetwork sentinel{&machine, 8};
        Laboratory laboratory(sentinel, protocol, FakeClock{&machine.time});
        const LatencyMeasurement m = laboratory.calibrate();
        CHECK(laboratory.baseline_ms() == Approx(8));
        CHECK(m.total_median_ms == Approx(8));
        CHECK(m.encoder_median_ms == Approx(2));
        CHECK(m.attempts == 1);
    }

    TEST_CASE("a baseline that something disturbed is taken again") {
        FakeMachine machine;
        machine.slowness = [](double now) { return now > 1050 && now < 1250 ? 2.0 : 1.0; };
        FakeNetwork sentinel{&machine, 8};
        Laboratory laboratory(sentinel, protocol, FakeClock{&machine.time});
        const LatencyMeasurement m = laboratory.calibrate();
        CHECK(m.attempts == 2);
        CHECK(m.flags() == "remeasured");
        CHECK(laboratory.baseline_ms() == Approx(8));
    }

    TEST_CASE("a session that goes on with an earlier baseline gives the earlier times") {
        Setting setting;
        setting.slow_down(1.08);
        setting.laboratory.calibrate();
        CHECK(setting.laboratory.baseline_ms() == Approx(8 * 1.08));
        setting.laboratory.set_baseline(8);
        const LatencyMeasurement m = setting.measure(20);
        CHECK(m.total_median_ms == Approx(20));
        CHECK(m.sentinel_ratio == Approx(1.08));
    }

    TEST_CASE("the number of runs is rounded up to whole blocks") {
        Setting setting({.repeats = 1, .block_runs = 3});
        CHECK(setting.measure(20).repeats == 3);
    }

    TEST_CASE("numbers out of range are named") {
        FakeMachine machine;
        FakeNetwork sentinel{&machine, 8};
        const auto make = [&](const LatencyProtocol& p) {
            Laboratory laboratory(sentinel, p, FakeClock{&machine.time});
        };
        CHECK_THROWS_WITH_AS(make({.repeats = 0}), "latency: repeats = 0, expected 1 to 1000000",
                             hat::Error);
        CHECK_THROWS_AS(make({.attempts = 0}), hat::Error);
        CHECK_THROWS_AS(make({.drift_tolerance = 0}), hat::Error);
        Laboratory laboratory(sentinel, {}, FakeClock{&machine.time});
        CHECK_THROWS_AS(laboratory.set_baseline(0), hat::Error);
    }
}
