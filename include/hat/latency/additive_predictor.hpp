// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/latency/features.hpp>
#include <hat/latency/least_squares.hpp>
#include <hat/latency/prediction.hpp>
#include <hat/latency/repeated_rows.hpp>
#include <hat/latency/statistics.hpp>
#include <hat/latency/table.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace hat::latency {

/// One side of the model: its costs, and how far measurements are from them.
template <std::size_t Terms>
struct AdditiveSide {
    LinearFit<Terms> fit;
    double noise = 0;  ///< typical error of this side, as a part of the whole latency

    friend bool operator==(const AdditiveSide&, const AdditiveSide&) = default;
};

/// A network takes the time that its parts take:
///
///     latency_ms = Σ cost · encoder term + Σ cost · decoder term,    costs ≥ 0
///
/// with the terms of `features.hpp`, one of which is what does not fit a cache, whose size
/// is found as well. Twenty to fifty measurements suffice. As no cost is negative, a network that
/// is larger in one gene, and served in the same way, is never predicted to be faster: the smallest
/// member of a space bounds from below all others of its kind of weights that compute all outputs,
/// or lists of them, as it does.
///
/// Costs are those of networks served in one kind of weights; see `AdditivePredictors` for several.
struct AdditivePredictor {
    int weight_bits = 32;  ///< of those networks
    /// Whether some of them computed all outputs, and some lists: of others it knows nothing.
    bool knows_all_tokens = true;
    bool knows_lists = false;

    AdditiveSide<encoder_term_table.size()> encoder;
    AdditiveSide<decoder_term_table.size()> decoder;
    /// Size of the cache beyond which the weights of a decoder cost more; 0: none was noticed.
    double cache_mb = 0;
    /// Half the width of the interval of a network that lies amid the measured ones, as a part of
    /// its latency.
    double interval_width = 0;

    [[nodiscard]] double predict_ms(const LatencyFeatures& features) const noexcept {
        return encoder.fit.predict(encoder_terms(features)) +
               decoder.fit.predict(decoder_terms(features, cache_mb));
    }

    /// The interval is wider the less the measured networks say about this one.
    [[nodiscard]] LatencyPrediction interval(const LatencyFeatures& features) const noexcept {
        const double ms = predict_ms(features);
        const double half = interval_width * std::sqrt(ms * ms + variance(features));
        return {.ms = ms, .low_ms = std::max(ms - half, 0.0), .high_ms = ms + half};
    }

    /// The variance of `predict_ms`, in ms²; that of a measurement being the square of its latency.
    [[nodiscard]] double variance(const LatencyFeatures& features) const noexcept {
        const double e = encoder.noise * encoder.noise;
        const double d = decoder.noise * decoder.noise;
        if (e + d == 0) return 0;
        const double sum = e * encoder.fit.leverage(encoder_terms(features)) +
                           d * decoder.fit.leverage(decoder_terms(features, cache_mb));
        return std::max(sum / (e + d), 0.0);  // rounding may leave less
    }

    /// Whether it was fitted to networks that are served as one of these features is.
    [[nodiscard]] bool knows(const LatencyFeatures& features) const noexcept {
        return features.weight_bits == weight_bits &&
               (features.listed_tokens > 0 ? knows_lists : knows_all_tokens);
    }

    friend bool operator==(const AdditivePredictor&, const AdditivePredictor&) = default;
};

/// Fewest rows that an additive predictor is fitted to.
inline constexpr int additive_min_rows = 10;

