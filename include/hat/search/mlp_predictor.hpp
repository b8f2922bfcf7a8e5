// SPDX-License-Identifier: Apache-2.0
// Needs: nlohmann-json
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/slab.hpp>
#include <hat/io/json.hpp>
#include <hat/io/safetensors.hpp>
#include <hat/io/slab.hpp>
#include <hat/search/latency_features.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace hat::search {

/// What each feature is divided by in all published predictors, whatever their space.
inline constexpr std::array<double, latency_feature_count> published_feature_norm{
    640, 6, 2048, 6, 640, 6, 2048, 6, 6, 2};

/// The published predictor of HAT (arXiv:2005.14187, §3.2): features, four hidden layers of 400
/// rectified units, one output,
///
///     latency_ms = net(features / feature_norm) · latency_norm_ms.
///
/// Predictions are computed in double precision: the reference's, in single precision, are within
/// a millionth of them.
class MlpPredictor {
public:
    using FeatureNorm = std::array<double, latency_feature_count>;

    /// A network of zeros, to be filled.
    ///
    /// Throws  `Error` if a size or norm is out of range.
    MlpPredictor(int width, int hidden_layers, FeatureNorm feature_norm, double latency_norm_ms)
        : feature_norm_(feature_norm), latency_norm_ms_(latency_norm_ms) {
        if (width < 1 || width > max_width || hidden_layers < 1 || hidden_layers > max_layers)
            fail("latency predictor: ", hidden_layers, " hidden layers of ", width,
                 " units, expected 1 … ", max_layers, " of 1 … ", max_width);
        const bool good_norms =
            latency_norm_ms > 0 && std::isfinite(latency_norm_ms) &&
            std::all_of(feature_norm.begin(), feature_norm.end(),
                        [](double norm) { return norm > 0 && std::isfinite(norm); });
        if (!good_norms) fail("latency predictor: a norm is not a positive number");
        for (int layer = 0; layer <= hidden_layers; ++layer) {
            const std::string name = layer == 0 ? "first_layer"
                                     : layer == hidden_layers
                                         ? "predict"
                                         : "layers." + std::to_string(layer - 1);
            const int in = layer == 0 ? latency_feature_count : width;
            const int out = layer == hidden_layers ? 1 : width;
            table_.add_matrix(name + ".weight", out, in);
            table_.add_vector(name + ".bias", out);
        }
        weights_ = Slab(table_);
    }

    /// Opens a file that `save` wrote, or one of the published predictors in this form.
    ///
    /// Throws  `Error` naming what is missing or of the wrong shape.
    [[nodiscard]] static MlpPredictor load(const std::string& path) {
        const auto file = io::SafetensorsFile::open(path);
        const auto& first = file.tensor("first_layer.weight").shape;
        if (first.size() != 2 || first[0] < 1 || first[0] > max_width)
            fail(path, ": tensor \"first_layer.weight\" has shape ", io::shape_text(first),
                 ", expected [1 … ", max_width, ", ", latency_feature_count, "]");
        int hidden = 1;
        while (file.contains("layers." + std::to_string(hidden - 1) + ".weight")) ++hidden;
        const std::string where = path + ": feature_norm";
        const auto norms = io::parse_json(file.metadata("feature_norm"), where);
        if (!norms.is_array() || norms.size() != latency_feature_count)
            fail(where, ": expected ", latency_feature_count, " numbers");
        FeatureNorm feature_norm{};
        for (std::size_t i = 0; i < feature_norm.size(); ++i)
            feature_norm[i] = io::json_as<double>(norms[i], where);
        const std::string latency_where = path + ": lat_norm";
        const auto latency_norm = io::json_as<double>(
            io::parse_json(file.metadata("lat_norm"), latency_where), latency_where);
        MlpPredictor predictor(static_cast<int>(first[0]), hidden, feature_norm, latency_norm);
        io::copy_tensors(file, predictor.table_, predictor.weights_);
        predictor.update();
        return predictor;
    }

    /// Writes the weights under the reference's names. `metadata` may say more.
    ///
    /// Throws  `Error` if the file cannot be written.
    void save(const std::string& path, io::Metadata metadata = {}) const {
        io::Json norms = io::Json::array();
        for (const double norm : feature_norm_) norms.push_back(norm);
        metadata["feature_norm"] = io::json_text(norms);
        metadata["lat_norm"] = io::json_text(io::Json(latency_norm_ms_));
        std::vector<io::TensorView> tensors;
        io::append_tensors(tensors, table_, weights_);
        io::write_safetensors(path, tensors, metadata);
    }

    /// The network's latency; may be called by several threads at once.
    ///
    /// Cost    half a million multiply-adds at most: products with rectified zeros are left out
    [[nodiscard]] double predict_ms(const LatencyFeatures& features) const {
        const auto raw = features.values();
        std::vector<double> x(raw.size());
        for (std::size_t i = 0; i < raw.size(); ++i) x[i] = raw[i] / feature_norm_[i];
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
        return x[0] * latency_norm_ms_;
    }

    [[nodiscard]] const FeatureNorm& feature_norm() const noexcept { return feature_norm_; }
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

private:
    static constexpr int max_width = 4096;
    static constexpr int max_layers = 16;

    struct Layer {
        std::vector<double> weight;  ///< [in, out]
        std::vector<double> bias;
    };

    FeatureNorm feature_norm_;
    double latency_norm_ms_;
    TensorTable table_;
    Slab weights_;
    std::vector<Layer> layers_;
};

}  // namespace hat::search
