// SPDX-License-Identifier: Apache-2.0
#include <hat/latency/predictor_fit.hpp>

#include "support/latency_rows.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

using namespace hat::latency;
using hat::Error;
using hat::support::latency_rows;

namespace {

PredictorOptions small_options(PredictorKind kind) {
    return {
        .kind = kind,
        .mlp = {
            .width = 32, .hidden_layers = 2, .steps = 800, .learning_rate = 5e-3, .decay = true}};
}

/// A table whose latency is no sum of terms.
LatencyTable product_rows(int count) {
    LatencyTable rows = latency_rows(count);
    for (LatencyRow& row : rows) {
        row.encoder_mean_ms = 0;
        row.decoder_mean_ms =
            std::exp(0.002 * row.features.decoder_ffn_dim - 0.6 * row.features.decoder_layers);
    }
    return rows;
}

}  // namespace

TEST_SUITE("latency/predictor_fit") {
    TEST_CASE("sums are best left to the additive model") {
        const auto fit =
            fit_predictor(latency_rows(60, 0.01), small_options(PredictorKind::automatic));
        CHECK(fit.predictor.monotone());
        REQUIRE(fit.additive.has_value());
        REQUIRE(fit.mlp.has_value());
        CHECK(fit.additive->mape < 0.02);
        CHECK(fit.additive->rows == 60);
        CHECK(fit.gain < fit.gain_error);
        CHECK(fit.predictor.errors()->cross_validated == *fit.additive);
    }

    TEST_CASE("what is no sum is left to the MLP") {
        const auto fit = fit_predictor(product_rows(120), small_options(PredictorKind::automatic));
        CHECK_FALSE(fit.predictor.monotone());
        CHECK(fit.gain > fit.gain_error);
        CHECK(fit.mlp->mape < fit.additive->mape);
        CHECK(fit.predictor.errors()->cross_validated == *fit.mlp);
        CHECK(fit.predictor.errors()->bound > 0);
    }

    TEST_CASE("the model that is asked for is taken, and the other not tried") {
        const auto rows = latency_rows(30, 0.01);
        const auto additive = fit_predictor(rows, small_options(PredictorKind::additive));
        CHECK(additive.predictor.monotone());
        CHECK_FALSE(additive.mlp.has_value());
        const auto mlp = fit_predictor(rows, small_options(PredictorKind::mlp));
        CHECK_FALSE(mlp.predictor.monotone());
        CHECK_FALSE(mlp.additive.has_value());
    }

    TEST_CASE("cross-validated errors are those of rows that were not seen") {
        const auto rows = latency_rows(40, 0.05);
        const auto fit = fit_predictor(rows, small_options(PredictorKind::additive));
        std::vector<double> seen;
        for (const LatencyRow& row : rows) seen.push_back(fit.predictor.predict_ms(row.features));
        CHECK(fit.additive->mape > prediction_errors(rows, seen).mape);
        const auto other = latency_rows(400, 0.05, 9);
        std::vector<double> unseen;
        for (const LatencyRow& row : other)
            unseen.push_back(fit.predictor.predict_ms(row.features));
        CHECK(std::abs(fit.additive->mape - prediction_errors(other, unseen).mape) < 0.01);
    }

    TEST_CASE("copies of rows do not make a predictor look better than it is") {
        // Latencies that nothing explains: an MLP can only learn them by heart.
        LatencyTable rows = latency_rows(40);
        hat::Random random(3);
        for (LatencyRow& row : rows) row.decoder_mean_ms = 50 + 100 * random.uniform();
        LatencyTable twice = rows;
        twice.insert(twice.end(), rows.begin(), rows.end());
        auto options = small_options(PredictorKind::automatic);
        options.mlp.steps = 2000;
        const auto fit = fit_predictor(twice, options);
        CHECK(fit.mlp->mape > 0.1);
        CHECK(fit.additive->mape > 0.1);
        CHECK(fit.mlp->rows == 80);
        // The same folds of networks: nearly the errors without the copies.
        const auto once = fit_predictor(rows, small_options(PredictorKind::additive));
        CHECK(fit.additive->mape == doctest::Approx(once.additive->mape).epsilon(0.1));
        // What a row says of itself is not what it says of others: the interval knows, too.
        const auto copied = fit_additive_predictor(twice);
        CHECK(copied.interval_width > 0.9 * fit_additive_predictor(rows).interval_width);
    }

    TEST_CASE("each kind of weights is fitted and judged for itself") {
        LatencyTable rows = latency_rows(60, 0.01);
        for (std::size_t i = 0; i < rows.size(); i += 2) {
            rows[i].features.weight_bits = 8;
            rows[i].encoder_mean_ms /= 2;
            rows[i].decoder_mean_ms /= 4;
        }
        const auto fit = fit_predictor(rows, small_options(PredictorKind::additive));
        CHECK(fit.additive->mape < 0.02);
        CHECK(fit.additive->rows == 60);
        LatencyTable few(rows.begin(), rows.begin() + 25);
        CHECK_THROWS_WITH_AS(
            static_cast<void>(fit_predictor(few, small_options(PredictorKind::additive))),
            "latency predictor: 12 rows with weights of 32 bits in 5 folds are too few, expected "
            "at "
            "least 13 rows",
            Error);
        CHECK(fit_predictor(few, small_options(PredictorKind::mlp)).mlp->rows == 25);
    }

    TEST_CASE("the number of threads changes nothing") {
        const auto rows = latency_rows(30, 0.01);
        auto options = small_options(PredictorKind::automatic);
        options.mlp.steps = 20;
        const auto one = fit_predictor(rows, options);
        options.threads = 3;
        const auto three = fit_predictor(rows, options);
        CHECK(one.additive == three.additive);
        CHECK(one.mlp == three.mlp);
    }

    TEST_CASE("too few rows and folds are errors") {
        CHECK_THROWS_WITH_AS(static_cast<void>(fit_predictor(latency_rows(12))),
                             "latency predictor: 12 rows in 5 folds are too few, expected at least "
                             "13 rows",
                             Error);
        LatencyTable same = latency_rows(12);
        for (int i = 0; i < 3; ++i) same.insert(same.end(), same.begin(), same.begin() + 12);
        CHECK_THROWS_WITH_AS(static_cast<void>(fit_predictor(same)),
                             "latency predictor: 48 rows of 12 networks in 5 folds are too few, "
                             "expected at least 13 networks",
                             Error);
        CHECK_THROWS_WITH_AS(static_cast<void>(fit_predictor(latency_rows(40), {.folds = 1})),
                             "latency predictor: folds = 1, expected 2 to 1000000", Error);
        CHECK_THROWS_AS(static_cast<void>(fit_predictor(latency_rows(40), {.folds = 2147483647})),
                        Error);
        CHECK_THROWS_AS(static_cast<void>(fit_predictor(latency_rows(40), {.folds = 1'000'000})),
                        Error);
        CHECK_THROWS_AS(static_cast<void>(fit_predictor({})), Error);
    }

    TEST_CASE("rows made in code that cannot have been measured are errors that name the row") {
        LatencyTable rows = latency_rows(20);
        for (const double time : {0.0, -1.0, std::nan(""), HUGE_VAL, 1e300}) {
            CAPTURE(time);
            rows[7].encoder_mean_ms = rows[7].decoder_mean_ms = time;
            CHECK_THROWS_WITH_AS(static_cast<void>(fit_predictor(rows)),
                                 doctest::Contains("latency table: row 7: latency"), Error);
        }
        rows = latency_rows(20);
        rows[3].features.decoder_ffn_dim = std::nan("");
        for (const PredictorKind kind : {PredictorKind::additive, PredictorKind::mlp})
            CHECK_THROWS_WITH_AS(
                static_cast<void>(fit_predictor(rows, small_options(kind))),
                "latency table: row 3: decoder_ffn_embed_dim_avg = nan, expected 0 "
                "to 1e+09",
                Error);
    }
}
