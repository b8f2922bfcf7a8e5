// SPDX-License-Identifier: Apache-2.0
#include <hat/latency/mlp_predictor.hpp>

#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

using namespace hat::latency;
using hat::Error;
using hat::support::TemporaryDirectory;

TEST_SUITE("latency/mlp_predictor") {
    TEST_CASE("a network whose weights are known predicts what they say") {
        MlpPredictor predictor(2, 1, published_mlp_inputs(published_feature_norm), 100);
        auto& weights = predictor.weights();
        const auto& table = predictor.table();
        weights.matrix(table[0])(0, 5) = 3;   // decoder layers
        weights.matrix(table[0])(1, 5) = -3;  // is cut off at 0
        weights.matrix(table[1])(0, 0) = 0.5F;
        weights.matrix(table[2])(0, 0) = 2;
        weights.matrix(table[2])(0, 1) = 1000;
        weights.matrix(table[3])(0, 0) = 1;
        predictor.update();
        CHECK(predictor.predict_ms({.decoder_layers = 4}) == 100 * (1 + 2 * (3 * (4.0 / 6) + 0.5)));
    }

    TEST_CASE("no latency is negative") {
        MlpPredictor predictor(2, 1, published_mlp_inputs(published_feature_norm), 100);
        predictor.weights().matrix(predictor.table()[3])(0, 0) = -1;  // the last bias
        predictor.update();
        CHECK(predictor.predict_ms({}) == 0.0);
    }

    TEST_CASE("a predictor of a size or norm that makes no sense is an error") {
        CHECK_THROWS_WITH_AS(MlpPredictor(0, 4, published_mlp_inputs(published_feature_norm), 1),
                             "latency predictor: 4 hidden layers of 0 units, expected 1 … 16 of 1 "
                             "… 4096",
                             Error);
        CHECK_THROWS_WITH_AS(MlpPredictor(4, 4, published_mlp_inputs(published_feature_norm), 0),
                             "latency predictor: a norm is not a positive number", Error);
    }
}
