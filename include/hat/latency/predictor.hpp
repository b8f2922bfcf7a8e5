// SPDX-License-Identifier: Apache-2.0
// Needs: nlohmann-json
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/io/atomic_file.hpp>
#include <hat/io/byte_order_mark.hpp>
#include <hat/io/json.hpp>
#include <hat/io/text_file.hpp>
#include <hat/latency/additive_predictor.hpp>
#include <hat/latency/additive_predictors.hpp>
#include <hat/latency/features.hpp>
#include <hat/latency/mlp_predictor.hpp>
#include <hat/latency/mlp_predictor_file.hpp>
#include <hat/latency/prediction.hpp>
#include <hat/model/architecture.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace hat::latency {

/// Predicts the latency of any network on the device whose measurements it was fitted to.
///
///     const Predictor predictor = Predictor::load("predictor.json");
///     const double ms = predictor.predict_ms(architecture);
///     const auto [expected_ms, low_ms, high_ms] = predictor.interval(architecture);
///
/// A file holds an additive predictor, or one for each kind of weights, as JSON, or an MLP as
/// safetensors, as which the published predictors can be opened too.
///
/// Of networks that are served otherwise than those it was fitted to, it predicts nothing.
class Predictor {
public:
    using Model = std::variant<AdditivePredictors, MlpPredictor>;

    /// What is known of its errors on networks that it was not fitted to; nothing of the published
    /// predictors.
    struct Errors {
        PredictionErrors cross_validated;
        double bound = 0;  ///< `interval_level` of the errors are below it, as parts of the latency
    };

    /// Throws  `Error` if the bound of the errors, or the width of an additive model's intervals,
    /// is
    ///         not a number of at least 0.
    explicit Predictor(Model model, std::optional<Errors> errors = std::nullopt)
        : model_(std::move(model)), errors_(errors) {
        if (errors_) check_width("the bound of the errors", errors_->bound);
        if (const auto* additive = std::get_if<AdditivePredictors>(&model_))
            for (const AdditivePredictor& kind : additive->kinds())
                check_width("interval_width", kind.interval_width);
    }

    /// Throws  `Error` if the file is no predictor, naming what is missing or wrong in it.
    [[nodiscard]] static Predictor load(const std::string& path);

    /// Writes the file, whole or not at all. `provenance`, a JSON object, says where it comes from.
    ///
    /// Throws  `Error` if it cannot be written.
    void save(const std::string& path, const io::Json& provenance = io::Json::object()) const;

    /// May be called by several threads at once.
    ///
    /// Throws  `Error` if it knows no networks that are served so.
    [[nodiscard]] double predict_ms(const LatencyFeatures& features) const {
        if (const auto* mlp = std::get_if<MlpPredictor>(&model_)) check_served(*mlp, features);
        return std::visit([&](const auto& model) { return model.predict_ms(features); }, model_);
    }
    /// Throws  `Error` if the architecture is not valid, or it knows none that are served so.
    [[nodiscard]] double predict_ms(const model::Architecture& architecture) const {
        validate(architecture);
        return predict_ms(latency_features(architecture));
    }

    /// From 0 to infinity where nothing is known of the errors.
    ///
    /// Throws  `Error` as `predict_ms`.
    [[nodiscard]] LatencyPrediction interval(const LatencyFeatures& features) const {
        if (const auto* additive = std::get_if<AdditivePredictors>(&model_))
            return additive->interval(features);
        const double ms = predict_ms(features);
        if (!errors_) return {.ms = ms, .high_ms = std::numeric_limits<double>::infinity()};
        const double half = errors_->bound * ms;
        return {.ms = ms, .low_ms = std::max(ms - half, 0.0), .high_ms = ms + half};
    }
    /// Throws  `Error` as `predict_ms`.
    [[nodiscard]] LatencyPrediction interval(const model::Architecture& architecture) const {
        validate(architecture);
        return interval(latency_features(architecture));
    }

