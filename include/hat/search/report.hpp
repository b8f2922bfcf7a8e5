// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/elastic/gene_string.hpp>
#include <hat/io/atomic_file.hpp>
#include <hat/model/architecture.hpp>
#include <hat/model/counts.hpp>
#include <hat/report/architecture_svg.hpp>
#include <hat/report/chart.hpp>
#include <hat/search/rank_correlation.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

/// What a search tells about itself: one Markdown page and its figures.
namespace hat::search {

/// A network with what is known of it. Latencies are of one sentence; a loss is per target token,
/// with inherited weights.
struct ReportedNetwork {
    std::string name;
    model::Architecture architecture;
    double loss = 0;
    double predicted_ms = 0;
    std::optional<double> measured_ms{};
};

/// The best loss after so many networks had been scored.
struct ReportedProgress {
    std::int64_t scored = 0;
    double best_loss = 0;
};

/// Whether inherited weights rank networks as their own tuned weights do.
struct SupernetHealth {
    /// A network with inherited weights, and tuned.
    struct Member {
        model::Architecture architecture;
        double inherited_loss = 0;
        double tuned_loss = 0;
    };

    double largest_loss = 0;  ///< of the space's largest member, with inherited weights
    double smallest_loss = 0;
    std::vector<Member> members{};
    std::string tuning;  ///< "100 updates of 2,000 tokens each"

    /// Kendall's τ between inherited and tuned loss.
    [[nodiscard]] double kendall() const {
        std::vector<double> inherited;
        std::vector<double> tuned;
        for (const Member& member : members) {
            inherited.push_back(member.inherited_loss);
            tuned.push_back(member.tuned_loss);
        }
        return kendall_tau(inherited, tuned);
    }
};

/// What a report of a search says, beside its front.
struct SearchReport {
    std::string title;
    std::string device;     ///< the machine that was measured
    std::string predictor;  ///< its kind and its cross-validated error
    std::string search;     ///< limit, setting, seed, how many were scored, seconds

    /// A latency as it was predicted and as it is.
    struct LatencyPair {
        std::string name;
        double predicted_ms = 0;
        double measured_ms = 0;
    };
    std::vector<LatencyPair> samples{};  ///< what the predictor was made from

    ReportedNetwork baseline{};  ///< the largest member
    ReportedNetwork chosen{};
    std::vector<ReportedNetwork> scored{};  ///< all that the search has looked at
    std::vector<ReportedNetwork> front{};   ///< of those, what nothing beats in both respects
    std::vector<ReportedProgress> progress{};
    std::optional<SupernetHealth> health{};
};

/// The figures that a report may have beside its page, `report.md`.
inline constexpr std::array report_figures{"architecture.svg", "latency.svg", "front.svg",
                                           "progress.svg", "health.svg"};

namespace detail {

class ReportWriter {
public:
    ReportWriter(const SearchReport& report, std::string directory)
        : report_(report), directory_(std::move(directory)) {}

    void write() {
        text_ = "# " + report_.title + "\n\n";
        chosen();
        latency();
        front();
        progress();
        if (report_.health) health(*report_.health);
        io::write_file(directory_ + "/report.md", text_);
    }

private:
    static std::string number(double value, int digits) {
        std::array<char, 64> text{};
        std::snprintf(text.data(), text.size(), "%.*f", digits, value);
        return text.data();
    }
    static std::string millions(std::int64_t n) { return number(static_cast<double>(n) / 1e6, 2); }

    void figure(const char* file, const std::string& caption, const std::string& svg) {
        io::write_file(directory_ + "/" + file, svg);
        text_ += "![" + caption + "](" + file + ")\n\n";
    }

    void row(const ReportedNetwork& network) {
        text_ += "| " + network.name + " | " + number(network.loss, 4) + " | " +
                 number(network.predicted_ms, 2) + " | " +
                 (network.measured_ms ? number(*network.measured_ms, 2) : "–") + " | " +
                 millions(layer_parameters(network.architecture)) + " | `" +
                 elastic::gene_string(network.architecture) + "` |\n";
    }
    void table_head() {
        text_ += "| network | loss, inherited | predicted ms | measured ms | layer parameters, M | "
                 "genes |\n| --- | --- | --- | --- | --- | --- |\n";
    }

