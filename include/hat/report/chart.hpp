// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/report/svg.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace hat::report {

/// A point of a chart.
struct ChartPoint {
    double x = 0;
    double y = 0;
    std::string title{};  ///< shown when pointed at
    std::string label{};  ///< shown beside it
};

/// Points that belong together, as dots, as a pale cloud of many small ones, as rings, as a line,
/// or as steps that keep the last value.
struct ChartSeries {
    /// How a series is drawn.
    enum class Style { dots, cloud, rings, line, line_with_dots, steps, steps_with_dots };

    std::string name;  ///< empty: not in the legend
    Style style = Style::dots;
    std::vector<ChartPoint> points{};
};

/// A chart of two axes.
struct Chart {
    std::string title;
    std::string x_label;
    std::string y_label;
    std::vector<ChartSeries> series{};
    bool diagonal = false;  ///< draws the line x = y, and gives both axes the same range
    bool large = false;     ///< text that can be read on a small screen, too
    double y_most = std::numeric_limits<double>::infinity();  ///< points above it are left out
};

namespace detail {

/// The range of an axis and the distance between its ticks, a round number.
struct Axis {
    double low = 0;
    double high = 1;
    double step = 1;

    /// Of an axis that holds `low` … `high` with about `ticks` ticks.
    static Axis over(double low, double high, int ticks) {
        const double margin =
            high > low ? 0.05 * (high - low) : std::max(std::abs(low) * 0.05, 1e-9);
        low -= margin;
        high += margin;
        const double rough = (high - low) / ticks;
        const double power = std::pow(10.0, std::floor(std::log10(rough)));
        double step = 10 * power;
        for (const double factor : {5.0, 2.0, 1.0})
            if (factor * power >= rough) step = factor * power;
        return {low, high, step};
    }
    [[nodiscard]] double place(double value) const noexcept { return (value - low) / (high - low); }
    /// A tick in as many decimals as the step has.
    [[nodiscard]] std::string label(double value) const {
        const int decimals = std::max(0, static_cast<int>(-std::floor(std::log10(step) + 1e-9)));
        std::array<char, 64> text{};
        std::snprintf(text.data(), text.size(), "%.*f", std::min(decimals, 12),
                      std::abs(value) < step * 1e-6 ? 0.0 : value);
        return text.data();
    }
};

/// The points of a line in one of these styles, where they are drawn.
inline std::vector<Svg::Point> path(ChartSeries::Style style, std::span<const Svg::Point> points) {
    const bool steps =
        style == ChartSeries::Style::steps || style == ChartSeries::Style::steps_with_dots;
    std::vector<Svg::Point> corners;
    for (const Svg::Point& point : points) {
        if (steps && !corners.empty()) corners.push_back({point[0], corners.back()[1]});
        corners.push_back(point);
    }
    return corners;
}

inline constexpr std::array chart_colors{"#1f77b4", "#d62728", "#2ca02c",
                                         "#9467bd", "#ff7f0e", "#17becf"};

}  // namespace detail