    /// Whether larger genes never give a smaller prediction of networks that are served in the same
    /// way, so that the smallest members of a space, one for each way, prove which limits are
    /// impossible.
    [[nodiscard]] bool monotone() const noexcept {
        return std::holds_alternative<AdditivePredictors>(model_);
    }

    /// "additive" or "mlp".
    [[nodiscard]] const char* name() const noexcept { return monotone() ? "additive" : "mlp"; }
    [[nodiscard]] const Model& model() const noexcept { return model_; }
    [[nodiscard]] const std::optional<Errors>& errors() const noexcept { return errors_; }

private:
    /// Throws  `Error` if the network is served in a way that the MLP does not read of, or with
    /// more
    ///         bits or tokens than any that it was trained on.
    static void check_served(const MlpPredictor& mlp, const LatencyFeatures& features) {
        for (int i = 0; i < latency_feature_count; ++i) {
            const LatencyFeature& feature = latency_feature_table[static_cast<std::size_t>(i)];
            if (!feature.of_serving) continue;
            const double value = features.*feature.place;
            bool is_known = value == feature.usual();
            for (const MlpInput& input : mlp.inputs())
                if (input.feature == i) is_known = value <= input.norm;  // the largest it has seen
            if (!is_known)
                fail("latency predictor: was fitted to no networks with ", feature.name, " = ",
                     static_cast<int>(value));
        }
    }
    static void check_width(const char* name, double width) {
        if (!(width >= 0) || !std::isfinite(width))
            fail("latency predictor: ", name, " is ", width, ", expected a number of at least 0");
    }

    Model model_;
    std::optional<Errors> errors_;
};

