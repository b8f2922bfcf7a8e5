// SPDX-License-Identifier: Apache-2.0
#include <hat/core/random.hpp>
#include <hat/elastic/genes.hpp>
#include <hat/elastic/spaces.hpp>
#include <hat/latency/additive_predictor.hpp>
#include <hat/latency/design.hpp>
#include <hat/latency/plan.hpp>

#include "support/latency_rows.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

using namespace hat::latency;
using hat::Random;
using hat::model::Architecture;

namespace {

hat::elastic::DesignSpace space() {
    return with_vocabulary(hat::elastic::built_in_space("quickstart"), 8000, 8000);
}

double encoder_ms(const LatencyFeatures& f) {
    return 0.02 + f.encoder_layers * (0.01 + 2.5e-6 * f.encoder_ffn_dim * f.encoder_embed_dim +
                                      1e-4 * f.encoder_embed_dim);
}

double decoder_ms(const LatencyFeatures& f) {
    return 0.2 + 0.002 * f.decoder_embed_dim +
           f.decoder_layers * (0.15 + 4e-6 * f.decoder_ffn_dim * f.decoder_embed_dim +
                               4e-4 * f.decoder_embed_dim + 0.02 * f.decoder_attended_layers);
}

double sum_ms(const Architecture& a) {
    const LatencyFeatures features = latency_features(a);
    return encoder_ms(features) + decoder_ms(features);
}

/// A device on which small networks are up to a fifth faster than their parts say, measured to 1 %.
LatencyRow measured(const Architecture& a, Random& random) {
    const double least = sum_ms(smallest(space()));
    const double range = sum_ms(largest(space())) - least;
    const double bend = 1 - 0.2 * std::exp(-(sum_ms(a) - least) / (0.15 * range));
    LatencyRow row;
    row.features = latency_features(a);
    row.encoder_mean_ms = encoder_ms(row.features) * bend * (1 + 0.01 * random.normal());
    row.decoder_mean_ms = decoder_ms(row.features) * bend * (1 + 0.01 * random.normal());
    return row;
}

/// The mean relative error of predictions for members near `end`, after a fit to `members`.
double error_near(const Architecture& end, const std::vector<Architecture>& members) {
    Random random(5);
    LatencyTable rows;
    for (const Architecture& member : members) rows.push_back(measured(member, random));
    const AdditivePredictor predictor = fit_additive_predictor(rows);
    double sum = 0;
    constexpr int tries = 200;
    for (int i = 0; i < tries; ++i) {
        const LatencyRow row = measured(hat::elastic::mutate(space(), end, 0.2, random), random);
        sum += std::abs(predictor.predict_ms(row.features) / row.total_ms() - 1) / tries;
    }
    return sum;
}

}  // namespace

TEST_SUITE("latency/design") {
    TEST_CASE("what was measured is certain, what is unlike it is not") {
        Random random(1);
        const LatencyFeatures a = hat::support::random_features(random);
        LatencyDesign design(a);
        const double before = design.variance(a);
        design.add(a);
        CHECK(design.variance(a) < 1);  // no more than one measurement's own variance
        CHECK(design.variance(a) < before);
        for (int i = 0; i < 9; ++i) design.add(a);
        CHECK(design.variance(a) == doctest::Approx(0.1).epsilon(0.01));
        LatencyFeatures b = a;
        b.decoder_layers += 3;
        CHECK(design.variance(b) > 2 * design.variance(a));
    }

    TEST_CASE("the inverse follows the measurements as if it were computed anew") {
        Random random(2);
        const LatencyFeatures largest = hat::support::random_features(random);
        std::vector<LatencyFeatures> measured;
        for (int i = 0; i < 40; ++i) measured.push_back(hat::support::random_features(random));
        LatencyDesign forwards(largest);
        LatencyDesign backwards(largest);
        for (const LatencyFeatures& f : measured) forwards.add(f);
        for (auto f = measured.rbegin(); f != measured.rend(); ++f) backwards.add(*f);
        for (const LatencyFeatures& f : measured)
            CHECK(forwards.variance(f) == doctest::Approx(backwards.variance(f)).epsilon(1e-6));
    }

    TEST_CASE("limits near the ends are predicted better than after random samples") {
        std::vector<Architecture> uniform{largest(space()), smallest(space())};
        Random random(7);
        while (uniform.size() < 40) uniform.push_back(hat::elastic::sample(space(), random));
        const auto planned = plan_latency(space(), {}, 40, 7).members;
        CHECK(error_near(smallest(space()), planned) <
              0.9 * error_near(smallest(space()), uniform));
        CHECK(error_near(smallest(space()), planned) < 0.05);
        CHECK(error_near(largest(space()), planned) < 0.02);
    }

    TEST_CASE("a kind of weights says nothing of another") {
        Random random(3);
        const LatencyFeatures a = hat::support::random_features(random);
        LatencyFeatures quantized = a;
        quantized.weight_bits = 8;
        LatencyDesign design(a);
        const double before = design.variance(quantized);
        design.add(a);
        CHECK(design.variance(quantized) == before);
        design.add(quantized);
        CHECK(design.variance(quantized) < 1);
    }

    TEST_CASE("lists are uncertain until one was measured") {
        Random random(4);
        const LatencyFeatures a = hat::support::random_features(random);
        LatencyFeatures listed = a;
        listed.listed_tokens = 512;
        LatencyDesign design(a, 512);
        for (int i = 0; i < 9; ++i) design.add(a);
        CHECK(design.variance(listed) > 1);
        design.add(listed);
        CHECK(design.variance(listed) < 1);
    }
}
