// SPDX-License-Identifier: Apache-2.0
#include <hat/latency/additive_predictors.hpp>

#include "support/latency_rows.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace hat::latency;
using hat::Error;
using hat::support::latency_rows;

namespace {

/// Floats, and bytes that take a third of the time, in turn; every other network of each has lists,
/// with which outputs cost a tenth.
LatencyTable mixed_rows(int count) {
    LatencyTable rows = latency_rows(count);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        LatencyRow& row = rows[i];
        if (i % 4 > 1) {
            row.decoder_mean_ms -= 0.09 * row.features.decoder_embed_dim;
            row.features.listed_tokens = 500;
        }
        if (i % 2 == 0) continue;
        row.features.weight_bits = 8;
        row.encoder_mean_ms /= 3;
        row.decoder_mean_ms /= 3;
    }
    return rows;
}

}  // namespace

TEST_SUITE("latency/additive_predictors") {
    TEST_CASE("each kind of weights has costs of its own") {
        const LatencyTable rows = mixed_rows(120);
        const AdditivePredictors predictors = fit_additive_predictors(rows);
        REQUIRE(predictors.kinds().size() == 2);
        CHECK(predictors.kinds()[0].weight_bits == 32);
        CHECK(predictors.kinds()[1].weight_bits == 8);
        for (const LatencyRow& row : rows) {
            CHECK(predictors.predict_ms(row.features) ==
                  doctest::Approx(row.total_ms()).epsilon(1e-3));
            CHECK(predictors.interval(row.features).ms == predictors.predict_ms(row.features));
        }
    }

    TEST_CASE("rows of one kind give the predictor that they give alone") {
        const LatencyTable rows = latency_rows(40, 0.02);
        CHECK(fit_additive_predictors(rows) == AdditivePredictors(fit_additive_predictor(rows)));
        CHECK_THROWS_WITH_AS(static_cast<void>(fit_additive_predictor(mixed_rows(40))),
                             "latency predictor: rows of weights of 32 and 8 bits, expected one "
                             "kind",
                             Error);
    }

    TEST_CASE("nothing is predicted of networks that are served as none that was measured") {
        const AdditivePredictors predictors = fit_additive_predictors(latency_rows(40));
        LatencyFeatures features = latency_rows(1)[0].features;
        features.weight_bits = 8;
        CHECK_THROWS_WITH_AS(static_cast<void>(predictors.predict_ms(features)),
                             "latency predictor: was fitted to no networks with weights of 8 bits "
                             "and all tokens",
                             Error);
        features.weight_bits = 32;
        features.listed_tokens = 500;
        CHECK_THROWS_WITH_AS(static_cast<void>(predictors.interval(features)),
                             "latency predictor: was fitted to no networks with weights of 32 bits "
                             "and lists of tokens",
                             Error);
    }

    TEST_CASE("a kind with too few rows is named") {
        LatencyTable rows = latency_rows(40);
        for (std::size_t i = 0; i < 9; ++i) rows[i].features.weight_bits = 16;
        CHECK_THROWS_WITH_AS(static_cast<void>(fit_additive_predictors(rows)),
                             "weights of 16 bits: latency predictor: 9 rows are too few, expected "
                             "at least 10",
                             Error);
    }

    TEST_CASE("the rows of a table are told apart by kind, floats first") {
        LatencyTable rows = latency_rows(4);
        rows[0].features.weight_bits = 8;
        rows[2].features.weight_bits = 16;
        const std::vector<RowsOfKind> kinds = by_kind(rows);
        REQUIRE(kinds.size() == 3);
        CHECK(kinds[0].weight_bits == 32);
        CHECK(kinds[0].places == std::vector<std::size_t>{1, 3});
        CHECK(kinds[1].weight_bits == 16);
        CHECK(kinds[2].rows == LatencyTable{rows[0]});
        CHECK(by_kind({}).empty());
    }
}