/// The chart as an SVG file of 640 × 420 pixels. Equal charts give equal bytes.
///
/// Throws  `Error` if there is no point at all, or one is not finite.
[[nodiscard]] inline std::string chart_to_svg(const Chart& chart) {
    using detail::Axis;
    constexpr int width = 640;
    constexpr int height = 420;
    const double scale = chart.large ? 1.5 : 1;
    const double left = chart.large ? 92 : 72;
    constexpr double right = width - 20;
    const double top = chart.large ? 48 : 40;
    const double bottom = height - (chart.large ? 104 : 78);

    constexpr double infinity = std::numeric_limits<double>::infinity();
    double x_low = infinity, x_high = -infinity, y_low = infinity, y_high = -infinity;
    for (const ChartSeries& series : chart.series) {
        for (const ChartPoint& point : series.points) {
            if (!std::isfinite(point.x) || !std::isfinite(point.y))
                fail("chart \"", chart.title, "\": a point of ", series.name, " is not finite");
            if (point.y > chart.y_most) continue;
            x_low = std::min(x_low, point.x);
            x_high = std::max(x_high, point.x);
            y_low = std::min(y_low, point.y);
            y_high = std::max(y_high, point.y);
        }
    }
    if (x_low > x_high) fail("chart \"", chart.title, "\": has no points");
    if (chart.diagonal) {
        x_low = y_low = std::min(x_low, y_low);
        x_high = y_high = std::max(x_high, y_high);
    }
    const Axis x_axis = Axis::over(x_low, x_high, chart.large ? 5 : 7);
    const Axis y_axis = Axis::over(y_low, y_high, chart.large ? 5 : 6);
    const auto x_of = [&](double x) { return left + (right - left) * x_axis.place(x); };
    const auto y_of = [&](double y) { return bottom - (bottom - top) * y_axis.place(y); };

    Svg svg(width, height);
    svg.text(width / 2.0, chart.large ? 30 : 24, chart.title,
             {.size = chart.large ? 20.0 : 15.0, .anchor = Svg::Anchor::middle, .bold = true});
    const auto ticks = [](const Axis& axis, const auto& draw) {
        const auto first = static_cast<int>(std::ceil(axis.low / axis.step));
        for (int i = first; i * axis.step <= axis.high; ++i) draw(i * axis.step);
    };
    ticks(x_axis, [&](double x) {
        svg.line(x_of(x), top, x_of(x), bottom, "#e4e4e4");
        svg.text(x_of(x), bottom + 5 + 11 * scale, x_axis.label(x),
                 {.size = 11 * scale, .anchor = Svg::Anchor::middle});
    });
    ticks(y_axis, [&](double y) {
        svg.line(left, y_of(y), right, y_of(y), "#e4e4e4");
        svg.text(left - 6, y_of(y) + 4 * scale, y_axis.label(y),
                 {.size = 11 * scale, .anchor = Svg::Anchor::end});
    });
    svg.line(left, bottom, right, bottom, "#444");
    svg.line(left, top, left, bottom, "#444");
    svg.text((left + right) / 2, bottom + (chart.large ? 48 : 36), chart.x_label,
             {.size = 12 * scale, .anchor = Svg::Anchor::middle});
    svg.text(chart.large ? 26 : 18, (top + bottom) / 2, chart.y_label,
             {.size = 12 * scale, .anchor = Svg::Anchor::middle, .degrees = -90});
    if (chart.diagonal) svg.line(left, bottom, right, top, "#999", 1, true);

    double legend_x = left;
    for (std::size_t s = 0; s < chart.series.size(); ++s) {
        using Style = ChartSeries::Style;
        const ChartSeries& series = chart.series[s];
        const char* const color = detail::chart_colors[s % detail::chart_colors.size()];
        std::vector<Svg::Point> places;
        for (const ChartPoint& point : series.points)
            if (point.y <= chart.y_most) places.push_back({x_of(point.x), y_of(point.y)});
        const bool has_dots = series.style == Style::dots ||
                              series.style == Style::line_with_dots ||
                              series.style == Style::steps_with_dots;
        if (series.style == Style::cloud)
            svg.cloud(places, 3, color);
        else if (series.style == Style::rings)
            for (const auto& [x, y] : places) svg.ring(x, y, 10, color);
        else if (series.style != Style::dots && places.size() > 1)
            svg.polyline(detail::path(series.style, places), color, 2);
        for (const ChartPoint& point : series.points) {
            if (point.y > chart.y_most) continue;
            const double x = x_of(point.x);
            const double y = y_of(point.y);
            if (has_dots) svg.dot(x, y, point.label.empty() ? 4 : 7, color, point.title);
            if (point.label.empty()) continue;
            const bool on_the_right = x > (left + right) / 2;
            svg.text(on_the_right ? x + 10 : x + 6, y - 14, point.label,
                     {.size = 12 * scale,
                      .anchor = on_the_right ? Svg::Anchor::end : Svg::Anchor::start,
                      .color = color,
                      .bold = true,
                      .edged = true});
        }
        if (series.name.empty()) continue;
        svg.box(legend_x, height - 10 - 10 * scale, 10 * scale, 10 * scale, color);
        svg.text(legend_x + 14 * scale, height - 11, series.name, {.size = 11 * scale});
        legend_x += (34 + 6.2 * static_cast<double>(series.name.size())) * scale;
    }
    return svg.str();
}

}  // namespace hat::report
