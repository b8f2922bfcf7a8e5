// SPDX-License-Identifier: Apache-2.0
#include <hat/report/chart.hpp>

#include "support/count.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>

using hat::report::Chart;
using hat::report::chart_to_svg;
using hat::report::ChartSeries;
using hat::report::detail::Axis;
using hat::support::count;

TEST_SUITE("report/chart") {
    TEST_CASE("ticks are round numbers that the labels show in full") {
        const Axis small = Axis::over(0.02, 0.31, 6);
        CHECK(small.step == doctest::Approx(0.1));
        CHECK(small.label(0.2) == "0.2");
        CHECK(small.label(1e-17) == "0.0");
        const Axis large = Axis::over(3070, 12208, 7);
        CHECK(large.step == 2000);
        CHECK(large.label(4000) == "4000");
        CHECK(Axis::over(0.001, 0.0019, 5).label(0.0012) == "0.0012");
    }

    TEST_CASE("a single value gets an axis around it") {
        const Axis axis = Axis::over(5, 5, 6);
        CHECK(axis.low < 5);
        CHECK(axis.high > 5);
        CHECK(axis.place(5) == doctest::Approx(0.5));
        const Axis zero = Axis::over(0, 0, 6);
        CHECK(zero.low < zero.high);
    }

    TEST_CASE("every point is drawn, in the style of its series") {
        Chart chart{.title = "t", .x_label = "x", .y_label = "y"};
        chart.series.push_back({"dots", ChartSeries::Style::dots, {{1, 2}, {2, 3}, {3, 5}}});
        chart.series.push_back({"steps", ChartSeries::Style::steps, {{1, 1}, {4, 2}}});
        const std::string svg = chart_to_svg(chart);
        CHECK(count(svg, "<circle") == 3);
        CHECK(count(svg, "<polyline") == 1);
        const auto line = svg.substr(svg.find("<polyline points=\""), 60);
        CHECK(count(line, ",") == 3);  // one step: along, then up
        CHECK(count(svg, ">steps</text>") == 1);
        CHECK(svg == chart_to_svg(chart));
    }

    TEST_CASE("a cloud is one shape, a ring is hollow, and a label stands beside its point") {
        Chart chart{.title = "t", .x_label = "x", .y_label = "y", .large = true};
        chart.series.push_back(
            {"seen", ChartSeries::Style::cloud, {{1, 2}, {2, 3}, {2.000001, 3}}});
        chart.series.push_back({"measured", ChartSeries::Style::rings, {{1, 2}}});
        chart.series.push_back({"", ChartSeries::Style::dots, {{2, 3, "genes", "chosen"}}});
        chart.series.push_back({"", ChartSeries::Style::steps_with_dots, {{1, 3}, {2, 2}}});
        const std::string svg = chart_to_svg(chart);
        CHECK(count(svg, "<path") == 1);
        CHECK(count(svg, "h0") == 2);  // at one place one
        CHECK(count(svg, "fill=\"none\" stroke=\"#d62728\"") == 1);
        CHECK(count(svg, ">chosen</text>") == 1);
        CHECK(count(svg, "<title>genes</title>") == 1);
        CHECK(count(svg, "<circle") == 1 + 1 + 2);
        CHECK(count(svg, ">seen</text>") + count(svg, ">measured</text>") == 2);
        CHECK(count(svg, "font-size=\"11\"") == 0);
    }

    TEST_CASE("points above the most are not drawn, and take no room") {
        Chart chart{.title = "t", .x_label = "x", .y_label = "y", .y_most = 5};
        chart.series.push_back({"dots", ChartSeries::Style::dots, {{1, 2}, {2, 5}, {3, 500}}});
        const std::string svg = chart_to_svg(chart);
        CHECK(count(svg, "<circle") == 2);
        CHECK(count(svg, ">500</text>") == 0);
        CHECK(count(svg, ">4</text>") == 1);
    }

    TEST_CASE("with a diagonal, both axes have the same range") {
        Chart chart{.title = "t", .x_label = "x", .y_label = "y", .diagonal = true};
        chart.series.push_back({"s", ChartSeries::Style::dots, {{1, 2}, {9, 4}}});
        const std::string svg = chart_to_svg(chart);
        CHECK(count(svg, "stroke-dasharray") == 1);
        CHECK(count(svg, ">8</text>") == 2);
    }

    TEST_CASE("a chart without points, or with one that is not finite, is an error") {
        Chart chart{.title = "t", .x_label = "x", .y_label = "y"};
        CHECK_THROWS_WITH_AS(chart_to_svg(chart), "chart \"t\": has no points", hat::Error);
        chart.series.push_back(
            {"s", ChartSeries::Style::dots, {{1, std::numeric_limits<double>::quiet_NaN()}}});
        CHECK_THROWS_WITH_AS(chart_to_svg(chart), "chart \"t\": a point of s is not finite",
                             hat::Error);
    }
}