    void chosen() {
        text_ += "## The chosen network\n\n";
        table_head();
        row(report_.chosen);
        row(report_.baseline);
        text_ += "\n" + speed() + "\n\n";
        figure("architecture.svg", "The chosen network, layer by layer",
               report::architecture_to_svg(report_.chosen.architecture, "The chosen network"));
    }
    [[nodiscard]] std::string speed() const {
        const ReportedNetwork& a = report_.chosen;
        const ReportedNetwork& b = report_.baseline;
        const bool measured = a.measured_ms && b.measured_ms;
        const double times =
            measured ? *b.measured_ms / *a.measured_ms : b.predicted_ms / a.predicted_ms;
        const double smaller = static_cast<double>(layer_parameters(b.architecture)) /
                               static_cast<double>(layer_parameters(a.architecture));
        return "Against the largest member of the space: " + number(times, 2) + " times as fast (" +
               (measured ? "measured" : "predicted") + "), " + number(smaller, 2) +
               " times smaller without embeddings. " + report_.device + ".";
    }

    void latency() {
        text_ += "## Latency: predicted and measured\n\n" + report_.predictor + "\n\n";
        report::Chart chart{.title = "Latency of one sentence",
                            .x_label = "predicted, ms",
                            .y_label = "measured, ms",
                            .diagonal = true};
        report::ChartSeries samples{.name = "samples the predictor was made from"};
        for (const auto& pair : report_.samples)
            samples.points.push_back({pair.predicted_ms, pair.measured_ms, pair.name});
        report::ChartSeries verified{.name = "networks the search has found"};
        double worst = 0;
        int count = 0;
        const auto verify = [&](const ReportedNetwork& network) {
            if (!network.measured_ms) return;
            verified.points.push_back({network.predicted_ms, *network.measured_ms, network.name});
            worst = std::max(worst, std::abs(network.predicted_ms / *network.measured_ms - 1));
            ++count;
        };
        verify(report_.chosen);
        for (const ReportedNetwork& network : report_.front)
            if (network.architecture != report_.chosen.architecture) verify(network);
        for (auto* series : {&samples, &verified})
            if (!series->points.empty()) chart.series.push_back(std::move(*series));
        if (chart.series.empty()) return;
        figure("latency.svg", "Predicted and measured latency", report::chart_to_svg(chart));
        if (count > 0)
            text_ += "Of the networks the search has found, " + std::to_string(count) +
                     " were measured; the prediction was off by " + number(100 * worst, 1) +
                     " % at most.\n\n";
    }

    void front() {
        text_ += "## Loss against latency\n\n";
        std::vector<ReportedNetwork> front = report_.front;
        std::sort(front.begin(), front.end(),
                  [](const auto& a, const auto& b) { return a.predicted_ms < b.predicted_ms; });
        draw_front(front);
        if (front.empty()) return;
        table_head();
        for (const ReportedNetwork& network : front) row(network);
        text_ += "\n";
    }

