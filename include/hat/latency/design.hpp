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
///
/// A network says nothing of those that are served in another kind of weights, which have costs of
/// their own.
class LatencyDesign {
public:
    /// `largest`: the largest network of the space; `most_listed`: tokens of the longest lists that
    /// it may have.
    explicit LatencyDesign(const LatencyFeatures& largest, int most_listed = 0)
        : units_(terms(largest)) {
        LatencyFeatures listed = largest;
        listed.listed_tokens = most_listed;
        const Terms of_lists = terms(listed);
        for (std::size_t i = 0; i < count; ++i) units_[i] = std::max(units_[i], of_lists[i]);
        constexpr double prior = 1e-3;
        for (Inverse& inverse : inverse_)
            for (std::size_t i = 0; i < count; ++i) inverse[i][i] = 1 / prior;
    }

    /// The relative variance of what is predicted at `features`, in that of a measurement.
    [[nodiscard]] double variance(const LatencyFeatures& features) const noexcept {
        const Terms z = relative(features);
        const Terms v = product(inverse_[kind_of(features)], z);
        double sum = 0;
        for (std::size_t i = 0; i < count; ++i) sum += z[i] * v[i];
        return sum;
    }

    /// Takes a network among those to be measured.
    void add(const LatencyFeatures& features) noexcept {
        // (A + z zᵀ)⁻¹ = A⁻¹ − A⁻¹ z zᵀ A⁻¹ / (1 + zᵀ A⁻¹ z)
        const Terms z = relative(features);
        Inverse& inverse = inverse_[kind_of(features)];
        const Terms v = product(inverse, z);
        double scale = 1;
        for (std::size_t i = 0; i < count; ++i) scale += z[i] * v[i];
        for (std::size_t i = 0; i < count; ++i)
            for (std::size_t j = 0; j < count; ++j) inverse[i][j] -= v[i] * v[j] / scale;
    }

private:
    static constexpr std::size_t count = encoder_term_table.size() + decoder_term_table.size();
    using Terms = std::array<double, count>;
    using Inverse = std::array<Terms, count>;

    /// 0, 1 and 2 for weights of 8, 16 and 32 bits.
    [[nodiscard]] static std::size_t kind_of(const LatencyFeatures& features) noexcept {
        return features.weight_bits < 16 ? 0 : features.weight_bits < 32 ? 1 : 2;
    }

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

    [[nodiscard]] static Terms product(const Inverse& inverse, const Terms& z) noexcept {
        Terms v{};
        for (std::size_t i = 0; i < count; ++i)
            for (std::size_t j = 0; j < count; ++j) v[i] += inverse[i][j] * z[j];
        return v;
    }

    Terms units_;
    std::array<Inverse, 3> inverse_{};
};

}  // namespace hat::latency
