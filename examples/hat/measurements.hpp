// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/in_quotes.hpp>
#include <hat/latency/table.hpp>

#include <cstdio>
#include <set>
#include <string>
#include <vector>

namespace hat::program {

/// The latency table at `path`; says, once, which of its columns are left out because only another
/// version knows them.
///
/// Throws  `Error` as `latency::read_latency_table`
inline latency::LatencyTable read_measurements(const std::string& path) {
    static std::set<std::string> told;
    std::vector<std::string> unknown;
    latency::LatencyTable table = latency::read_latency_table(path, &unknown);
    if (told.insert(path).second)
        for (const std::string& column : unknown)
            std::fprintf(stderr, "note: %s: column %s is not known, and not read\n",
                         one_line(path).c_str(), in_quotes(column).c_str());
    return table;
}

}  // namespace hat::program
