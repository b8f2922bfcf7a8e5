// SPDX-License-Identifier: Apache-2.0
#include <hat/latency/repeated_rows.hpp>

#include "support/latency_rows.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <vector>

using namespace hat::latency;
using hat::support::latency_rows;

namespace {

/// Rows of three networks: the first measured twice, the second there twice as it is.
LatencyTable repeated() {
    LatencyTable rows = latency_rows(3);
    rows.push_back(rows[0]);
    rows.back().decoder_mean_ms *= 1.01;
    rows.push_back(rows[1]);
    return rows;
}

}  // namespace

TEST_SUITE("latency/repeated_rows") {
    TEST_CASE("rows with equal features are of one network, however they were measured") {
        const NetworksOfRows networks = networks_of(repeated());
        CHECK(networks.network == std::vector<std::size_t>{0, 1, 2, 0, 1});
        CHECK(networks.rows == std::vector<std::size_t>{2, 2, 1});
        LatencyTable wider = latency_rows(1);
        wider.push_back(wider[0]);
        wider[1].features.decoder_unit_mmacs = 1;  // the last of all features
        CHECK(networks_of(wider).size() == 2);
        CHECK(networks_of({}).size() == 0);
    }

    TEST_CASE("copies go, networks that were measured again stay") {
        const LatencyTable rows = repeated();
        CHECK(without_copies(rows) == LatencyTable(rows.begin(), rows.end() - 1));
        CHECK(without_copies(latency_rows(50)) == latency_rows(50));
    }

    TEST_CASE("what is held out is of networks that were not seen") {
        const LatencyTable rows = repeated();
        const LatencyTable seen{rows[3]};
        CHECK(without_seen(rows, seen) == LatencyTable{rows[1], rows[2], rows[4]});
    }

    TEST_CASE("no network is in two folds, and every row is in one") {
        LatencyTable rows = latency_rows(23);
        for (const int row : {3, 3, 9, 20}) rows.push_back(rows[static_cast<std::size_t>(row)]);
        const NetworksOfRows networks = networks_of(rows);
        hat::Random random(1);
        const auto folds = fold_by_network(networks, 5, random);
        REQUIRE(folds.size() == 5);
        std::vector<int> seen(rows.size());
        std::vector<std::set<std::size_t>> networks_of_fold(folds.size());
        for (std::size_t fold = 0; fold < folds.size(); ++fold) {
            for (const std::size_t row : folds[fold]) {
                ++seen[row];
                networks_of_fold[fold].insert(networks.network[row]);
            }
            CHECK(networks_of_fold[fold].size() >= 4);
            CHECK(networks_of_fold[fold].size() <= 5);
        }
        CHECK(std::all_of(seen.begin(), seen.end(), [](int times) { return times == 1; }));
        std::size_t sum = 0;
        for (const auto& own : networks_of_fold) sum += own.size();
        CHECK(sum == networks.size());
    }
}