namespace detail {

inline constexpr const char* predictor_format = "hat latency predictor 1";

[[nodiscard]] inline double finite_at_least_0(const io::Json& json, const char* key,
                                              const std::string& where) {
    const auto value = io::json_get<double>(json, key, where);
    if (!(value >= 0) || !std::isfinite(value))
        fail(where, ": ", key, ": expected a number of at least 0, found ", value);
    return value;
}

[[nodiscard]] inline io::Json errors_to_json(const std::optional<Predictor::Errors>& errors) {
    if (!errors) return nullptr;
    io::Json thirds = io::Json::array();
    for (const RangeError& third : errors->cross_validated.thirds)
        thirds.push_back({{"low_ms", third.low_ms},
                          {"high_ms", third.high_ms},
                          {"mape", third.mape},
                          {"rows", third.rows}});
    return {{"mape", errors->cross_validated.mape},
            {"rmse_ms", errors->cross_validated.rmse_ms},
            {"r2", errors->cross_validated.r2},
            {"rows", errors->cross_validated.rows},
            {"thirds", thirds},
            {"bound", errors->bound}};
}

[[nodiscard]] inline std::optional<Predictor::Errors> errors_from_json(const io::Json& json,
                                                                       const std::string& where) {
    if (json.is_null()) return std::nullopt;
    Predictor::Errors errors{
        .cross_validated = {.mape = finite_at_least_0(json, "mape", where),
                            .rmse_ms = finite_at_least_0(json, "rmse_ms", where),
                            .r2 = io::json_get<double>(json, "r2", where),
                            .rows = io::json_get<int>(json, "rows", where)},
        .bound = finite_at_least_0(json, "bound", where)};
    if (!json.contains("thirds")) return errors;  // older files do not say
    const io::Json& thirds = json["thirds"];
    auto& read = errors.cross_validated.thirds;
    if (!thirds.is_array() || thirds.size() != read.size())
        fail(where, ": thirds is not an array of ", read.size());
    for (std::size_t i = 0; i < read.size(); ++i)
        read[i] = {.low_ms = finite_at_least_0(thirds[i], "low_ms", where),
                   .high_ms = finite_at_least_0(thirds[i], "high_ms", where),
                   .mape = finite_at_least_0(thirds[i], "mape", where),
                   .rows = io::json_get<int>(thirds[i], "rows", where)};
    return errors;
}

/// The terms that a predictor has costs of: not those of networks that it does not know.
template <std::size_t Terms>
[[nodiscard]] std::vector<std::size_t> known_terms(const std::array<LatencyTerm, Terms>& terms,
                                                   const AdditivePredictor& predictor) {
    std::vector<std::size_t> known;
    for (std::size_t i = 0; i < Terms; ++i)
        if (terms[i].outputs == Outputs::either ||
            (terms[i].outputs == Outputs::all ? predictor.knows_all_tokens : predictor.knows_lists))
            known.push_back(i);
    return known;
}

template <std::size_t Terms>
[[nodiscard]] io::Json side_to_json(const AdditiveSide<Terms>& side,
                                    const std::array<LatencyTerm, Terms>& terms,
                                    const AdditivePredictor& predictor) {
    io::Json costs = io::Json::object();
    io::Json inverse = io::Json::array();
    const auto known = known_terms(terms, predictor);
    for (const std::size_t i : known) {
        costs[std::string(terms[i].name)] = side.fit.coefficients[i];
        io::Json row = io::Json::array();
        for (const std::size_t j : known) row.push_back(side.fit.inverse[i][j]);
        inverse.push_back(std::move(row));
    }
    return {{"costs_ms", costs}, {"noise", side.noise}, {"inverse", inverse}};
}

template <std::size_t Terms>
[[nodiscard]] AdditiveSide<Terms>
side_from_json(const io::Json& json, const std::array<LatencyTerm, Terms>& terms,
               const AdditivePredictor& predictor, const std::string& where) {
    AdditiveSide<Terms> side;
    const io::Json& costs = io::json_field(json, "costs_ms", where);
    const auto known = known_terms(terms, predictor);
    for (const std::size_t i : known)
        side.fit.coefficients[i] =
            finite_at_least_0(costs, std::string(terms[i].name).c_str(), where + ": costs_ms");
    if (costs.size() != known.size())
        fail(where, ": costs_ms has ", costs.size(), " terms, expected ", known.size());
    side.noise = finite_at_least_0(json, "noise", where);
    const io::Json& inverse = io::json_field(json, "inverse", where);
    const auto is_row = [&](const io::Json& row) {
        return row.is_array() && row.size() == known.size();
    };
    if (!is_row(inverse)) fail(where, ": inverse is not an array of ", known.size(), " rows");
    for (std::size_t i = 0; i < known.size(); ++i) {
        if (!is_row(inverse[i]))
            fail(where, ": inverse: row ", i, " has not ", known.size(), " numbers");
        for (std::size_t j = 0; j < known.size(); ++j)
            side.fit.inverse[known[i]][known[j]] =
                io::json_as<double>(inverse[i][j], where + ": inverse");
    }
    return side;
}

[[nodiscard]] inline io::Json additive_to_json(const AdditivePredictor& predictor) {
    return {{"interval_width", predictor.interval_width},
            {"cache_mb", predictor.cache_mb},
            {"encoder", side_to_json(predictor.encoder, encoder_term_table, predictor)},
            {"decoder", side_to_json(predictor.decoder, decoder_term_table, predictor)}};
}

[[nodiscard]] inline AdditivePredictor additive_from_json(const io::Json& json, int weight_bits,
                                                          const std::string& where) {
    AdditivePredictor predictor;
    predictor.weight_bits = weight_bits;
    predictor.interval_width = finite_at_least_0(json, "interval_width", where);
    predictor.cache_mb = finite_at_least_0(json, "cache_mb", where);
    const io::Json& decoder = io::json_field(json, "decoder", where);
    if (const auto costs = decoder.find("costs_ms"); costs != decoder.end()) {
        // Its terms tell which networks it knows; a file without either lacks the usual one.
        for (const LatencyTerm& term : decoder_term_table)
            if (term.outputs == Outputs::listed)
                predictor.knows_lists = costs->contains(std::string(term.name));
        for (const LatencyTerm& term : decoder_term_table)
            if (term.outputs == Outputs::all)
                predictor.knows_all_tokens =
                    !predictor.knows_lists || costs->contains(std::string(term.name));
    }
    predictor.encoder = side_from_json(io::json_field(json, "encoder", where), encoder_term_table,
                                       predictor, where + ": encoder");
    predictor.decoder = side_from_json(decoder, decoder_term_table, predictor, where + ": decoder");
    return predictor;
}

/// One of floats stands in the file itself; others, and several, in a list.
[[nodiscard]] inline io::Json predictors_to_json(const AdditivePredictors& predictors) {
    const auto kinds = predictors.kinds();
    if (kinds.size() == 1 && kinds.front().weight_bits == 32)
        return additive_to_json(kinds.front());
    io::Json list = io::Json::array();
    for (const AdditivePredictor& kind : kinds) {
        io::Json json = additive_to_json(kind);
        json["weight_bits"] = kind.weight_bits;
        list.push_back(std::move(json));
    }
    return {{"kinds", list}};
}

[[nodiscard]] inline AdditivePredictors predictors_from_json(const io::Json& json,
                                                             const std::string& where) {
    if (!json.contains("kinds")) return additive_from_json(json, 32, where);
    std::vector<AdditivePredictor> kinds;
    const io::Json& list = json["kinds"];
    if (!list.is_array()) fail(where, ": kinds: expected an array, found ", list.type_name());
    for (std::size_t i = 0; i < list.size(); ++i) {
        const std::string place = where + ": kinds: " + std::to_string(i);
        kinds.push_back(
            additive_from_json(list[i], io::json_get<int>(list[i], "weight_bits", place), place));
    }
    try {
        return AdditivePredictors(std::move(kinds));
    } catch (const Error& error) {
        fail(where, ": kinds: ", error.what());
    }
}

}  // namespace detail

