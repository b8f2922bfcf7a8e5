// SPDX-License-Identifier: Apache-2.0
#include <hat/latency/latency.hpp>
#include <hat/model/presets.hpp>

#include "support/latency_rows.hpp"
#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

using namespace hat::latency;

TEST_SUITE("latency/latency") {
    TEST_CASE("what its description shows holds: a table's predictor knows networks beside it") {
        const hat::support::TemporaryDirectory directory;
        const auto rows = hat::support::latency_rows(40);
        write_latency_table(directory / "latency.csv", rows);

        const LatencyTable table = read_latency_table(directory / "latency.csv");
        const AdditivePredictor predictor = fit_additive_predictor(table);
        const double ms = predictor.predict_ms(rows.front().features);
        CHECK(ms == doctest::Approx(rows.front().total_ms()).epsilon(0.2));
    }
}
