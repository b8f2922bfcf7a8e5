// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/slab.hpp>
#include <hat/latency/features.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace hat::latency {

/// An input of an `MlpPredictor`: a feature, an index in `latency_feature_table`, and what it is
/// divided by.
struct MlpInput {
    int feature = 0;
    double norm = 1;

    [[nodiscard]] double of(const LatencyFeatures& features) const noexcept {
        return features.*latency_feature_table[static_cast<std::size_t>(feature)].place / norm;
    }
    friend constexpr bool operator==(const MlpInput&, const MlpInput&) = default;
};

/// The published ten features in their order, each divided by its norm.
[[nodiscard]] inline std::vector<MlpInput> published_mlp_inputs(std::span<const double> norms) {
    if (norms.size() != published_feature_count)
        fail("latency predictor: ", norms.size(), " norms, expected ", published_feature_count);
    std::vector<MlpInput> inputs;
    for (const double norm : norms) inputs.push_back({static_cast<int>(inputs.size()), norm});
    return inputs;
}

/// What each feature is divided by in all published predictors, whatever their space.
inline constexpr std::array<double, published_feature_count> published_feature_norm{
    640, 6, 2048, 6, 640, 6, 2048, 6, 6, 2};

/// The published predictor of HAT (arXiv:2005.14187, §3.2): features, four hidden layers of 400
/// rectified units, one output,
///
///     latency_ms = net(features / feature_norm) · latency_norm_ms.
///
/// or 0 where that is negative: no latency is, and far from the rows that it was trained on the
/// network may say anything. (The reference leaves it as it is.)
///
/// It reads the published ten features, or which ones it is told: those of DExTra units, say.
/// Predictions are computed in double precision: the reference's, in single precision, are within
/// a millionth of them.
class MlpPredictor {
public:
    /// A network of zeros, to be filled.
    ///
    /// Throws  `Error` if a size or norm is out of range.
    MlpPredictor(int width, int hidden_layers, std::vector<MlpInput> inputs, double latency_norm_ms)
        : inputs_(std::move(inputs)), latency_norm_ms_(latency_norm_ms) {
        if (width < 1 || width > max_width || hidden_layers < 1 || hidden_layers > max_layers)
            fail("latency predictor: ", hidden_layers, " hidden layers of ", width,
                 " units, expected 1 … ", max_layers, " of 1 … ", max_width);
        const auto good = [](double norm) { return norm > 0 && std::isfinite(norm); };
        if (inputs_.empty() || inputs_.size() > latency_feature_count)
            fail("latency predictor: ", inputs_.size(), " features, expected 1 … ",
                 latency_feature_count);
        for (const MlpInput& input : inputs_) {
            if (input.feature < 0 || input.feature >= latency_feature_count)
                fail("latency predictor: feature ", input.feature, " is not in 0 … ",
                     latency_feature_count - 1);
            if (!good(input.norm)) fail("latency predictor: a norm is not a positive number");
        }
        if (!good(latency_norm_ms)) fail("latency predictor: a norm is not a positive number");
        for (int layer = 0; layer <= hidden_layers; ++layer) {
            const std::string name = layer == 0 ? "first_layer"
                                     : layer == hidden_layers
                                         ? "predict"
                                         : "layers." + std::to_string(layer - 1);
            const int in = layer == 0 ? static_cast<int>(inputs_.size()) : width;
            const int out = layer == hidden_layers ? 1 : width;
            table_.add_matrix(name + ".weight", out, in);
            table_.add_vector(name + ".bias", out);
        }
        weights_ = Slab(table_);
    }

    /// The network's latency; may be called by several threads at once.
    ///
    /// Cost    half a million multiply-adds at most: products with rectified zeros are left out
    [[nodiscard]] double predict_ms(const LatencyFeatures& features) const {
        std::vector<double> x;
        x.reserve(inputs_.size());
        for (const MlpInput& input : inputs_) x.push_back(input.of(features));
        std::vector<double> y;
        for (const Layer& layer : layers_) {
            y = layer.bias;
            const double* weight = layer.weight.data();
            for (const double xi : x) {
                if (xi != 0)
                    for (std::size_t j = 0; j < y.size(); ++j) y[j] += xi * weight[j];
                weight += y.size();
            }
            const bool last = &layer == &layers_.back();
            if (!last)
                for (double& yj : y) yj = std::max(yj, 0.0);
            x.swap(y);
        }
        return std::max(x[0] * latency_norm_ms_, 0.0);  // a NaN stays what it is
    }

    /// The features that it reads, in their order.
    [[nodiscard]] const std::vector<MlpInput>& inputs() const noexcept { return inputs_; }
    [[nodiscard]] double latency_norm_ms() const noexcept { return latency_norm_ms_; }

    /// Weights and biases in turn, first layer first. Whoever changes them calls `update`.
    [[nodiscard]] const TensorTable& table() const noexcept { return table_; }
    [[nodiscard]] Slab& weights() noexcept { return weights_; }
    [[nodiscard]] const Slab& weights() const noexcept { return weights_; }

    /// Makes predictions follow the weights.
    void update() {
        layers_.clear();
        for (int i = 0; i < table_.size(); i += 2) {
            const ConstMatrix weight = std::as_const(weights_).matrix(table_[i]);
            const ConstVector bias = std::as_const(weights_).matrix(table_[i + 1]).row(0);
            Layer& layer = layers_.emplace_back();
            for (int k = 0; k < weight.cols(); ++k)
                for (int j = 0; j < weight.rows(); ++j) layer.weight.push_back(weight(j, k));
            layer.bias.assign(bias.begin(), bias.end());
        }
    }

    static constexpr int max_width = 4096;
    static constexpr int max_layers = 16;

private:
    struct Layer {
        std::vector<double> weight;  ///< [in, out]
        std::vector<double> bias;
    };

    std::vector<MlpInput> inputs_;
    double latency_norm_ms_;
    TensorTable table_;
    Slab weights_;
    std::vector<Layer> layers_;
};

}  // namespace hat::latency
