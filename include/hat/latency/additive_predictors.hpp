// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/latency/additive_predictor.hpp>
#include <hat/latency/features.hpp>
#include <hat/latency/prediction.hpp>
#include <hat/latency/table.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace hat::latency {

/// The rows of networks that are served in one kind of weights.
struct RowsOfKind {
    int weight_bits = 32;
    LatencyTable rows;
    std::vector<std::size_t> places;  ///< of each of them in the whole table
};

/// A table, kind by kind of weights, floats first; what it has no rows of is left out.
[[nodiscard]] inline std::vector<RowsOfKind> by_kind(std::span<const LatencyRow> rows) {
    constexpr int most_bits = 32;
    std::vector<RowsOfKind> kinds;
    for (int bits = most_bits; bits > 0; --bits) {
        RowsOfKind kind{bits, {}, {}};
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (rows[i].features.weight_bits != bits) continue;
            kind.rows.push_back(rows[i]);
            kind.places.push_back(i);
        }
        if (!kind.rows.empty()) kinds.push_back(std::move(kind));
    }
    return kinds;
}

/// An additive predictor for each kind of weights that networks were measured in: nothing that one
/// costs tells what it costs in another kind.
class AdditivePredictors {
public:
    // NOLINTNEXTLINE(google-explicit-constructor): one is a predictor of one kind
    AdditivePredictors(const AdditivePredictor& one) : kinds_{one} {}
    /// Throws  `Error` if there is none, or two of one kind.
    explicit AdditivePredictors(std::vector<AdditivePredictor> kinds) : kinds_(std::move(kinds)) {
        if (kinds_.empty()) fail("latency predictor: is of no kind of weights");
        for (auto kind = kinds_.begin(); kind != kinds_.end(); ++kind)
            for (auto other = kinds_.begin(); other != kind; ++other)
                if (other->weight_bits == kind->weight_bits)
                    fail("latency predictor: two are of weights of ", kind->weight_bits, " bits");
    }

    /// One for each kind of weights.
    [[nodiscard]] std::span<const AdditivePredictor> kinds() const noexcept { return kinds_; }

    /// The one that knows networks served as that of these features.
    ///
    /// Throws  `Error` if none does.
    [[nodiscard]] const AdditivePredictor& of(const LatencyFeatures& features) const {
        for (const AdditivePredictor& kind : kinds_)
            if (kind.knows(features)) return kind;
        fail("latency predictor: was fitted to no networks with weights of ",
             static_cast<int>(features.weight_bits), " bits and ",
             features.listed_tokens > 0 ? "lists of tokens" : "all tokens");
    }
    /// Throws  `Error` as `of`.
    [[nodiscard]] double predict_ms(const LatencyFeatures& features) const {
        return of(features).predict_ms(features);
    }
    /// Throws  `Error` as `of`.
    [[nodiscard]] LatencyPrediction interval(const LatencyFeatures& features) const {
        return of(features).interval(features);
    }

    friend bool operator==(const AdditivePredictors&, const AdditivePredictors&) = default;

private:
    std::vector<AdditivePredictor> kinds_;
};

/// Fits one to the rows of each kind of weights.
///
/// Throws  `Error` as `fit_additive_predictor`, naming the kind if there are several.
[[nodiscard]] inline AdditivePredictors fit_additive_predictors(std::span<const LatencyRow> rows) {
    const std::vector<RowsOfKind> kinds = by_kind(rows);
    if (kinds.size() < 2) return fit_additive_predictor(rows);
    std::vector<AdditivePredictor> all;
    for (const RowsOfKind& kind : kinds)
        fail_with_place([&] { all.push_back(fit_additive_predictor(kind.rows)); },
                        "weights of " + std::to_string(kind.weight_bits) + " bits");
    return AdditivePredictors(std::move(all));
}

}  // namespace hat::latency
