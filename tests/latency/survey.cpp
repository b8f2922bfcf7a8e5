// SPDX-License-Identifier: Apache-2.0
#include <hat/elastic/design_space.hpp>
#include <hat/latency/survey.hpp>
#include <hat/model/presets.hpp>

#include <doctest/doctest.h>

using namespace hat::latency;

namespace {

hat::elastic::DesignSpace small_space() {
    return {.super = hat::model::uniform({.encoder_layers = 2,
                                          .decoder_layers = 2,
                                          .embed_dim = 32,
                                          .ffn_dim = 64,
                                          .heads = 2,
                                          .attended_layers = 2},
                                         50, 50),
            .encoder_embed_dims = {32, 16},
            .decoder_embed_dims = {32, 16},
            .encoder_layer_counts = {2},
            .decoder_layer_counts = {1, 2},
            .encoder_ffn_dims = {32, 64},
            .encoder_heads = {2},
            .decoder_ffn_dims = {32, 64},
            .decoder_heads = {2},
            .decoder_cross_heads = {2},
            .decoder_attended_layers = {1, 2}};
}

constexpr LatencyProtocol hasty{
    .repeats = 2, .block_runs = 2, .first_runs = 0, .settle_ms = 0, .attempts = 1, .pause_ms = 0};

struct Setting {
    LatencyPlan plan = plan_latency(small_space(), {.lengths = {{5, 4}, {3, 3}}, .beam = 3}, 3, 1);
    hat::elastic::SuperTransformer super = [this] {
        hat::elastic::SuperTransformer made(plan.super);
        made.network().initialize(1);
        return made;
    }();
    LatencySurvey survey{super.network(), plan, hasty};
};

}  // namespace

TEST_SUITE("latency/survey") {
    TEST_CASE("a row says which network was measured, on what and how often") {
        Setting setting;
        const LatencyRow sentinel = setting.survey.calibrate();
        REQUIRE(sentinel.details);
        CHECK(sentinel.details->flags.starts_with("sentinel"));
        CHECK(sentinel.details->genes == hat::elastic::gene_string(setting.plan.members[0]));

        const LatencyRow row = setting.survey.measure(setting.plan.members[1]);
        REQUIRE(row.details);
        CHECK(row.features == latency_features(setting.plan.members[1]));
        CHECK(row.details->genes == hat::elastic::gene_string(setting.plan.members[1]));
        CHECK(row.details->repeats == 2);
        CHECK(row.details->beam == 3);
        CHECK(row.details->source_length == 4.0);
        CHECK(row.details->target_length == 3.5);
        CHECK(row.details->encoder_median_ms > 0);
        CHECK(row.details->decoder_median_ms > 0);
        CHECK(row.details->total_low_ms <= row.details->total_high_ms);
        CHECK(row.encoder_mean_ms > 0);
        CHECK(row.decoder_mean_ms > 0);
        CHECK(latency_table_from_csv(latency_table_to_csv(LatencyTable{row}), "t") ==
              LatencyTable{row});
    }

    TEST_CASE("a survey goes on with the baseline of another one") {
        Setting setting;
        const LatencyRow sentinel = setting.survey.calibrate();
        LatencyRow earlier = sentinel;
        earlier.details->total_median_ms *= 2;
        const double today = setting.survey.resume(earlier);
        CHECK(today == doctest::Approx(0.5));
        earlier.details->genes = "d8:8x8";
        CHECK_THROWS_WITH_AS(setting.survey.resume(earlier),
                             ("latency: the table's sentinel is \"d8:8x8\", expected \"" +
                              sentinel.details->genes + "\"")
                                 .c_str(),
                             hat::Error);
    }

    TEST_CASE("a plan that does not fit the network is an error") {
        Setting setting;
        LatencyPlan plan = setting.plan;
        plan.members.clear();
        CHECK_THROWS_WITH_AS(LatencySurvey(setting.super.network(), plan, hasty),
                             "latency: the plan names no network", hat::Error);
        auto genes = setting.plan.members[1];
        genes.encoder.embed_dim = 48;
        CHECK_THROWS_AS(setting.survey.measure(genes), hat::Error);
    }
}
