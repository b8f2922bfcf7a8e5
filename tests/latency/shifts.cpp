// SPDX-License-Identifier: Apache-2.0
#include <hat/latency/shifts.hpp>

#include "support/data_folder.hpp"
#include "support/latency_rows.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

using namespace hat::latency;
using hat::support::latency_rows;

namespace {

void slow_down(LatencyTable& rows, int begin, int end, double ratio) {
    for (int i = begin; i < end; ++i) {
        rows[static_cast<std::size_t>(i)].encoder_mean_ms *= ratio;
        rows[static_cast<std::size_t>(i)].decoder_mean_ms *= ratio;
    }
}

/// Each of `expected` is found, within `tolerance` rows, and nothing else.
void check_shifts(const std::vector<Shift>& found, const std::vector<Shift>& expected,
                  int tolerance) {
    REQUIRE(found.size() == expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
        CHECK(std::abs(found[i].begin - expected[i].begin) <= tolerance);
        CHECK(std::abs(found[i].end - expected[i].end) <= tolerance);
        CHECK(std::abs(found[i].ratio - expected[i].ratio) <= 0.06);
    }
}

}  // namespace

TEST_SUITE("latency/shifts") {
    TEST_CASE("stretches that were slower or faster are found, with their size") {
        for (std::uint64_t seed = 0; seed < 5; ++seed) {
            LatencyTable rows = latency_rows(400, 0.02, seed);
            slow_down(rows, 0, 60, 1.3);
            slow_down(rows, 150, 190, 1.2);
            slow_down(rows, 300, 340, 0.8);
            check_shifts(find_shifts(rows), {{0, 60, 1.3}, {150, 190, 1.2}, {300, 340, 0.8}}, 2);
        }
    }

    TEST_CASE("noise, spikes, small and short shifts are none") {
        for (std::uint64_t seed = 0; seed < 5; ++seed) {
            LatencyTable rows = latency_rows(400, 0.04, seed);
            for (int i = 0; i < 400; i += 17) slow_down(rows, i, i + 1, 2);
            slow_down(rows, 50, 110, 1.04);
            slow_down(rows, 200, 220, 1.4);
            CHECK(find_shifts(rows).empty());
        }
        CHECK(find_shifts(latency_rows(400)).empty());
    }

    TEST_CASE("options say how long and how large a shift is") {
        LatencyTable rows = latency_rows(200, 0.01);
        slow_down(rows, 100, 115, 1.06);
        CHECK(find_shifts(rows).empty());
        check_shifts(find_shifts(rows, {.min_rows = 10, .min_change = 0.04}), {{100, 115, 1.06}},
                     1);
    }

    TEST_CASE("levels next to each other are one shift") {
        LatencyTable rows = latency_rows(300, 0.01);
        slow_down(rows, 100, 140, 1.2);
        slow_down(rows, 140, 180, 1.3);
        check_shifts(find_shifts(rows), {{100, 180, 1.25}}, 1);
    }

    TEST_CASE("a table too short to tell has no shift") {
        LatencyTable rows = latency_rows(89, 0.01);
        slow_down(rows, 0, 40, 1.5);
        CHECK(find_shifts(rows).empty());
        CHECK(find_shifts({}).empty());
    }

    TEST_CASE("what is left out is left out") {
        const LatencyTable rows = latency_rows(10);
        const std::vector<Shift> shifts{{0, 2, 1.2}, {5, 9, 1.3}};
        CHECK(without_shifts(rows, shifts) == LatencyTable{rows[2], rows[3], rows[4], rows[9]});
        CHECK(without_shifts(rows, {}) == rows);
    }

    TEST_CASE("the published tables hold six shifts") {
        const auto folder = hat::support::data_folder("hat_latency");
        if (folder.empty()) return;
        const std::vector<std::pair<std::string, std::vector<Shift>>> tables{
            {"iwslt14deen_gpu_titanxp", {{25, 357, 1.25}, {429, 486, 1.22}}},
            {"wmt14ende_cpu_raspberrypi", {{0, 120, 1.42}}},
            {"wmt14ende_cpu_xeon", {}},
            {"wmt14ende_gpu_titanxp", {{1263, 1500, 1.24}}},
            {"wmt14enfr_cpu_raspberrypi", {}},
            {"wmt14enfr_cpu_xeon", {}},
            {"wmt14enfr_gpu_titanxp", {}},
            {"wmt19ende_gpu_titanxp", {{532, 742, 1.25}, {962, 1000, 1.21}}}};
        for (const auto& table : tables) {
            INFO(table.first);
            const auto rows = read_latency_table((folder / (table.first + "_all.csv")).string());
            check_shifts(find_shifts(rows), table.second, 10);
        }
    }
}
