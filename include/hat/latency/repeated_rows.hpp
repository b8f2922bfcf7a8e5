// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/order.hpp>
#include <hat/core/random.hpp>
#include <hat/latency/features.hpp>
#include <hat/latency/table.hpp>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

/// Rows of a latency table that are of the same network. A predictor that has seen one of them
/// knows the others: errors are those of networks that it has not seen.
namespace hat::latency {

/// The networks of a table, numbered as they first appear. What a predictor cannot tell apart, as
/// all features are equal, is one network.
struct NetworksOfRows {
    std::vector<std::size_t> network;  ///< [rows]
    std::vector<std::size_t> rows;     ///< [networks]: how many rows each has

    [[nodiscard]] std::size_t size() const noexcept { return rows.size(); }
};

namespace detail {

/// By sorting indices, which costs whoever includes this less than a map of features.
[[nodiscard]] inline NetworksOfRows networks_of(const std::vector<const LatencyFeatures*>& rows) {
    const auto features = [&](int i) -> const LatencyFeatures& {
        return *rows[static_cast<std::size_t>(i)];
    };
    std::vector<int> order = indices_of(static_cast<int>(rows.size()));
    sort_indices(order, [&](int a, int b) { return features(a) < features(b); });
    // The first row with the same features: equals kept their order.
    std::vector<std::size_t> first_of(rows.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
        const auto row = static_cast<std::size_t>(order[i]);
        const bool is_new = i == 0 || features(order[i]) != features(order[i - 1]);
        first_of[row] = is_new ? row : first_of[static_cast<std::size_t>(order[i - 1])];
    }
    NetworksOfRows networks;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        const bool is_new = first_of[row] == row;
        const std::size_t network = is_new ? networks.size() : networks.network[first_of[row]];
        if (is_new) networks.rows.push_back(0);
        networks.network.push_back(network);
        ++networks.rows[network];
    }
    return networks;
}

}  // namespace detail

/// Cost    rows · log(rows) comparisons of features
[[nodiscard]] inline NetworksOfRows networks_of(std::span<const LatencyRow> rows) {
    std::vector<const LatencyFeatures*> features;
    for (const LatencyRow& row : rows) features.push_back(&row.features);
    return detail::networks_of(features);
}

/// The rows in their order, of equal ones the first: a copy says nothing that the first does not.
[[nodiscard]] inline LatencyTable without_copies(std::span<const LatencyRow> rows) {
    const NetworksOfRows networks = networks_of(rows);
    std::vector<std::vector<const LatencyRow*>> kept(networks.size());
    LatencyTable table;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        auto& same = kept[networks.network[i]];
        bool is_copy = false;
        for (const LatencyRow* row : same) is_copy = is_copy || *row == rows[i];
        if (is_copy) continue;
        same.push_back(&rows[i]);
        table.push_back(rows[i]);
    }
    return table;
}

/// The rows of `held_out` whose network is in none of `seen`.
[[nodiscard]] inline LatencyTable without_seen(std::span<const LatencyRow> held_out,
                                               std::span<const LatencyRow> seen) {
    std::vector<const LatencyFeatures*> both;
    for (const LatencyRow& row : seen) both.push_back(&row.features);
    for (const LatencyRow& row : held_out) both.push_back(&row.features);
    const NetworksOfRows networks = detail::networks_of(both);
    // They are numbered as they first appear: those of `seen` come first.
    std::size_t known = 0;
    for (std::size_t i = 0; i < seen.size(); ++i) known = std::max(known, networks.network[i] + 1);
    LatencyTable table;
    for (std::size_t i = 0; i < held_out.size(); ++i)
        if (networks.network[seen.size() + i] >= known) table.push_back(held_out[i]);
    return table;
}

/// The rows in `folds` parts of about as many networks, in random order; all rows of a network are
/// in the same one.
///
/// Precondition: `folds` is not above the number of networks.
[[nodiscard]] inline std::vector<std::vector<std::size_t>>
fold_by_network(const NetworksOfRows& networks, int folds, Random& random) {
    std::vector<std::size_t> order(networks.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    random.shuffle(order);
    const auto count = static_cast<std::size_t>(folds);
    std::vector<std::size_t> fold_of(networks.size());
    for (std::size_t fold = 0; fold < count; ++fold)
        for (std::size_t i = order.size() * fold / count; i < order.size() * (fold + 1) / count;
             ++i)
            fold_of[order[i]] = fold;
    std::vector<std::vector<std::size_t>> rows(count);
    // In the order of the networks, so that a table without repetitions is cut as it always was.
    std::vector<std::vector<std::size_t>> of_network(networks.size());
    for (std::size_t i = 0; i < networks.network.size(); ++i)
        of_network[networks.network[i]].push_back(i);
    for (const std::size_t network : order)
        for (const std::size_t row : of_network[network]) rows[fold_of[network]].push_back(row);
    return rows;
}

}  // namespace hat::latency
