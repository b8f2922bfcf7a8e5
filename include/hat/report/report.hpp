// SPDX-License-Identifier: Apache-2.0
#pragma once

/// `hat/report`: what people look at.
///
/// `Progress` of long work, on a terminal or as plain lines; `chart_to_svg` and
/// `architecture_to_svg`, drawings on a `Svg`; `model_card_to_markdown`, a model's README.md with
/// the front matter that model hubs read; `language_name`: "de" is German.
///
///     hat::report::Chart chart{.title = "a front", .x_label = "latency (ms)", .y_label = "loss"};
///     chart.series.push_back({.name = "front", .points = {{.x = 20, .y = 4.1}}});
///     hat::io::write_file("front.svg", hat::report::chart_to_svg(chart));  // io/atomic_file.hpp
///
/// Limits: drawings and cards are of one network or one search.

#include <hat/report/architecture_svg.hpp>
#include <hat/report/chart.hpp>
#include <hat/report/language_name.hpp>
#include <hat/report/model_card.hpp>
#include <hat/report/progress.hpp>
#include <hat/report/svg.hpp>
