// SPDX-License-Identifier: Apache-2.0
#include <hat/io/text_file.hpp>
#include <hat/model/presets.hpp>
#include <hat/search/report.hpp>

#include "support/count.hpp"
#include "support/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

using hat::search::ReportedNetwork;
using hat::search::SearchReport;
using hat::search::SupernetHealth;
using hat::support::count;

namespace {

ReportedNetwork network(int layers, double loss, double predicted, double measured) {
    return {.name = std::to_string(layers) + " layers",
            .architecture = hat::model::uniform({.encoder_layers = layers,
                                                 .decoder_layers = layers,
                                                 .embed_dim = 64,
                                                 .ffn_dim = 128,
                                                 .heads = 4},
                                                100, 100),
            .loss = loss,
            .predicted_ms = predicted,
            .measured_ms = measured};
}

SearchReport example() {
    SearchReport report{.title = "A search",
                        .device = "Beam 5, 20 tokens, one thread",
                        .predictor = "Additive model, 1.2 % off in cross-validation.",
                        .search = "Limit 5 ms."};
    report.baseline = network(4, 3.0, 10.0, 10.5);
    report.chosen = network(2, 3.25, 5.0, 5.25);
    report.samples = {{"a", 9.9, 10}, {"b", 3, 3.1}};
    report.scored = {report.chosen, network(1, 4.0, 2.5, 2.5)};
    report.front = report.scored;
    report.progress = {{1, 4.0}, {2, 3.25}};
    return report;
}

}  // namespace

TEST_SUITE("search/report") {
    TEST_CASE("the page tells speed, size and how good predictions were, and shows its figures") {
        const hat::support::TemporaryDirectory directory;
        const std::string path = directory.path() + "/report";
        write_report(example(), path);
        const std::string page = hat::io::read_file(path + "/report.md");
        CHECK(count(page, "2.00 times as fast (measured), 2.00 times smaller") == 1);
        CHECK(count(page, "2 were measured; the prediction was off by 4.8 % at most") == 1);
        CHECK(count(page, "Health") == 0);
        for (const char* figure :
             {"architecture.svg", "latency.svg", "front.svg", "progress.svg"}) {
            CAPTURE(figure);
            CHECK(count(page, std::string("](") + figure + ")") == 1);
            CHECK(hat::io::read_file(path + "/" + figure).starts_with("<svg"));
        }
        CHECK_FALSE(std::filesystem::exists(path + "/health.svg"));
    }

    TEST_CASE(
        "the front's figure marks the chosen and the largest network, and what was measured") {
        const hat::support::TemporaryDirectory directory;
        SearchReport report = example();
        report.scored.push_back(network(3, 90.0, 7.0, 7.0));  // above the figure
        write_report(report, directory.path());
        const std::string svg = hat::io::read_file(directory.path() + "/front.svg");
        CHECK(count(svg, ">chosen: 5.25 ms</text>") == 1);
        CHECK(count(svg, ">largest: 10.50 ms</text>") == 1);
        CHECK(count(svg, ">3 networks scored</text>") == 1);
        CHECK(count(svg, "h0") == 2);
        CHECK(count(svg, "fill=\"none\" stroke=") == 1 + 3);  // the front, and three measured
        const std::string page = hat::io::read_file(directory.path() + "/report.md");
        CHECK(count(page, "1 of higher loss is above the figure") == 1);
    }

    TEST_CASE("without a measurement of both, the speed is the predicted one and says so") {
        const hat::support::TemporaryDirectory directory;
        SearchReport report = example();
        report.chosen.measured_ms.reset();
        write_report(report, directory.path());
        const std::string page = hat::io::read_file(directory.path() + "/report.md");
        CHECK(count(page, "2.00 times as fast (predicted)") == 1);
    }

    TEST_CASE("the health section gives Kendall's tau, and says when the order is wrong") {
        const hat::support::TemporaryDirectory directory;
        SearchReport report = example();
        report.health =
            SupernetHealth{.largest_loss = 3.0, .smallest_loss = 4.0, .tuning = "9 updates"};
        const auto a = network(1, 0, 0, 0).architecture;
        report.health->members = {{a, 3.0, 2.0}, {a, 3.1, 2.2}, {a, 3.2, 2.1}};
        CHECK(report.health->kendall() == doctest::Approx(1.0 / 3));
        write_report(report, directory.path());
        std::string page = hat::io::read_file(directory.path() + "/report.md");
        CHECK(count(page, "tuned loss is **0.33**") == 1);
        CHECK(count(page, "in order") == 1);
        report.health->largest_loss = 4.1;
        write_report(report, directory.path());
        page = hat::io::read_file(directory.path() + "/report.md");
        CHECK(count(page, "**out of order**") == 1);
    }
}
