// SPDX-License-Identifier: Apache-2.0
#include <hat/core/random.hpp>
#include <hat/decode/deadline.hpp>

#include "support/rejected.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

using namespace hat::decode;
using hat::support::check_rejected_at;

namespace {

std::vector<Rung> ladder_of(const std::vector<double>& predicted_ms) {
    std::vector<Rung> ladder;
    for (const double ms : predicted_ms) ladder.push_back({{}, ms});
    return ladder;
}

const std::vector<double> doubling{1, 2, 4, 8, 16};

/// A device on which a sentence of n tokens takes about n + 2 times `slowness` what is predicted,
/// and some sentences much longer, as translations differ in length.
class Device {
public:
    double slowness = 1;

    double rambling = 0;  ///< the share of sentences that take ten times as long,
    double worst = 1e9;   ///< if they have a network no larger than this

    [[nodiscard]] double ms(double predicted_ms, int tokens) {
        const bool rambles = random_.uniform() < rambling && predicted_ms <= worst;
        const double noise = std::exp(0.25 * normal()) * (rambles ? 10 : 1);
        return slowness * predicted_ms * (tokens + 2) * noise;
    }
    [[nodiscard]] int tokens() { return 2 + static_cast<int>(12 * std::exp(0.5 * normal())); }

private:
    double normal() {
        double sum = -6;
        for (int i = 0; i < 12; ++i) sum += random_.uniform();
        return sum;
    }

    hat::Random random_{std::uint64_t{5}};
};

struct Outcome {
    double late_share;
    double mean_rung;
};

Outcome translate(Device& device, Deadline& deadline, int sentences) {
    int late = 0;
    double rungs = 0;
    for (int i = 0; i < sentences; ++i) {
        const int tokens = device.tokens();
        const Deadline::Choice choice = deadline.choose(tokens);
        const double ms = device.ms(
            deadline.ladder()[static_cast<std::size_t>(choice.rung)].predicted_ms, tokens);
        deadline.count(choice, tokens, ms);
        late += ms > deadline.ms();
        rungs += choice.rung;
    }
    return {static_cast<double>(late) / sentences, rungs / sentences};
}

/// What 95 of 100 sentences take no longer than if all have one network.
double p95(double predicted_ms) {
    Device device;
    std::vector<double> all;
    for (int i = 0; i < 4000; ++i) all.push_back(device.ms(predicted_ms, device.tokens()));
    std::sort(all.begin(), all.end());
    return all[3800];
}

}  // namespace

TEST_SUITE("decode/deadline") {
    TEST_CASE("95 of 100 sentences are in time, whatever the deadline between the extremes") {
        const double least = p95(1);
        const double most = p95(16);
        double before = -1;
        for (double ms = 1.02 * least; ms < 1.5 * most; ms *= 1.4) {
            CAPTURE(ms);
            Device device;
            Deadline deadline({ms, ladder_of(doubling)});
            for (int rung = 0; rung < 5; ++rung)
                deadline.practise(rung, 16,
                                  device.ms(doubling[static_cast<std::size_t>(rung)], 16));
            const Outcome outcome = translate(device, deadline, 4000);
            CHECK(outcome.late_share <= 0.05);
            CHECK(outcome.mean_rung > before);
            before = outcome.mean_rung;
        }
        CHECK(before > 3.9);  // as good as always the largest
    }

    TEST_CASE("it does not choose smaller networks than it must") {
        Device device;
        const double ms = p95(4);  // if all have the third network, 95 of 100 are in time
        Deadline deadline({ms, ladder_of(doubling)});
        CHECK(translate(device, deadline, 4000).mean_rung > 2);
    }

    TEST_CASE("it learns that the device has become slower, and faster again") {
        Device device;
        Deadline deadline({p95(4), ladder_of(doubling)});
        const double rung = translate(device, deadline, 1000).mean_rung;
        device.slowness = 2;
        static_cast<void>(translate(device, deadline, 256));
        const Outcome slow = translate(device, deadline, 2000);
        CHECK(slow.late_share <= 0.05);
        CHECK(slow.mean_rung < rung - 0.5);
        device.slowness = 1;
        static_cast<void>(translate(device, deadline, 256));
        CHECK(translate(device, deadline, 2000).mean_rung == doctest::Approx(rung).epsilon(0.1));
    }

    TEST_CASE("sentences that are late anyway do not make the others' networks smaller") {
        Device device;
        Deadline deadline({p95(4), ladder_of(doubling)});
        const double rung = translate(device, deadline, 2000).mean_rung;
        device.rambling = 0.02;
        const Outcome outcome = translate(device, deadline, 4000);
        CHECK(outcome.late_share <= 0.05);
        CHECK(outcome.mean_rung > rung - 0.75);
    }

    TEST_CASE("a small network that goes on and on is no help, and is left alone") {
        Device device;
        device.rambling = 0.2;
        device.worst = 1;
        Deadline deadline({1.05 * p95(2), ladder_of(doubling)});
        static_cast<void>(translate(device, deadline, 500));
        CHECK(translate(device, deadline, 4000).late_share <= 0.05);
    }

    TEST_CASE("longer sentences have smaller networks, and what never fits has the smallest") {
        Deadline deadline({100, ladder_of(doubling)});
        int before = 4;
        for (const int tokens : {1, 10, 20, 40, 80, 500}) {
            const int rung = deadline.choose(tokens).rung;
            CHECK(rung <= before);
            before = rung;
        }
        CHECK(before == 0);
    }

    TEST_CASE("where nothing can be in time, the fastest has all sentences") {
        Device device;
        Deadline deadline({1, ladder_of({1, 1.2, 1.5, 2, 3})});
        CHECK(translate(device, deadline, 2000).mean_rung <= 0.01);
    }

    TEST_CASE("it counts who translated, and who was late") {
        Deadline deadline({10, ladder_of({1, 2})});
        deadline.practise(0, 4, 30);
        deadline.count({0, false}, 4, 11);
        deadline.count({1, true}, 4, 12);
        deadline.count({1, true}, 4, 10);
        CHECK(deadline.served(0) == 1);
        CHECK(deadline.served(1) == 2);
        CHECK(deadline.sentences() == 3);
        CHECK(deadline.late() == 2);
        CHECK(deadline.hopeless() == 1);
    }

    TEST_CASE("a ladder that is none is refused") {
        const auto refused = [](double ms, const std::vector<double>& predicted_ms,
                                const std::string& why) {
            check_rejected_at("deadline", why, [&] { Deadline({ms, ladder_of(predicted_ms)}); });
        };
        refused(0, {1}, "0.000000 ms, expected more than 0");
        refused(5, {}, "there are no networks to choose among");
        refused(5, {1, 3, 2},
                "take 2.000000 ms, expected more than 3.000000, as the one before it takes");
    }
}
