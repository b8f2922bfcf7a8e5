// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/autograd/functions.hpp>
#include <hat/core/error.hpp>
#include <hat/core/order.hpp>
#include <hat/core/random.hpp>
#include <hat/core/slab.hpp>
#include <hat/latency/mlp_predictor.hpp>
#include <hat/latency/table.hpp>
#include <hat/train/adam.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace hat::latency {

/// How an `MlpPredictor` is trained; the defaults are the published settings.
struct MlpTraining {
    int width = 400;
    int hidden_layers = 4;
    int steps = 5000;
    int batch = 128;  ///< rows of a step, drawn without replacement; all if there are fewer
    double learning_rate = 1e-5;
    bool decay = false;  ///< the learning rate falls in a straight line, to 0 behind the last step
    std::uint64_t seed = 0;
    /// Without, those of `mlp_inputs_of`; the published ones for published tables.
    std::vector<MlpInput> inputs{};
    double latency_norm_ms = 0;  ///< 0: the mean latency of the rows
};

/// Settings that learn more in an eighth of the published steps.
[[nodiscard]] inline MlpTraining brisk_mlp_training() {
    return {.steps = 600, .learning_rate = 1e-3, .decay = true};
}

/// What an MLP of these rows reads: the published ten features, and of the others those that genes
/// tell and some row has, such as the size of DExTra units or another way to be served; each
/// divided by its largest value.
[[nodiscard]] inline std::vector<MlpInput> mlp_inputs_of(std::span<const LatencyRow> rows) {
    std::vector<MlpInput> inputs;
    for (int i = 0; i < latency_feature_count; ++i) {
        const LatencyFeature& feature = latency_feature_table[static_cast<std::size_t>(i)];
        double largest = 0;
        bool is_usual = true;
        for (const LatencyRow& row : rows) {
            const double value = row.features.*feature.place;
            largest = std::max(largest, value);
            is_usual = is_usual && value == feature.usual();
        }
        if (i < published_feature_count || (feature.of_genes && !is_usual))
            inputs.push_back({i, largest > 0 ? largest : 1});  // 1: a feature that no row has
    }
    return inputs;
}

namespace detail {

[[nodiscard]] inline MlpPredictor initial_mlp(std::span<const LatencyRow> rows,
                                              const MlpTraining& training) {
    double latency_sum = 0;
    for (const LatencyRow& row : rows) latency_sum += row.total_ms();
    MlpPredictor predictor(training.width, training.hidden_layers,
                           training.inputs.empty() ? mlp_inputs_of(rows) : training.inputs,
                           training.latency_norm_ms > 0
                               ? training.latency_norm_ms
                               : latency_sum / static_cast<double>(rows.size()));
    const RandomKey key = RandomKey(training.seed).split(0);
    for (int i = 0; i < predictor.table().size(); ++i) {
        const auto& entry = predictor.table()[i];
        const int fan_in = predictor.table()[i - i % 2].cols;  // a bias has that of its weight
        const double bound = 1 / std::sqrt(static_cast<double>(fan_in));
        Random random(key.split(static_cast<std::uint64_t>(i)));
        float* const values = predictor.weights().data() + entry.offset;
        for (std::ptrdiff_t j = 0; j < entry.size(); ++j)
            values[j] = static_cast<float>(random.uniform(-bound, bound));
    }
    return predictor;
}

/// One forward and one backward pass: leaves the gradients of the mean squared error.
///
/// Shapes  x [rows, features], target [rows], both normalised
inline void differentiate_mlp(autograd::Tape& tape, const TensorTable& table, Slab& weights,
                              Slab& gradients, std::span<std::uint8_t> has_gradient, ConstMatrix x,
                              std::span<const float> target) {
    // A constant: its value is read, its gradient never made.
    autograd::Variable h{{const_cast<float*>(x.data()), x.rows(), x.cols()}, nullptr};  // NOLINT
    for (int i = 0; i < table.size(); i += 2) {
        const auto parameter = [&](int entry) {
            return autograd::Parameter{weights.matrix(table[entry]), gradients.matrix(table[entry]),
                                       &has_gradient[static_cast<std::size_t>(entry)]};
        };
        const bool last = i + 2 == table.size();
        h = linear(tape, h, parameter(i), parameter(i + 1),
                   last ? Activation::linear : Activation::relu);
    }
    bool accumulate = false;
    const Matrix gradient = tape.gradient_to_write(h, accumulate);
    for (int row = 0; row < h.rows(); ++row)
        gradient(row, 0) = 2 * (h.value(row, 0) - target[static_cast<std::size_t>(row)]) /
                           static_cast<float>(h.rows());
    tape.backward();
}

}  // namespace detail

/// Trains a predictor on all `rows` as HAT does (arXiv:2005.14187, section 3.2); the same seed
/// gives the same one. `progress(step)` is called before every step.
///
/// Throws  `Error` if there is no row, one has what is no feature or latency, or an option is out
/// of
///         range.
template <class Progress>
[[nodiscard]] MlpPredictor train_mlp_predictor(std::span<const LatencyRow> rows,
                                               const MlpTraining& training,
                                               const Progress& progress) {
    if (rows.empty()) fail("latency predictor: no rows to learn from");
    validate(rows);
    if (training.steps < 1 || training.batch < 1 || !(training.learning_rate > 0))
        fail("latency predictor: steps = ", training.steps, ", batch = ", training.batch,
             ", learning_rate = ", training.learning_rate, ", expected numbers above 0");
    MlpPredictor predictor = detail::initial_mlp(rows, training);
    const TensorTable& table = predictor.table();

    Slab gradients(table);
    std::vector<std::uint8_t> has_gradient(static_cast<std::size_t>(table.size()));
    train::Adam adam(table, {.beta1 = 0.9, .beta2 = 0.999});
    ThreadPool pool(1);
    Arena memory;
    Arena scratch;
    Random random(RandomKey(training.seed).split(1));
    std::vector<int> order = indices_of(static_cast<int>(rows.size()));
    const auto batch = std::min(static_cast<std::size_t>(training.batch), rows.size());
    const std::vector<MlpInput>& inputs = predictor.inputs();
    std::vector<float> x(batch * inputs.size());
    std::vector<float> target(batch);
    for (int step = 0; step < training.steps; ++step) {
        progress(step);
        for (std::size_t i = 0; i < batch; ++i) {
            std::swap(order[i], order[i + random.below(rows.size() - i)]);
            const LatencyRow& row = rows[static_cast<std::size_t>(order[i])];
            for (std::size_t j = 0; j < inputs.size(); ++j)
                x[i * inputs.size() + j] = static_cast<float>(inputs[j].of(row.features));
            target[i] = static_cast<float>(row.total_ms() / predictor.latency_norm_ms());
        }
        const double part_done = static_cast<double>(step) / training.steps;
        const double learning_rate = training.learning_rate * (training.decay ? 1 - part_done : 1);
        memory.reset();
        scratch.reset();
        autograd::Tape tape(memory, scratch, RandomKey(0));
        detail::differentiate_mlp(
            tape, table, predictor.weights(), gradients, has_gradient,
            ConstMatrix(x.data(), static_cast<int>(batch), static_cast<int>(inputs.size())),
            target);
        adam.step(predictor.weights(), gradients, has_gradient,
                  {.learning_rate = learning_rate, .clear_gradients = true}, pool);
    }
    predictor.update();
    return predictor;
}

[[nodiscard]] inline MlpPredictor train_mlp_predictor(std::span<const LatencyRow> rows,
                                                      const MlpTraining& training = {}) {
    return train_mlp_predictor(rows, training, [](int) {});
}

}  // namespace hat::latency
