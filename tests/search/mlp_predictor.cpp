// SPDX-License-Identifier: Apache-2.0
#include <hat/search/mlp_predictor.hpp>

#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

using namespace hat::search;
using hat::Error;
using hat::support::TemporaryDirectory;

TEST_SUITE("search/mlp_predictor") {
    TEST_CASE("a network whose weights are known predicts what they say") {
        MlpPredictor predictor(2, 1, published_feature_norm, 100);
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

    TEST_CASE("a saved predictor predicts the same") {
        const TemporaryDirectory directory;
        MlpPredictor predictor(3, 2, published_feature_norm, 200.5);
        for (std::ptrdiff_t i = 0; i < predictor.weights().size(); ++i)
            predictor.weights().data()[i] = 0.01F * static_cast<float>(i);
        predictor.update();
        predictor.save(directory / "p", {{"note", "x"}});
        const MlpPredictor loaded = MlpPredictor::load(directory / "p");
        const LatencyFeatures features{.encoder_embed_dim = 640, .decoder_layers = 3};
        CHECK(loaded.predict_ms(features) == predictor.predict_ms(features));
        CHECK(loaded.feature_norm() == published_feature_norm);
        CHECK(hat::io::SafetensorsFile::open(directory / "p").metadata("note") == "x");
    }

    TEST_CASE("a file that is no predictor is an error") {
        const TemporaryDirectory directory;
        const std::string path = directory / "p";
        const std::vector<float> ten(40);
        const auto tensor = hat::io::tensor_view<float>("first_layer.weight", {4, 10}, ten);
        const auto message = [&](const hat::io::Metadata& metadata, const std::string& expected) {
            hat::io::write_safetensors(path, std::vector{tensor}, metadata);
            CHECK_THROWS_WITH_AS(static_cast<void>(MlpPredictor::load(path)),
                                 (path + expected).c_str(), Error);
        };
        message({}, ": metadata \"feature_norm\" is missing");
        message({{"feature_norm", "[1]"}}, ": feature_norm: expected 10 numbers");
        message({{"feature_norm", "[1,1,1,1,1,1,1,1,1,1]"}}, ": metadata \"lat_norm\" is missing");
        message({{"feature_norm", "[1,1,1,1,1,1,1,1,1,1]"}, {"lat_norm", "\"a\""}},
                ": lat_norm: expected a number, found string");
        message({{"feature_norm", "[1,1,1,1,1,1,1,1,1,1]"}, {"lat_norm", "5"}},
                ": tensor \"first_layer.bias\" is missing");
        hat::io::write_safetensors(
            path, std::vector{hat::io::tensor_view<float>("first_layer.weight", {40}, ten)});
        CHECK_THROWS_WITH_AS(static_cast<void>(MlpPredictor::load(path)),
                             (path + ": tensor \"first_layer.weight\" has shape [40], expected "
                                     "[1 … 4096, 10]")
                                 .c_str(),
                             Error);
    }

    TEST_CASE("a predictor of a size or norm that makes no sense is an error") {
        CHECK_THROWS_WITH_AS(MlpPredictor(0, 4, published_feature_norm, 1),
                             "latency predictor: 4 hidden layers of 0 units, expected 1 … 16 of 1 "
                             "… 4096",
                             Error);
        CHECK_THROWS_WITH_AS(MlpPredictor(4, 4, published_feature_norm, 0),
                             "latency predictor: a norm is not a positive number", Error);
    }
}
