// SPDX-License-Identifier: Apache-2.0

/// A Pareto front, drawn: walls of three materials that are the cheapest for what warmth they keep,
/// and the warmest for what they cost, as a chart in an SVG file.

#include <hat/io/atomic_file.hpp>
#include <hat/report/chart.hpp>
#include <hat/search/integer_problem.hpp>
#include <hat/search/trade_off.hpp>

#include <cstdio>
#include <string>
#include <vector>

using Wall = std::vector<int>;  // centimetres of brick, wool and foam

int main() {
    const auto price = [](const Wall& wall) { return 2.0 * wall[0] + 3 * wall[1] + 5 * wall[2]; };
    const auto warmth_lost = [](const Wall& wall) {
        return 100 / (17 + 1.4 * wall[0] + 25 * wall[1] + 40 * wall[2]);  // W/(m²·K)
    };
    hat::search::IntegerProblem walls({{10, 40}, {0, 20}, {0, 15}}, price, warmth_lost);
    hat::search::TradeOff problem(walls, 120.0);  // the most that is paid
    hat::search::ParetoSearch search(problem, {.iterations = 20, .population = 30});
    while (search.iterate()) {
    }

    const auto front = search.front();  // objectives: warmth lost, price
    std::printf("%d walls looked at, %zu on the front, such as\n", search.scored(), front.size());
    for (const auto& wall : {front.front(), front[front.size() / 2], front.back()})
        std::printf("%s: price %.0f, %.3f lost\n", problem.text(wall.genome).c_str(),
                    wall.objectives[1], wall.objectives[0]);

    using hat::report::ChartSeries;
    ChartSeries all{.name = "looked at", .style = ChartSeries::Style::cloud};
    for (const auto& wall : search.members())
        if (!wall.objectives.empty())  // cheap enough
            all.points.push_back({wall.objectives[1], wall.objectives[0]});
    ChartSeries best{.name = "front", .style = ChartSeries::Style::line};
    for (const auto& wall : front) best.points.push_back({wall.objectives[1], wall.objectives[0]});
    const std::string svg = hat::report::chart_to_svg(
        {.title = "Walls", .x_label = "price", .y_label = "warmth lost", .series = {all, best}});
    hat::io::write_file("front.svg", svg);
    std::printf("front.svg: %zu kB\n", svg.size() / 1000);
}

// Output:
// 617 walls looked at, 87 on the front, such as
// 10,18,9: price 119, 0.119 lost
// 10,7,5: price 66, 0.246 lost
// 10,0,0: price 20, 3.226 lost
// front.svg: 8 kB
