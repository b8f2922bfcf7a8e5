// SPDX-License-Identifier: Apache-2.0
#include <hat/search/prediction.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cmath>

using namespace hat::search;

TEST_SUITE("search/prediction") {
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

    TEST_CASE("measurements that are all equal explain no variance") {
        LatencyTable rows(2);
        rows[0].decoder_mean_ms = rows[1].decoder_mean_ms = 100;
        CHECK(prediction_errors(rows, std::array{100.0, 100.0}).r2 == 0);
    }
}
