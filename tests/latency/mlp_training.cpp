// SPDX-License-Identifier: Apache-2.0
#include <hat/latency/mlp_training.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

using namespace hat::latency;
using hat::Error;
using hat::Random;

namespace {

/// Rows whose latency is linear in what decides it.
LatencyTable rows(int count) {
    Random random(3);
    LatencyTable table(static_cast<std::size_t>(count));
    for (LatencyRow& row : table) {
        row.features = {.encoder_embed_dim = random.below(2) == 0 ? 512.0 : 640.0,
                        .encoder_layers = 6,
                        .encoder_ffn_dim = random.uniform(1024, 3072),
                        .encoder_heads = 6,
                        .decoder_embed_dim = 512,
                        .decoder_layers = static_cast<double>(1 + random.below(6)),
                        .decoder_ffn_dim = random.uniform(1024, 3072),
                        .decoder_heads = 6,
                        .decoder_cross_heads = 6,
                        .decoder_attended_layers = 2};
        row.encoder_mean_ms = 5;
        row.decoder_mean_ms = 20 + 30 * row.features.decoder_layers;
    }
    return table;
}

const MlpTraining small{
    .width = 32, .hidden_layers = 2, .steps = 600, .batch = 32, .learning_rate = 3e-3, .seed = 7};

}  // namespace

TEST_SUITE("latency/mlp_training") {
    TEST_CASE("training learns a latency that follows from the features") {
        const LatencyTable table = rows(80);
        int steps = 0;
        const MlpPredictor predictor =
            train_mlp_predictor(table, small, [&](int step) { CHECK(step == steps++); });
        CHECK(steps == small.steps);
        for (const LatencyRow& row : table)
            CHECK(std::abs(predictor.predict_ms(row.features) / row.total_ms() - 1) < 0.05);
    }

    TEST_CASE("the same seed gives the same predictor, another seed another one") {
        const LatencyTable table = rows(20);
        MlpTraining training = small;
        training.steps = 5;
        const auto prediction = [&] {
            return train_mlp_predictor(table, training).predict_ms(table[0].features);
        };
        const double first = prediction();
        CHECK(prediction() == first);
        training.seed = 8;
        CHECK(prediction() != first);
    }

    TEST_CASE("the gradients of a step are those of the mean squared error") {
        const LatencyTable table = rows(8);
        MlpTraining training = small;
        training.width = 4;
        MlpPredictor predictor = detail::initial_mlp(table, training);
        // The last bias: where predictions are cut off at 0, the loss is flat.
        predictor.weights().matrix(predictor.table()[predictor.table().size() - 1])(0, 0) = 2;
        std::vector<float> x;
        std::vector<float> target;
        for (const LatencyRow& row : table) {
            for (const MlpInput& input : predictor.inputs())
                x.push_back(static_cast<float>(input.of(row.features)));
            target.push_back(static_cast<float>(row.total_ms() / predictor.latency_norm_ms()));
        }
        hat::Slab gradients(predictor.table());
        std::vector<std::uint8_t> has_gradient(static_cast<std::size_t>(predictor.table().size()));
        hat::Arena memory;
        hat::Arena scratch;
        hat::autograd::Tape tape(memory, scratch, hat::RandomKey(0));
        detail::differentiate_mlp(tape, predictor.table(), predictor.weights(), gradients,
                                  has_gradient, hat::ConstMatrix(x.data(), 8, 10), target);
        const auto loss = [&] {
            predictor.update();
            double sum = 0;
            for (const LatencyRow& row : table) {
                const double error = (predictor.predict_ms(row.features) - row.total_ms()) /
                                     predictor.latency_norm_ms();
                sum += error * error;
            }
            return sum / static_cast<double>(table.size());
        };
        for (const auto& entry : predictor.table()) {
            for (std::ptrdiff_t i = 0; i < entry.size(); i += 3) {
                float& weight = predictor.weights().data()[entry.offset + i];
                const float kept = weight;
                weight = kept + 1e-3F;
                const double above = loss();
                weight = kept - 1e-3F;
                const double below = loss();
                const double difference = (above - below) / (kept + 1e-3F - weight);
                weight = kept;
                CHECK(std::abs(gradients.data()[entry.offset + i] - difference) < 1e-3);
            }
        }
    }

    TEST_CASE("training without rows or steps is an error") {
        CHECK_THROWS_WITH_AS(static_cast<void>(train_mlp_predictor({})),
                             "latency predictor: no rows to learn from", Error);
        MlpTraining training = small;
        training.steps = 0;
        CHECK_THROWS_AS(static_cast<void>(train_mlp_predictor(rows(3), training)), Error);
    }

    TEST_CASE("rows with DExTra units are learned by their features, others by the published ten") {
        LatencyTable table = rows(8);
        const auto reads = [&](const char* name) {
            for (const MlpInput& input : mlp_inputs_of(table))
                if (input.feature == find_latency_feature(name)) return true;
            return false;
        };
        CHECK(mlp_inputs_of(table).size() == published_feature_count);
        table[3].features.decoder_unit_mmacs = 2;
        table[3].features.decoder_weight_mb = 7;
        CHECK(mlp_inputs_of(table).size() == published_feature_count + 1);
        CHECK(reads("decoder_unit_mmacs"));
        CHECK_FALSE(reads("decoder_weight_mb"));
    }

    TEST_CASE("rows that cannot have been measured are errors") {
        LatencyTable table = rows(12);
        table[2].features.decoder_layers = -1;
        CHECK_THROWS_WITH_AS(static_cast<void>(train_mlp_predictor(table)),
                             "latency table: row 2: decoder_layer_num = -1, expected 0 to 1e+09",
                             hat::Error);
    }
}
