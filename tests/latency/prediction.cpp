// SPDX-License-Identifier: Apache-2.0
#include <hat/latency/prediction.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstddef>

using namespace hat::latency;

TEST_SUITE("latency/prediction") {
    TEST_CASE("errors worked by hand") {
        LatencyTable rows(2);
        rows[0].decoder_mean_ms = 100;
        rows[1].decoder_mean_ms = 200;
        const auto errors = prediction_errors(rows, std::array{110.0, 180.0});
        CHECK(errors.mape == doctest::Approx(0.1));
        CHECK(errors.rmse_ms == doctest::Approx(std::sqrt(250.0)));
        CHECK(errors.r2 == doctest::Approx(0.9));
        CHECK(errors.rows == 2);
    }

    TEST_CASE("errors are told of the thirds of the latency range") {
        LatencyTable rows(5);
        constexpr std::array measured{100.0, 110.0, 200.0, 400.0, 310.0};
        for (std::size_t i = 0; i < rows.size(); ++i) rows[i].decoder_mean_ms = measured[i];
        const auto thirds =
            prediction_errors(rows, std::array{120.0, 110.0, 190.0, 400.0, 341.0}).thirds;
        CHECK(thirds[0].low_ms == 100);
        CHECK(thirds[0].high_ms == 200);
        CHECK(thirds[0].rows == 2);
        CHECK(thirds[0].mape == doctest::Approx(0.1));
        CHECK(thirds[1].rows == 1);
        CHECK(thirds[1].mape == doctest::Approx(0.05));
        CHECK(thirds[2].rows == 2);
        CHECK(thirds[2].high_ms == 400);
        CHECK(thirds[2].mape == doctest::Approx(0.05));
        const auto one = prediction_errors(LatencyTable{rows[0]}, std::array{110.0}).thirds;
        CHECK(one[2].rows == 1);
        CHECK(one[0].rows + one[1].rows == 0);
        CHECK(one[0].mape == 0);
    }

    TEST_CASE("measurements that are all equal explain no variance") {
        LatencyTable rows(2);
        rows[0].decoder_mean_ms = rows[1].decoder_mean_ms = 100;
        CHECK(prediction_errors(rows, std::array{100.0, 100.0}).r2 == 0);
    }
}
