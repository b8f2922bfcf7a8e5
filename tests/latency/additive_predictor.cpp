// SPDX-License-Identifier: Apache-2.0
#include <hat/latency/additive_predictor.hpp>

#include "support/data_folder.hpp"
#include "support/latency_rows.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <string>
#include <vector>

using namespace hat::latency;
using hat::Error;
using hat::Random;
using hat::support::latency_rows;
using hat::support::random_features;

namespace {

double mape(const AdditivePredictor& predictor, const LatencyTable& rows) {
    std::vector<double> predicted;
    for (const LatencyRow& row : rows) predicted.push_back(predictor.predict_ms(row.features));
    return prediction_errors(rows, predicted).mape;
}

/// The mean held-out error over five seeds: a fifth of the rows, after a fit to 50 others.
double published_mape(const std::string& name, std::size_t first_row) {
    const auto folder = hat::support::data_folder("hat_latency");
    if (folder.empty()) return 0;
    LatencyTable table = read_latency_table((folder / (name + "_all.csv")).string());
    table.erase(table.begin(), table.begin() + static_cast<std::ptrdiff_t>(first_row));
    double sum = 0;
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
        Random(seed).shuffle(table);
        const auto held_out = static_cast<std::ptrdiff_t>(table.size() / 5);
        const LatencyTable training(table.begin() + held_out, table.begin() + held_out + 50);
        sum += mape(fit_additive_predictor(training),
                    LatencyTable(table.begin(), table.begin() + held_out));
    }
    return sum / 5;
}

}  // namespace

TEST_SUITE("latency/additive_predictor") {
    TEST_CASE("costs that add up are found exactly") {
        const auto predictor = fit_additive_predictor(latency_rows(40));
        CHECK(mape(predictor, latency_rows(100, 0, 1)) < 1e-9);
        CHECK(predictor.interval_width < 1e-9);
    }

    TEST_CASE("what weights cost beyond a cache is found with the cache's size") {
        const auto with_cache = [](LatencyTable rows) {
            for (LatencyRow& row : rows) {
                LatencyFeatures& f = row.features;
                f.decoder_weight_mb =
                    f.decoder_layers * f.decoder_ffn_dim * f.decoder_embed_dim * 8e-6 + 1;
                row.decoder_mean_ms += 2 * std::max(f.decoder_weight_mb - 16.8, 0.0);
            }
            return rows;
        };
        const auto predictor = fit_additive_predictor(with_cache(latency_rows(50, 0.002)));
        CHECK(predictor.cache_mb == 16.8);
        CHECK(mape(predictor, with_cache(latency_rows(200, 0, 1))) < 0.002);
        CHECK(fit_additive_predictor(latency_rows(50, 0.002)).cache_mb == 0);
    }

    TEST_CASE("fifty noisy rows predict better than they were measured") {
        const auto predictor = fit_additive_predictor(latency_rows(50, 0.02));
        CHECK(mape(predictor, latency_rows(500, 0, 1)) < 0.01);
    }

    TEST_CASE("some spoilt measurements do no harm") {
        LatencyTable rows = latency_rows(50, 0.002);
        for (const std::size_t i : {3U, 17U, 31U, 40U}) rows[i].decoder_mean_ms *= 1.6;
        rows[22].encoder_mean_ms *= 10;
        CHECK(mape(fit_additive_predictor(rows), latency_rows(500, 0, 1)) < 0.002);
    }

    TEST_CASE("nine of ten measurements lie in their intervals") {
        int inside = 0;
        int count = 0;
        for (std::uint64_t seed = 0; seed < 20; ++seed) {
            const auto predictor = fit_additive_predictor(latency_rows(40, 0.03, seed));
            for (const LatencyRow& row : latency_rows(50, 0.03, 100 + seed)) {
                const auto interval = predictor.interval(row.features);
                CHECK(interval.ms == predictor.predict_ms(row.features));
                inside += interval.low_ms <= row.total_ms() && row.total_ms() <= interval.high_ms;
                ++count;
            }
        }
        CHECK(inside > 0.86 * count);
        CHECK(inside < 0.95 * count);
    }

    TEST_CASE("an interval is wider far from the rows") {
        LatencyTable rows = latency_rows(200, 0.03);
        std::erase_if(rows, [](const LatencyRow& row) { return row.features.decoder_layers > 3; });
        const auto predictor = fit_additive_predictor(rows);
        const auto width = [&](double layers) {
            auto features = rows[0].features;
            features.decoder_layers = layers;
            const auto interval = predictor.interval(features);
            return (interval.high_ms - interval.low_ms) / interval.ms;
        };
        CHECK(width(6) > width(2));
    }

    TEST_CASE("a network that is larger in one feature is never predicted to be faster") {
        Random random(4);
        for (std::uint64_t seed = 0; seed < 20; ++seed) {
            const auto predictor = fit_additive_predictor(latency_rows(20, 0.1, seed));
            for (int i = 0; i < 20; ++i) {
                LatencyFeatures features = random_features(random);
                const double before = predictor.predict_ms(features);
                for (double LatencyFeatures::*feature :
                     {&LatencyFeatures::encoder_embed_dim, &LatencyFeatures::encoder_ffn_dim,
                      &LatencyFeatures::encoder_heads, &LatencyFeatures::decoder_embed_dim,
                      &LatencyFeatures::decoder_layers, &LatencyFeatures::decoder_ffn_dim,
                      &LatencyFeatures::decoder_heads, &LatencyFeatures::decoder_cross_heads,
                      &LatencyFeatures::decoder_attended_layers}) {
                    LatencyFeatures larger = features;
                    larger.*feature *= 1.25;
                    CHECK(predictor.predict_ms(larger) >= before);
                }
            }
        }
    }

    TEST_CASE("a decoder alone, or networks that are all alike, can be learnt") {
        LatencyTable rows = latency_rows(12);
        for (LatencyRow& row : rows) {
            auto& f = row.features;
            f.encoder_embed_dim = f.encoder_layers = f.encoder_ffn_dim = f.encoder_heads = 0;
            f.decoder_cross_heads = f.decoder_attended_layers = 0;
            row.encoder_mean_ms = 0;
            row.decoder_mean_ms = 7 * f.decoder_layers;
        }
        CHECK(mape(fit_additive_predictor(rows), rows) < 1e-9);
        for (LatencyRow& row : rows) row = rows[0];
        CHECK(mape(fit_additive_predictor(rows), rows) < 1e-9);
    }

    TEST_CASE("too few rows are an error") {
        CHECK_THROWS_WITH_AS(static_cast<void>(fit_additive_predictor(latency_rows(9))),
                             "latency predictor: 9 rows are too few, expected at least 10", Error);
    }

    TEST_CASE("rows that cannot have been measured are errors") {
        LatencyTable rows = latency_rows(12);
        rows[11].decoder_mean_ms = -1;
        CHECK_THROWS_WITH_AS(static_cast<void>(fit_additive_predictor(rows)),
                             "latency table: row 11: latency of the decoder = -1, expected 0 to "
                             "1e+09",
                             Error);
    }

    TEST_CASE("fifty rows of the published tables suffice") {
        CHECK(published_mape("wmt14enfr_cpu_raspberrypi", 0) < 0.008);
        CHECK(published_mape("wmt14ende_cpu_raspberrypi", 120) < 0.012);
    }
}
