// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/io/json.hpp>
#include <hat/io/text_file.hpp>

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

/// Files of results, as Google Benchmark writes them (--benchmark_out=FILE).
namespace hat::support {

/// What one benchmark took; seconds of CPU.
struct Times {
    std::vector<double> sorted;

    [[nodiscard]] double least() const { return sorted.front(); }
    [[nodiscard]] double most() const { return sorted.back(); }
    [[nodiscard]] double median() const {
        const std::size_t half = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    }
};

/// What a file says.
struct Results {
    std::vector<std::string> names;  ///< in the file's order
    std::map<std::string, Times> times;
    std::vector<std::string> failed;
    std::string origin;  ///< host and date
};

namespace detail {

inline double seconds_per(const std::string& unit, const std::string& where) {
    if (unit == "ns") return 1e-9;
    if (unit == "us") return 1e-6;
    if (unit == "ms") return 1e-3;
    if (unit == "s") return 1;
    fail(where, ": time_unit: expected ns, us, ms or s, found ", in_quotes(unit));
}

inline std::string text_or(const io::Json& object, const char* key, const char* otherwise) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : otherwise;
}

inline bool has_failed(const io::Json& entry) {
    const auto failed = entry.find("error_occurred");
    return failed != entry.end() && *failed == true;
}

}  // namespace detail

/// Throws  `Error` if the file is none of Google Benchmark's, or has no time
inline Results read_results(const std::string& path) {
    constexpr std::size_t limit_bytes = std::size_t{1} << 28U;
    const io::Json json = io::parse_json(io::read_file(path, limit_bytes), path);
    const io::Json& context = io::json_field(json, "context", path);
    Results results;
    results.origin =
        detail::text_or(context, "host_name", "?") + ", " + detail::text_or(context, "date", "?");
    const io::Json& benchmarks = io::json_field(json, "benchmarks", path);
    if (!benchmarks.is_array())
        fail(path, ": benchmarks: expected a list, found ", benchmarks.type_name());
    int index = 0;
    for (const io::Json& entry : benchmarks) {
        const std::string where = path + ": benchmark " + std::to_string(index++);
        const auto name = io::json_get<std::string>(entry, "name", where);
        // What is made of repetitions, such as their mean, is no time of its own.
        if (detail::text_or(entry, "run_type", "iteration") != "iteration") continue;
        if (detail::has_failed(entry)) {
            results.failed.push_back(name + ": " + detail::text_or(entry, "error_message", "?"));
            continue;
        }
        const auto unit = io::json_get<std::string>(entry, "time_unit", where);
        const double seconds =
            io::json_get<double>(entry, "cpu_time", where) * detail::seconds_per(unit, where);
        if (!(seconds > 0)) fail(where, ": cpu_time: expected more than 0");
        Times& times = results.times[name];
        if (times.sorted.empty()) results.names.push_back(name);
        times.sorted.push_back(seconds);
    }
    if (results.names.empty())
        fail(path, ": no times of single runs; was --benchmark_report_aggregates_only on?");
    for (auto& [name, times] : results.times) std::sort(times.sorted.begin(), times.sorted.end());
    return results;
}

}  // namespace hat::support
