// SPDX-License-Identifier: Apache-2.0
#include <hat/latency/mlp_predictor_file.hpp>

#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

using namespace hat::latency;
using hat::Error;
using hat::support::TemporaryDirectory;

TEST_SUITE("latency/mlp_predictor_file") {
    TEST_CASE("a saved predictor predicts the same") {
        const TemporaryDirectory directory;
        MlpPredictor predictor(3, 2, published_mlp_inputs(published_feature_norm), 200.5);
        for (std::ptrdiff_t i = 0; i < predictor.weights().size(); ++i)
            predictor.weights().data()[i] = 0.01F * static_cast<float>(i);
        predictor.update();
        save_mlp_predictor(directory / "p", predictor, {{"note", "x"}});
        const MlpPredictor loaded = load_mlp_predictor(directory / "p");
        const LatencyFeatures features{.encoder_embed_dim = 640, .decoder_layers = 3};
        CHECK(loaded.predict_ms(features) == predictor.predict_ms(features));
        CHECK(loaded.inputs() == predictor.inputs());
        CHECK(hat::io::SafetensorsFile::open(directory / "p").metadata("note") == "x");
    }

    TEST_CASE("a file that is no predictor is an error") {
        const TemporaryDirectory directory;
        const std::string path = directory / "p";
        const std::vector<float> ten(40);
        const auto tensor = hat::io::tensor_view<float>("first_layer.weight", {4, 10}, ten);
        const auto message = [&](const hat::io::Metadata& metadata, const std::string& expected) {
            hat::io::write_safetensors(path, std::vector{tensor}, metadata);
            CHECK_THROWS_WITH_AS(static_cast<void>(load_mlp_predictor(path)),
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
        CHECK_THROWS_WITH_AS(static_cast<void>(load_mlp_predictor(path)),
                             (path + ": tensor \"first_layer.weight\" has shape [40], expected "
                                     "[1 … 4096, 10]")
                                 .c_str(),
                             Error);
    }

    TEST_CASE("a predictor that reads further features names them in its file") {
        const TemporaryDirectory directory;
        const std::string path = directory / "p";
        const int unit = find_latency_feature("decoder_unit_mmacs");
        MlpPredictor predictor(2, 1, {{0, 640}, {unit, 3}}, 100);
        for (std::ptrdiff_t i = 0; i < predictor.weights().size(); ++i)
            predictor.weights().data()[i] = 1;
        predictor.update();
        const LatencyFeatures with_unit{.encoder_embed_dim = 320, .decoder_unit_mmacs = 6};
        CHECK(predictor.predict_ms(with_unit) > predictor.predict_ms({.encoder_embed_dim = 320}));
        save_mlp_predictor(path, predictor);
        CHECK(load_mlp_predictor(path).inputs() == predictor.inputs());
        CHECK(load_mlp_predictor(path).predict_ms(with_unit) == predictor.predict_ms(with_unit));

        const std::vector<float> two(4);
        const auto tensor = hat::io::tensor_view<float>("first_layer.weight", {2, 2}, two);
        hat::io::write_safetensors(path, std::vector{tensor},
                                   {{"features", R"(["encoder_embed_dim","watts"])"}});
        CHECK_THROWS_WITH_AS(static_cast<void>(load_mlp_predictor(path)),
                             (path + ": features: \"watts\" is not known to this version").c_str(),
                             Error);
    }
}
