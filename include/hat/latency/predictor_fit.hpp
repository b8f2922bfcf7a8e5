// SPDX-License-Identifier: Apache-2.0
// Needs: nlohmann-json
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/random.hpp>
#include <hat/core/threads.hpp>
#include <hat/latency/additive_predictor.hpp>
#include <hat/latency/additive_predictors.hpp>
#include <hat/latency/mlp_training.hpp>
#include <hat/latency/prediction.hpp>
#include <hat/latency/predictor.hpp>
#include <hat/latency/repeated_rows.hpp>
#include <hat/latency/table.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace hat::latency {

/// Which predictor is wanted: one of them, or the better one.
enum class PredictorKind : std::uint8_t { automatic, additive, mlp };

/// How a predictor is fitted.
struct PredictorOptions {
    PredictorKind kind = PredictorKind::automatic;  ///< which is fitted
    int folds = 5;                                  ///< of the cross-validation, 2 or more
    std::uint64_t seed = 0;                         ///< of the folds and of the MLP
    int threads = 1;                                ///< 0: one per core; changes no result
    MlpTraining mlp = brisk_mlp_training();         ///< but for its seed
};

/// A predictor fitted to all rows, and what cross-validation said of each candidate.
struct PredictorFit {
    Predictor predictor;
    std::optional<PredictionErrors> additive = std::nullopt;
    std::optional<PredictionErrors> mlp = std::nullopt;
    /// By how much the MLP's mean relative error is below the additive one's, and the standard
    /// error of that; both 0 unless both were tried.
    double gain = 0;
    double gain_error = 0;
};

namespace detail {

/// What each row is predicted to take by a model `fit(rows)` that has not seen its fold, nor any
/// row of its network.
template <class Fit>
[[nodiscard]] std::vector<double> cross_validate(std::span<const LatencyRow> rows,
                                                 const PredictorOptions& options, const Fit& fit) {
    Random random(RandomKey(options.seed).split(2));
    const auto folds = fold_by_network(networks_of(rows), options.folds, random);
    std::vector<double> predicted(rows.size());
    ThreadPool pool(options.threads);
    pool.run(options.folds, [&](int fold, int) {
        const auto& own = folds[static_cast<std::size_t>(fold)];
        LatencyTable others;
        for (const auto& other : folds)
            if (&other != &own)
                for (const std::size_t row : other) others.push_back(rows[row]);
        const auto model = fit(others);
        for (const std::size_t row : own) predicted[row] = model.predict_ms(rows[row].features);
    });
    return predicted;
}

/// The same of additive predictors, each of its kind of weights.
[[nodiscard]] inline std::vector<double> cross_validate_additive(std::span<const LatencyRow> rows,
                                                                 const PredictorOptions& options) {
    std::vector<double> predicted(rows.size());
    for (const RowsOfKind& kind : by_kind(rows)) {
        const auto of_kind = cross_validate(kind.rows, options, fit_additive_predictor);
        for (std::size_t i = 0; i < of_kind.size(); ++i) predicted[kind.places[i]] = of_kind[i];
    }
    return predicted;
}

[[nodiscard]] inline std::vector<double> relative_errors(std::span<const LatencyRow> rows,
                                                         std::span<const double> predicted) {
    std::vector<double> errors(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i)
        errors[i] = std::abs(predicted[i] / rows[i].total_ms() - 1);
    return errors;
}

/// The fewest networks of which, a fold left out, enough are left to fit to.
[[nodiscard]] constexpr int fewest_networks(int folds) noexcept {
    int networks = std::max(folds, additive_min_rows);
    while (networks - (networks + folds - 1) / folds < additive_min_rows) ++networks;
    return networks;
}

/// Throws  `Error` if there are fewer; `of_kind` says which rows they are.
inline void check_networks(std::span<const LatencyRow> rows, int folds,
                           const std::string& of_kind = {}) {
    const auto count = static_cast<int>(rows.size());
    const auto networks = static_cast<int>(networks_of(rows).size());
    const int fewest = fewest_networks(folds);
    if (networks >= fewest) return;
    const std::string of_networks =
        networks < count ? " of " + std::to_string(networks) + " networks" : "";
    fail("latency predictor: ", count, " rows", of_networks, of_kind, " in ", folds,
         " folds are too few, expected at least ", fewest,
         networks < count ? " networks" : " rows");
}

}  // namespace detail

