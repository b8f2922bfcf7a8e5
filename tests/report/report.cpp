// SPDX-License-Identifier: Apache-2.0
#include <hat/io/atomic_file.hpp>
#include <hat/io/text_file.hpp>
#include <hat/report/report.hpp>

#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace hat;

TEST_SUITE("report/report") {
    TEST_CASE("what its description shows holds: a chart becomes a picture in a file") {
        const support::TemporaryDirectory directory;
        report::Chart chart{.title = "a front", .x_label = "latency (ms)", .y_label = "loss"};
        chart.series.push_back({.name = "front", .points = {{.x = 20, .y = 4.1}}});
        io::write_file(directory / "front.svg", report::chart_to_svg(chart));
        const std::string svg = io::read_file(directory / "front.svg");
        CHECK(svg.starts_with("<svg "));
        CHECK(svg.find("latency (ms)") != std::string::npos);
    }
}