namespace detail {

/// What a further error stays below with probability `level`, all being drawn alike: the error of
/// rank ⌈level · (n + 1)⌉, or the largest. Precondition: there is one.
[[nodiscard]] inline double error_bound(std::vector<double> errors, double level) {
    const auto rank =
        static_cast<std::size_t>(std::ceil(level * static_cast<double>(errors.size() + 1)));
    const auto nth = errors.begin() + static_cast<std::ptrdiff_t>(
                                          std::clamp(rank, std::size_t{1}, errors.size()) - 1);
    std::nth_element(errors.begin(), nth, errors.end());
    return *nth;
}

/// Fits one side to `time_ms(row)` in the units of the whole latency t: least squares of errors
/// weighted by 1/t², repeated with Tukey's bisquare weights, so that single bad measurements do not
/// count. How far off is too far depends on what the others say of a network: one at an end of the
/// space, of which they say little, is not judged by them.
///
/// `weights` are left as they were in the last round, without the 1/t².
template <std::size_t Terms, class TermsOf, class Time>
[[nodiscard]] AdditiveSide<Terms> fit_side(std::span<const LatencyRow> rows,
                                           const TermsOf& terms_of, const Time& time_ms,
                                           std::vector<double>& weights) {
    constexpr int rounds = 30;
    constexpr double tuning = 4.685;  // 95 % efficient where errors are normal
    constexpr double median_to_std = 1.4826;
    AdditiveSide<Terms> side;
    std::vector<double> errors(rows.size());
    weights.assign(rows.size(), 1.0);
    for (int round = 0; round < rounds; ++round) {
        NonNegativeLeastSquares<Terms> problem;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const double t = rows[i].total_ms();
            problem.add(terms_of(rows[i].features), time_ms(rows[i]), weights[i] / (t * t));
        }
        side.fit = problem.solve();
        for (std::size_t i = 0; i < rows.size(); ++i)
            errors[i] = std::abs(side.fit.predict(terms_of(rows[i].features)) - time_ms(rows[i])) /
                        rows[i].total_ms();
        const auto used = std::count_if(side.fit.coefficients.begin(), side.fit.coefficients.end(),
                                        [](double c) { return c > 0; });
        const auto n = static_cast<double>(rows.size());
        const double freedom = std::max(n - static_cast<double>(used), 1.0);
        side.noise = median_to_std * median(errors) * n / freedom;
        double change = 0;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const double t = rows[i].total_ms();
            const double unknown = side.fit.leverage(terms_of(rows[i].features)) / (t * t);
            const double expected = side.noise * std::sqrt(1 + std::max(unknown, 0.0));
            const double z = expected > 0 ? errors[i] / (tuning * expected) : 0;
            const double weight = z < 1 ? (1 - z * z) * (1 - z * z) : 0;
            change = std::max(change, std::abs(weight - weights[i]));
            weights[i] = weight;
        }
        if (change < 1e-6) break;
    }
    return side;
}

}  // namespace detail

/// Fits the model to measurements, encoder and decoder apart.
///
/// Throws  `Error` if there are fewer than `additive_min_rows`, they are of several kinds of
///         weights, or one has what is no feature or latency.
[[nodiscard]] inline AdditivePredictor fit_additive_predictor(std::span<const LatencyRow> rows) {
    if (static_cast<int>(rows.size()) < additive_min_rows)
        fail("latency predictor: ", rows.size(), " rows are too few, expected at least ",
             additive_min_rows);
    validate(rows);
    AdditivePredictor predictor;
    predictor.weight_bits = static_cast<int>(rows.front().features.weight_bits);
    predictor.knows_all_tokens = false;
    for (const LatencyRow& row : rows) {
        if (row.features.weight_bits != predictor.weight_bits)
            fail("latency predictor: rows of weights of ", predictor.weight_bits, " and ",
                 static_cast<int>(row.features.weight_bits), " bits, expected one kind");
        (row.features.listed_tokens > 0 ? predictor.knows_lists : predictor.knows_all_tokens) =
            true;
    }
    std::vector<double> encoder_weights;
    std::vector<double> decoder_weights;
    predictor.encoder = detail::fit_side<encoder_term_table.size()>(
        rows, [](const LatencyFeatures& features) { return encoder_terms(features); },
        [](const LatencyRow& row) { return row.encoder_ms(); }, encoder_weights);
    const bool sizes_known = std::all_of(rows.begin(), rows.end(), [](const LatencyRow& row) {
        return row.features.decoder_weight_mb > 0;
    });
    // Caches from 256 KiB to 32 MiB, in steps of √2 or so; 0 comes first, and stays if none is
    // better.
    constexpr std::array sizes_mb{0.0, 0.26, 0.39, 0.52, 0.79, 1.05, 1.57, 2.1,
                                  3.1, 4.2,  6.3,  8.4,  12.6, 16.8, 25.0, 33.6};
    double best_noise = 0;
    for (const double size_mb : sizes_mb) {
        if (size_mb > 0 && !sizes_known) break;
        std::vector<double> weights;
        const auto side = detail::fit_side<decoder_term_table.size()>(
            rows,
            [size_mb](const LatencyFeatures& features) { return decoder_terms(features, size_mb); },
            [](const LatencyRow& row) { return row.decoder_ms(); }, weights);
        if (size_mb > 0 && !(side.noise < 0.9 * best_noise)) continue;
        predictor.decoder = side;
        predictor.cache_mb = size_mb;
        best_noise = side.noise;
        decoder_weights = std::move(weights);
    }

    // Errors as if each network had been left out: its rows pull the fit towards themselves by
    // their leverage.
    const NetworksOfRows networks = networks_of(rows);
    std::vector<double> errors;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const double t = rows[i].total_ms();
        const double weight = std::min(encoder_weights[i], decoder_weights[i]);
        const auto same = static_cast<double>(networks.rows[networks.network[i]]);
        const double pull =
            std::min(same * weight * predictor.variance(rows[i].features) / (t * t), 0.95);
        const double error = (predictor.predict_ms(rows[i].features) - t) / t;
        errors.push_back(std::abs(error) / std::sqrt(1 - pull));
    }
    predictor.interval_width = detail::error_bound(errors, interval_level);
    return predictor;
}

}  // namespace hat::latency
