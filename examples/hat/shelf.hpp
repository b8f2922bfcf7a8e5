// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/latency/laboratory.hpp>
#include <hat/latency/plan.hpp>

#include "devices.hpp"

#include <string>
#include <vector>

namespace hat::program {

struct ShelfOptions {
    std::string out;  ///< a folder: NAME.csv and NAME.csv.plan of each device
    latency::LatencyProtocol protocol{};
    int core = -1;  ///< of every device; −1: the last one
    bool resume = false;
};

/// Carries out `plan` on all devices at once, as `hat latency` does on this one. Every table comes
/// here after every network. A device that is gone is told, and the others go on; the paths of
/// whole tables go to stdout. What is on a device is begun anew, unless it is resumed: the table
/// that is here, or one there of this very plan.
///
/// Throws  `Error` before anything is begun, if a table cannot be begun, resumed or written; in the
///         end, if a table lacks networks; `CLI::RuntimeError`, with a note, if a signal ended it
void measure_shelf(const latency::LatencyPlan& plan, const std::vector<Device>& devices,
                   const ShelfOptions& options);

}  // namespace hat::program