inline void Predictor::save(const std::string& path, const io::Json& provenance) const {
    if (const auto* mlp = std::get_if<MlpPredictor>(&model_))
        return save_mlp_predictor(path, *mlp,
                                  {{"format", detail::predictor_format},
                                   {"errors", io::json_text(detail::errors_to_json(errors_))},
                                   {"provenance", io::json_text(provenance)}});
    io::Json json{{"format", detail::predictor_format},
                  {"model", "additive"},
                  {"provenance", provenance},
                  {"errors", detail::errors_to_json(errors_)}};
    json.update(detail::predictors_to_json(std::get<AdditivePredictors>(model_)));
    io::write_file(path, io::json_text(json, 1) + "\n");
}

inline Predictor Predictor::load(const std::string& path) {
    constexpr std::size_t limit_bytes = std::size_t{1} << 28;
    const std::string text = io::read_file(path, limit_bytes);
    if (!io::skip_byte_order_mark(text).starts_with('{')) {
        MlpPredictor mlp = load_mlp_predictor(path);
        const auto metadata = io::SafetensorsFile::open(path).metadata();
        const auto errors = metadata.find("errors");
        if (errors == metadata.end()) return Predictor(std::move(mlp));
        const std::string where = path + ": errors";
        return Predictor(std::move(mlp),
                         detail::errors_from_json(io::parse_json(errors->second, where), where));
    }
    const auto json = io::parse_json(text, path);
    if (const auto format = io::json_get<std::string>(json, "format", path);
        format != detail::predictor_format)
        fail(path, ": format is ", in_quotes(format), ", expected \"", detail::predictor_format,
             "\"");
    if (const auto name = io::json_get<std::string>(json, "model", path); name != "additive")
        fail(path, ": model is ", in_quotes(name), ", expected \"additive\"");
    AdditivePredictors additive = detail::predictors_from_json(json, path);
    return Predictor(
        std::move(additive),
        detail::errors_from_json(io::json_field(json, "errors", path), path + ": errors"));
}

}  // namespace hat::latency
