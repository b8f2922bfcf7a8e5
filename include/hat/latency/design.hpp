// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/latency/features.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

namespace hat::latency {

/// How much the networks that are to be measured will say about others, before any of them is.
///
/// The interval of an additive predictor at a network is as wide as xᵀ · (Σ z zᵀ)⁻¹ · x says, x
/// being the network's terms and z those of the measured ones: it depends on what is measured, not
/// on the times that come of it. So the next network can be chosen where the interval is widest,
/// for a plan that is carried out elsewhere, too. That is the sequential design of Wynn (1970,
/// "The sequential generation of D-optimum experimental designs", doi:10.1214/aoms/1177696809):
/// networks at the ends of the space are chosen until there are enough of them.
///
/// Terms are in units of those of the largest network, and relative to their sum, which stands for
/// the latency that errors are parts of. A small prior (ridge) makes the first choices defined.
class LatencyDesign {
public:
    /// `largest`: the largest network of the space.
    explicit LatencyDesign(const LatencyFeatures& largest) : units_(terms(largest)) {
        constexpr double prior = 1e-3;
        for (std::size_t i = 0; i < count; ++i) inverse_[i][i] = 1 / prior;
    }

    /// The relative variance of what is predicted at `features`, in that of a measurement.
    [[nodiscard]] double variance(const LatencyFeatures& features) const noexcept {
        const Terms z = relative(features);
        const Terms v = product(z);
        double sum = 0;
        for (std::size_t i = 0; i < count; ++i) sum += z[i] * v[i];
        return sum;
    }

    /// Takes a network among those to be measured.
    void add(const LatencyFeatures& features) noexcept {
        // (A + z zᵀ)⁻¹ = A⁻¹ − A⁻¹ z zᵀ A⁻¹ / (1 + zᵀ A⁻¹ z)
        const Terms z = relative(features);
        const Terms v = product(z);
        double scale = 1;
        for (std::size_t i = 0; i < count; ++i) scale += z[i] * v[i];
        for (std::size_t i = 0; i < count; ++i)
            for (std::size_t j = 0; j < count; ++j) inverse_[i][j] -= v[i] * v[j] / scale;
    }

private:
    static constexpr std::size_t count = encoder_term_table.size() + decoder_term_table.size();
    using Terms = std::array<double, count>;

    [[nodiscard]] static Terms terms(const LatencyFeatures& features) noexcept {
        Terms all{};
        const EncoderTerms encoder = encoder_terms(features);
        const DecoderTerms decoder = decoder_terms(features);
        std::copy(decoder.begin(), decoder.end(),
                  std::copy(encoder.begin(), encoder.end(), all.begin()));
        return all;
    }

    [[nodiscard]] Terms relative(const LatencyFeatures& features) const noexcept {
        Terms z = terms(features);
        double sum = 0;
        for (std::size_t i = 0; i < count; ++i) {
            z[i] = units_[i] > 0 ? z[i] / units_[i] : 0;
            sum += z[i];
        }
        for (double& one : z) one /= std::max(sum, 1e-9);
        return z;
    }

    [[nodiscard]] Terms product(const Terms& z) const noexcept {
        Terms v{};
        for (std::size_t i = 0; i < count; ++i)
            for (std::size_t j = 0; j < count; ++j) v[i] += inverse_[i][j] * z[j];
        return v;
    }

    Terms units_;
    std::array<Terms, count> inverse_{};
};

}  // namespace hat::latency
