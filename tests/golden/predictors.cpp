// SPDX-License-Identifier: Apache-2.0
#include <hat/io/json.hpp>
#include <hat/io/safetensors.hpp>
#include <hat/io/text_file.hpp>
#include <hat/latency/features.hpp>
#include <hat/latency/mlp_predictor_file.hpp>
#include <hat/latency/table.hpp>
#include <hat/model/architecture.hpp>

#include "support/data_folder.hpp"
#include "support/golden.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <string>

using hat::io::Json;
using hat::io::SafetensorsFile;
using hat::latency::LatencyFeatures;
using hat::latency::load_mlp_predictor;
using hat::latency::MlpPredictor;

namespace {

/// What single precision leaves of a reference's prediction: 1e-4 ms, where it can tell so little
/// (the numbers near 6000 ms are 5e-4 ms apart), and a millionth for its 400-term sums.
double tolerance_ms(double latency_ms) {
    return 1e-4 + 1e-6 * latency_ms;
}

LatencyFeatures features_of(const float* x) {
    return {x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7], x[8], x[9]};
}

/// The features that decide the latency, of a network as the reference's sampler writes it.
hat::model::Architecture architecture_of(const Json& sample) {
    const Json& encoder = sample.at("encoder");
    const Json& decoder = sample.at("decoder");
    const auto number = [](const Json& side, const char* name) { return side.at(name).get<int>(); };
    const auto of_layer = [](const Json& side, const char* name, int layer) {
        return side.at(name).at(static_cast<std::size_t>(layer)).get<int>();
    };
    hat::model::Architecture a;
    a.encoder.embed_dim = number(encoder, "encoder_embed_dim");
    a.decoder.embed_dim = number(decoder, "decoder_embed_dim");
    a.encoder.layer_count = number(encoder, "encoder_layer_num");
    a.decoder.layer_count = number(decoder, "decoder_layer_num");
    for (int i = 0; i < a.encoder.layer_count; ++i)
        a.encoder.layer_shapes[static_cast<std::size_t>(i)] = {
            .ffn_dim = of_layer(encoder, "encoder_ffn_embed_dim", i),
            .heads = of_layer(encoder, "encoder_self_attention_heads", i)};
    for (int i = 0; i < a.decoder.layer_count; ++i) {
        const int attended = of_layer(decoder, "decoder_arbitrary_ende_attn", i);
        a.decoder.layer_shapes[static_cast<std::size_t>(i)] = {
            .ffn_dim = of_layer(decoder, "decoder_ffn_embed_dim", i),
            .heads = of_layer(decoder, "decoder_self_attention_heads", i),
            .cross_heads = of_layer(decoder, "decoder_ende_attention_heads", i),
            .attended_layers = attended == -1 ? 1 : attended + 1};
    }
    return a;
}

}  // namespace

TEST_SUITE("golden/predictors") {
    TEST_CASE("the shipped predictors predict what the reference does") {
        hat::support::Golden golden("hat/predictors/*.safetensors");
        for (const auto& path : golden.files()) {
            const auto file = SafetensorsFile::open(path.string());
            const auto predictor = load_mlp_predictor(path.string());
            const auto features = file.floats("check/features");
            const auto expected = file.floats("check/pred_ms");
            REQUIRE(features.size() == 10 * expected.size());
            for (std::size_t i = 0; i < expected.size(); ++i) {
                INFO(path.string() << ", row " << i);
                const double found = predictor.predict_ms(features_of(&features[10 * i]));
                CHECK(std::abs(found - expected[i]) <= tolerance_ms(expected[i]));
            }
            golden.add(path, expected.size());
        }
    }

    TEST_CASE("the features of a sampled network are the reference's") {
        hat::support::Golden golden("hat/sampler.json");
        for (const auto& path : golden.files()) {
            const Json spaces =
                hat::io::parse_json(hat::io::read_file(path.string()), path.string());
            std::size_t compared = 0;
            for (const auto& space : spaces.items()) {
                if (!space.value().contains("features_of_sample_0_to_4")) continue;
                int sample = 0;
                for (const Json& expected : space.value().at("features_of_sample_0_to_4")) {
                    INFO(space.key() << ", sample " << sample);
                    const auto architecture =
                        architecture_of(space.value().at("samples").at(std::to_string(sample++)));
                    const auto features = hat::latency::latency_features(architecture);
                    REQUIRE(expected.size() == hat::latency::published_feature_count);
                    for (std::size_t i = 0; i < expected.size(); ++i)
                        CHECK(features.*hat::latency::published_features[i].place ==
                              expected[i].get<double>());
                    compared += expected.size();
                }
            }
            golden.add(path, compared);
        }
    }

    TEST_CASE("over the published tables, the shipped predictors err as the reference says") {
        const auto tables = hat::support::data_folder("hat_latency");
        if (tables.empty()) return;
        hat::support::Golden golden("hat/predictors_eval.json");
        for (const auto& path : golden.files()) {
            const Json expected =
                hat::io::parse_json(hat::io::read_file(path.string()), path.string());
            std::size_t compared = 0;
            for (const auto& item : expected.items()) {
                INFO(item.key());
                const Json& errors = item.value().at("shipped_on_all");
                const auto weights =
                    path.parent_path() / "predictors" / (item.key() + ".safetensors");
                const auto predictor = load_mlp_predictor(weights.string());
                const auto table =
                    hat::latency::read_latency_table((tables / (item.key() + "_all.csv")).string());
                const auto rows = static_cast<double>(table.size());
                double mean = 0;
                for (const auto& row : table) mean += row.total_ms() / rows;
                double squares = 0;
                double relative = 0;
                double absolute = 0;
                double variance = 0;
                for (const auto& row : table) {
                    const double error = predictor.predict_ms(row.features) - row.total_ms();
                    squares += error * error / rows;
                    relative += std::abs(error) / row.total_ms() / rows;
                    absolute += std::abs(error) / rows;
                    variance += (row.total_ms() - mean) * (row.total_ms() - mean) / rows;
                }
                // The reference sums in single precision.
                const auto is = [&](const char* name, double found) {
                    INFO(name);
                    const double value = errors.at(name).get<double>();
                    CHECK(std::abs(found - value) <= 1e-5 * value);
                    ++compared;
                };
                CHECK(errors.at("n").get<std::size_t>() == table.size());
                CHECK(item.value().at("lat_norm").get<double>() == predictor.latency_norm_ms());
                is("rmse_ms", std::sqrt(squares));
                is("mapd", relative);
                is("mae_ms", absolute);
                is("r2", 1 - squares / variance);
            }
            golden.add(path, compared);
        }
    }
}