/// Fits a predictor to measurements and says by cross-validation how good it is.
///
/// The better one is the MLP only if its mean relative error is lower by more than the standard
/// error of the difference, row by row: the additive model needs fewer rows, knows how sure it is
/// of each network, and can prove a limit impossible.
///
/// Each kind of weights has an additive predictor, and needs as many networks as a table of one
/// kind; an MLP reads how a network is served, and learns from all.
///
/// All rows of a network are in the same fold, so that none is predicted by what was fitted to
/// another one of its own.
///
/// Throws  `Error` if there are too few networks, a row has what is no feature or latency, or an
///         option is out of range.
[[nodiscard]] inline PredictorFit fit_predictor(std::span<const LatencyRow> rows,
                                                const PredictorOptions& options = {}) {
    validate(rows);
    const auto count = static_cast<int>(rows.size());
    constexpr int many = 1'000'000;
    require_between("latency predictor", "folds", options.folds, 2, many);
    detail::check_networks(rows, options.folds);
    if (options.kind != PredictorKind::mlp)
        for (const RowsOfKind& kind : by_kind(rows))
            detail::check_networks(kind.rows, options.folds,
                                   " with weights of " + std::to_string(kind.weight_bits) +
                                       " bits");
    MlpTraining training = options.mlp;
    training.seed = options.seed;
    const auto fit_mlp = [&](std::span<const LatencyRow> some) {
        return train_mlp_predictor(some, training);
    };

    const auto errors_of = [&](std::span<const double> predicted) {
        return Predictor::Errors{
            .cross_validated = prediction_errors(rows, predicted),
            .bound = detail::error_bound(detail::relative_errors(rows, predicted), interval_level)};
    };
    std::optional<Predictor::Errors> additive;
    std::optional<Predictor::Errors> mlp;
    std::vector<double> additive_predicted;
    std::vector<double> mlp_predicted;
    if (options.kind != PredictorKind::mlp) {
        additive_predicted = detail::cross_validate_additive(rows, options);
        additive = errors_of(additive_predicted);
    }
    if (options.kind != PredictorKind::additive) {
        mlp_predicted = detail::cross_validate(rows, options, fit_mlp);
        mlp = errors_of(mlp_predicted);
        if (!additive && !std::isfinite(mlp->cross_validated.mape))
            fail("latency predictor: what the MLP predicts is not a finite number; train it with a "
                 "lower learning rate");
    }
    double gain = 0;
    double gain_error = 0;
    if (additive && mlp) {
        auto gains = detail::relative_errors(rows, additive_predicted);
        const auto errors = detail::relative_errors(rows, mlp_predicted);
        for (std::size_t i = 0; i < gains.size(); ++i) {
            gains[i] -= errors[i];
            gain += gains[i] / count;
        }
        for (const double one : gains)
            gain_error += (one - gain) * (one - gain) / (count * (count - 1.0));
        gain_error = std::sqrt(gain_error);
    }
    const bool take_mlp = !additive || (mlp && gain > gain_error);
    PredictorFit fit{.predictor = take_mlp ? Predictor(fit_mlp(rows), mlp)
                                           : Predictor(fit_additive_predictors(rows), additive),
                     .gain = gain,
                     .gain_error = gain_error};
    if (additive) fit.additive = additive->cross_validated;
    if (mlp) fit.mlp = mlp->cross_validated;
    return fit;
}

}  // namespace hat::latency
