// SPDX-License-Identifier: Apache-2.0
#include <hat/latency/statistics.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <span>
#include <vector>

using namespace hat::latency;

TEST_SUITE("latency/statistics") {
    TEST_CASE("a quantile lies between the samples beside it") {
        constexpr std::array samples{4.0, 1.0, 3.0, 2.0};
        CHECK(quantile(samples, 0) == 1.0);
        CHECK(quantile(samples, 1) == 4.0);
        CHECK(quantile(samples, 0.25) == doctest::Approx(1.75));
        CHECK(median(samples) == doctest::Approx(2.5));
        CHECK(median(std::array{7.0}) == 7.0);
    }

    TEST_CASE("a median does not feel one slow run, a mean does") {
        const std::vector<double> samples{10, 10, 11, 9, 10, 500};
        CHECK(median(samples) == 10);
        CHECK(moments(samples).mean > 90);
    }

    TEST_CASE("moments divide by the number of samples") {
        constexpr std::array samples{2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0};
        CHECK(moments(samples) == Moments{5.0, 2.0});
    }

    TEST_CASE("of 20 runs the published mean leaves out two on either side") {
        std::vector<double> samples;
        for (int i = 1; i <= 20; ++i) samples.push_back(i);
        samples[0] = -1000;
        samples[1] = -1000;
        samples[18] = 1000;
        samples[19] = 1000;
        std::swap(samples[0], samples[10]);  // order does not matter
        CHECK(trimmed_moments(samples).mean == doctest::Approx(10.5));
    }

    TEST_CASE("of fewer than 10 runs the published mean leaves out the slowest alone") {
        CHECK(trimmed_moments(std::array{3.0, 100.0, 1.0}) == Moments{2.0, 1.0});
        CHECK(trimmed_moments(std::array{5.0, 6.0}) == Moments{5.0, 0.0});
        CHECK(trimmed_moments(std::array{5.0}) == Moments{5.0, 0.0});
    }

    TEST_CASE("the bootstrap interval holds the median, and narrows with more samples") {
        hat::Random random(3);
        const auto draw = [&](int n) {
            std::vector<double> samples;
            for (int i = 0; i < n; ++i) samples.push_back(100 + random.normal());
            return samples;
        };
        const auto few = draw(10);
        const auto many = draw(1000);
        const Interval wide = bootstrap_median(few);
        const Interval narrow = bootstrap_median(many);
        CHECK(wide.low <= median(few));
        CHECK(median(few) <= wide.high);
        CHECK(narrow.width() < wide.width() / 3);
        CHECK(narrow.width() > 0);
    }

    TEST_CASE("nineteen of twenty bootstrap intervals hold the true median") {
        // 95 % of 400 are 380; the interval of a median of 25 samples is known to be a little
        // short.
        int held = 0;
        for (int trial = 0; trial < 400; ++trial) {
            hat::Random random(hat::RandomKey(7).split(static_cast<std::uint64_t>(trial)));
            std::vector<double> samples;
            for (int i = 0; i < 25; ++i) samples.push_back(50 + random.normal());
            const Interval interval = bootstrap_median(samples, {.resamples = 200});
            held += interval.low <= 50 && 50 <= interval.high ? 1 : 0;
        }
        CHECK(held > 360);
        CHECK(held < 396);
    }

    TEST_CASE("the same seed gives the same interval, and equal samples one point") {
        constexpr std::array samples{3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0};
        CHECK(bootstrap_median(samples) == bootstrap_median(samples));
        CHECK(bootstrap_median(samples, {.seed = 1}).width() > 0);
        CHECK(bootstrap_median(std::array{2.0, 2.0, 2.0}) == Interval{2.0, 2.0});
    }

    TEST_CASE("nothing says nothing, and options out of range are errors") {
        const std::span<const double> none;
        CHECK_THROWS_WITH_AS(static_cast<void>(median(none)),
                             "statistics: quantile of no samples, expected at least 1", hat::Error);
        CHECK_THROWS_AS(static_cast<void>(moments(none)), hat::Error);
        CHECK_THROWS_AS(static_cast<void>(trimmed_moments(none)), hat::Error);
        CHECK_THROWS_AS(static_cast<void>(bootstrap_median(none)), hat::Error);
        constexpr std::array one{1.0};
        CHECK_THROWS_AS(static_cast<void>(quantile(one, 1.5)), hat::Error);
        CHECK_THROWS_AS(static_cast<void>(quantile(one, std::nan(""))), hat::Error);
        for (const int resamples : {0, -1})
            CHECK_THROWS_WITH_AS(static_cast<void>(bootstrap_median(one, {.resamples = resamples})),
                                 doctest::Contains("bootstrap: resamples = "), hat::Error);
        CHECK_THROWS_WITH_AS(static_cast<void>(bootstrap_median(one, {.confidence = 3})),
                             "bootstrap: confidence = 3.000000, expected 0 to 1", hat::Error);
    }
}