    /// All that was seen, what nothing beats, what was measured, and the two networks compared.
    /// What is worse than all of these by some more is left out.
    void draw_front(const std::vector<ReportedNetwork>& front) {
        using Style = report::ChartSeries::Style;
        report::ChartSeries seen{.name = std::to_string(report_.scored.size()) + " networks scored",
                                 .style = Style::cloud};
        report::ChartSeries best{.name = "the front", .style = Style::steps_with_dots};
        report::ChartSeries measured{.name = "measured", .style = Style::rings};
        double least = report_.chosen.loss;
        double most = report_.chosen.loss;
        const auto show = [&](const ReportedNetwork& network) {
            if (network.measured_ms)
                measured.points.push_back({*network.measured_ms, network.loss, network.name});
            least = std::min(least, network.loss);
            most = std::max(most, network.loss);
        };
        const auto point = [](const ReportedNetwork& network) {
            return report::ChartPoint{network.predicted_ms, network.loss,
                                      elastic::gene_string(network.architecture)};
        };
        for (const ReportedNetwork& network : report_.scored) seen.points.push_back(point(network));
        for (const ReportedNetwork& network : front) {
            best.points.push_back(point(network));
            if (network.architecture != report_.chosen.architecture) show(network);
        }
        const auto marked = [&](const ReportedNetwork& network, const std::string& name) {
            show(network);
            report::ChartSeries series{.name = {}, .points = {point(network)}};
            series.points.front().label =
                name + ": " + number(network.measured_ms.value_or(network.predicted_ms), 2) + " ms";
            return series;
        };
        const report::ChartSeries largest = marked(report_.baseline, "largest");
        const report::ChartSeries chosen = marked(report_.chosen, "chosen");
        if (!front.empty() && report_.baseline.predicted_ms > front.back().predicted_ms &&
            report_.baseline.loss < front.back().loss)
            best.points.push_back(point(report_.baseline));
        report::Chart chart{.title = "Loss against latency",
                            .x_label = "milliseconds a sentence",
                            .y_label = "validation loss per token",
                            .series = {std::move(seen), std::move(best), largest, chosen},
                            .large = true,
                            .y_most = most + 0.15 * (most - least)};
        if (!measured.points.empty()) chart.series.push_back(std::move(measured));
        figure("front.svg", "Loss against latency", report::chart_to_svg(chart));
        const auto above = std::count_if(
            report_.scored.begin(), report_.scored.end(),
            [&](const ReportedNetwork& network) { return network.loss > chart.y_most; });
        text_ += "Dots are at the latency that was predicted, rings at what was measured";
        if (above > 0)
            text_ += "; " + std::to_string(above) + " of higher loss " +
                     (above == 1 ? "is" : "are") + " above the figure";
        text_ += ".\n\n";
    }

    void progress() {
        text_ += "## The search\n\n" + report_.search + "\n\n";
        if (report_.progress.empty()) return;
        report::ChartSeries best{.name = "best so far", .style = report::ChartSeries::Style::steps};
        for (const ReportedProgress& p : report_.progress)
            best.points.push_back({static_cast<double>(p.scored), p.best_loss});
        figure("progress.svg", "Search progress",
               report::chart_to_svg({.title = "Search progress",
                                     .x_label = "networks scored",
                                     .y_label = "best loss",
                                     .series = {std::move(best)}}));
    }

    void health(const SupernetHealth& health) {
        const bool ordered = health.largest_loss <= health.smallest_loss;
        text_ += "## Health of the SuperTransformer\n\n"
                 "With inherited weights, the largest member has a loss of " +
                 number(health.largest_loss, 4) + " and the smallest one of " +
                 number(health.smallest_loss, 4) +
                 (ordered ? ": in order.\n\n"
                          : ": **out of order**, the SuperTransformer needs more training.\n\n") +
                 "A search by inherited weights is worth what they say about tuned ones. Over " +
                 std::to_string(health.members.size()) +
                 " members drawn at random, each tuned alone for " + health.tuning +
                 ", Kendall's τ between inherited and tuned loss is **" +
                 number(health.kendall(), 2) + "** (1: same order, 0: unrelated).\n\n";
        report::ChartSeries members{.name = "members drawn at random"};
        for (const auto& member : health.members)
            members.points.push_back({member.inherited_loss, member.tuned_loss,
                                      elastic::gene_string(member.architecture)});
        figure("health.svg", "Inherited and tuned loss",
               report::chart_to_svg({.title = "Do inherited weights rank networks right?",
                                     .x_label = "loss with inherited weights",
                                     .y_label = "loss after tuning",
                                     .series = {std::move(members)}}));
    }

    const SearchReport& report_;
    std::string directory_;
    std::string text_;
};

}  // namespace detail

/// Writes `report.md` and its figures (SVG) to `directory`, which is made if it is not there. Equal
/// reports give equal bytes.
///
/// Throws  `Error` if a file cannot be written, a number is not finite, or the health section has
///         fewer than two different losses
inline void write_report(const SearchReport& report, const std::string& directory) {
    std::error_code error;
    std::filesystem::create_directories(directory, error);
    if (error) fail(directory, ": cannot make the directory: ", error.message());
    detail::ReportWriter(report, directory).write();
}

}  // namespace hat::search
