// SPDX-License-Identifier: Apache-2.0
#include <hat/latency/predictor.hpp>
#include <hat/model/presets.hpp>

#include "support/latency_rows.hpp"
#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>

using namespace hat::latency;
using hat::Error;
using hat::support::latency_rows;
using hat::support::TemporaryDirectory;

namespace {

const Predictor::Errors errors{
    .cross_validated = {.mape = 0.1 / 3, .rmse_ms = 3, .r2 = 0.9, .rows = 40}, .bound = 0.07};

MlpPredictor small_mlp() {
    MlpPredictor mlp(2, 1, published_mlp_inputs(published_feature_norm), 100);
    mlp.weights().data()[0] = 1;
    mlp.weights().matrix(mlp.table()[3])(0, 0) = 2;
    mlp.update();
    return mlp;
}

}  // namespace

TEST_SUITE("latency/predictor") {
    TEST_CASE("either model predicts as it does alone") {
        const auto rows = latency_rows(40, 0.02);
        const auto additive = fit_additive_predictor(rows);
        const Predictor first(additive, errors);
        CHECK(first.predict_ms(rows[0].features) == additive.predict_ms(rows[0].features));
        CHECK(first.interval(rows[0].features).high_ms ==
              additive.interval(rows[0].features).high_ms);
        CHECK(first.monotone());
        CHECK(std::string(first.name()) == "additive");

        const Predictor second(small_mlp(), errors);
        CHECK(second.predict_ms(rows[0].features) == 200);
        CHECK(second.interval(rows[0].features).low_ms == doctest::Approx(186));
        CHECK(second.interval(rows[0].features).high_ms == doctest::Approx(214));
        CHECK_FALSE(second.monotone());
        CHECK(std::string(second.name()) == "mlp");
    }

    TEST_CASE("a predictor of unknown errors promises nothing") {
        const auto interval = Predictor(small_mlp()).interval(LatencyFeatures{});
        CHECK(interval.low_ms == 0);
        CHECK(interval.high_ms == std::numeric_limits<double>::infinity());
    }

    TEST_CASE("an architecture is its features") {
        const hat::model::Architecture a = hat::model::transformer_tiny_lm(100);
        const Predictor predictor(fit_additive_predictor(latency_rows(40)));
        CHECK(predictor.predict_ms(a) == predictor.predict_ms(latency_features(a)));
        CHECK(predictor.interval(a).ms == predictor.predict_ms(a));
    }

    TEST_CASE("a predictor that was saved is loaded the same") {
        const TemporaryDirectory directory;
        const auto rows = latency_rows(40, 0.02);
        for (const Predictor& predictor :
             {Predictor(fit_additive_predictor(rows), errors), Predictor(small_mlp(), errors),
              Predictor(fit_additive_predictor(rows)), Predictor(small_mlp())}) {
            predictor.save(directory / "p", {{"table", "t.csv"}});
            const Predictor loaded = Predictor::load(directory / "p");
            CHECK(loaded.monotone() == predictor.monotone());
            REQUIRE(loaded.errors().has_value() == predictor.errors().has_value());
            if (loaded.errors()) {
                CHECK(loaded.errors()->cross_validated == errors.cross_validated);
                CHECK(loaded.errors()->bound == errors.bound);
            }
            for (const LatencyRow& row : rows) {
                const auto expected = predictor.interval(row.features);
                const auto found = loaded.interval(row.features);
                CHECK(found.ms == expected.ms);
                CHECK(found.low_ms == expected.low_ms);
                CHECK(found.high_ms == expected.high_ms);
            }
        }
    }

    TEST_CASE("a file that is no predictor is an error that says why") {
        const TemporaryDirectory directory;
        const std::string path = directory / "p";
        Predictor(fit_additive_predictor(latency_rows(40)), errors).save(path);
        const auto good = hat::io::parse_json(hat::io::read_file(path), path);
        const auto message = [&](const std::string& text, const std::string& expected) {
            hat::io::write_file(path, text);
            CHECK_THROWS_WITH_AS(static_cast<void>(Predictor::load(path)),
                                 (path + expected).c_str(), Error);
        };
        const auto with = [&](const char* pointer, const hat::io::Json& value) {
            auto json = good;
            json[hat::io::Json::json_pointer(pointer)] = value;
            return json.dump();
        };
        message("{", ": not valid JSON at byte 2");
        message("{}", ": key \"format\" is missing");
        message(with("/format", "other"),
                ": format is \"other\", expected \"hat latency predictor 1\"");
        message(with("/model", "mlp"), ": model is \"mlp\", expected \"additive\"");
        message(with("/interval_width", -1),
                ": interval_width: expected a number of at least 0, found -1.000000");
        message(with("/encoder/costs_ms/layers", "x"),
                ": encoder: costs_ms: layers: expected a number, found string");
        message(with("/encoder/costs_ms/more", 1), ": encoder: costs_ms has 11 terms, expected 10");
        message(with("/decoder/inverse", hat::io::Json::array()),
                ": decoder: inverse is not an array of 14 rows");
        message(with("/decoder/inverse/3", hat::io::Json::array()),
                ": decoder: inverse: row 3 has not 14 numbers");
        message(with("/errors/bound", nullptr), ": errors: bound: expected a number, found null");
        message("", ": is 0 bytes long, too short for a safetensors file");
        CHECK_THROWS_AS(static_cast<void>(Predictor::load(directory / "missing")), Error);
    }

    TEST_CASE("an architecture that is not valid is an error, not a number") {
        const Predictor predictor(small_mlp());
        hat::model::Architecture a = hat::model::transformer_tiny(100);
        CHECK(predictor.predict_ms(a) > 0);
        for (const int layers : {-1, 17, 1'000'000}) {
            CAPTURE(layers);
            a.decoder.layer_count = layers;
            CHECK_THROWS_WITH_AS(static_cast<void>(predictor.predict_ms(a)),
                                 doctest::Contains("architecture: decoder_layers = "), Error);
            CHECK_THROWS_AS(static_cast<void>(predictor.interval(a)), Error);
        }
    }

    TEST_CASE("an interval is not upside down") {
        MlpPredictor mlp = small_mlp();
        mlp.weights().matrix(mlp.table()[3])(0, 0) = -1;
        mlp.update();
        const auto interval = Predictor(mlp, errors).interval(LatencyFeatures{});
        CHECK(interval.low_ms <= interval.ms);
        CHECK(interval.ms <= interval.high_ms);
        for (const double bound : {-0.1, std::nan(""), HUGE_VAL})
            CHECK_THROWS_WITH_AS(
                Predictor(small_mlp(), Predictor::Errors{.cross_validated = {}, .bound = bound}),
                doctest::Contains("latency predictor: the bound of the errors is"), Error);
    }

    TEST_CASE("predictors of several kinds of weights are saved and loaded, each by its costs") {
        const TemporaryDirectory directory;
        LatencyTable rows = latency_rows(60, 0.02);
        for (std::size_t i = 0; i < rows.size(); ++i) {
            rows[i].features.weight_bits = i % 2 == 0 ? 32 : 8;
            rows[i].features.listed_tokens = i % 3 == 0 ? 100 : 0;
        }
        LatencyTable bytes_alone = rows;
        for (LatencyRow& row : bytes_alone) {
            row.features.weight_bits = 8;
            row.features.listed_tokens = 100;
        }
        for (const LatencyTable& table : {rows, bytes_alone}) {
            const AdditivePredictors fitted = fit_additive_predictors(table);
            Predictor(fitted, errors).save(directory / "p");
            const Predictor loaded = Predictor::load(directory / "p");
            CHECK(loaded.monotone());
            for (const LatencyRow& row : table)
                CHECK(loaded.interval(row.features).high_ms ==
                      fitted.interval(row.features).high_ms);
            CHECK_THROWS_AS(
                static_cast<void>(loaded.predict_ms(LatencyFeatures{.weight_bits = 16})), Error);
        }
    }

    TEST_CASE("an MLP predicts nothing of networks that are served as none it was trained on") {
        LatencyFeatures features = latency_rows(1)[0].features;
        const Predictor of_floats(small_mlp());
        features.weight_bits = 8;
        CHECK_THROWS_WITH_AS(static_cast<void>(of_floats.predict_ms(features)),
                             "latency predictor: was fitted to no networks with weight_bits = 8",
                             Error);
        const auto input = find_latency_feature("weight_bits");
        MlpPredictor of_all(2, 1, {{input, 32}}, 100);
        of_all.update();
        CHECK(Predictor(of_all).predict_ms(features) == 0);
    }
}
