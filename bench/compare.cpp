// SPDX-License-Identifier: Apache-2.0

/// `compare FIRST.json SECOND.json`: what two runs of benchmarks took, side by side.
///
/// The files are what Google Benchmark writes (--benchmark_out=FILE). A line has the medians of
/// both and how many times as fast the second is, with a ~ where its repetitions overlap those of
/// the first, which may be chance. Benchmarks that failed, or that only one of them has, are named
/// below the table.

#include <hat/core/error.hpp>
#include <hat/io/json.hpp>
#include <hat/io/text_file.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using Json = hat::io::Json;

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

double seconds_per(const std::string& unit, const std::string& where) {
    if (unit == "ns") return 1e-9;
    if (unit == "us") return 1e-6;
    if (unit == "ms") return 1e-3;
    if (unit == "s") return 1;
    hat::fail(where, ": time_unit: expected ns, us, ms or s, found ", hat::in_quotes(unit));
}

std::string text_or(const Json& object, const char* key, const char* otherwise) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : otherwise;
}

bool has_failed(const Json& entry) {
    const auto failed = entry.find("error_occurred");
    return failed != entry.end() && *failed == true;
}

/// Throws  `Error` if the file is none of Google Benchmark's, or has no time
Results read(const std::string& path) {
    constexpr std::size_t limit_bytes = std::size_t{1} << 28U;
    const Json json = hat::io::parse_json(hat::io::read_file(path, limit_bytes), path);
    const Json& context = hat::io::json_field(json, "context", path);
    Results results;
    results.origin = text_or(context, "host_name", "?") + ", " + text_or(context, "date", "?");
    const Json& benchmarks = hat::io::json_field(json, "benchmarks", path);
    if (!benchmarks.is_array())
        hat::fail(path, ": benchmarks: expected a list, found ", benchmarks.type_name());
    int index = 0;
    for (const Json& entry : benchmarks) {
        const std::string where = path + ": benchmark " + std::to_string(index++);
        const auto name = hat::io::json_get<std::string>(entry, "name", where);
        // What is made of repetitions, such as their mean, is no time of its own.
        if (text_or(entry, "run_type", "iteration") != "iteration") continue;
        if (has_failed(entry)) {
            results.failed.push_back(name + ": " + text_or(entry, "error_message", "?"));
            continue;
        }
        const auto unit = hat::io::json_get<std::string>(entry, "time_unit", where);
        const double seconds =
            hat::io::json_get<double>(entry, "cpu_time", where) * seconds_per(unit, where);
        if (!(seconds > 0)) hat::fail(where, ": cpu_time: expected more than 0");
        Times& times = results.times[name];
        if (times.sorted.empty()) results.names.push_back(name);
        times.sorted.push_back(seconds);
    }
    if (results.names.empty())
        hat::fail(path, ": no times of single runs; was --benchmark_report_aggregates_only on?");
    for (auto& [name, times] : results.times) std::sort(times.sorted.begin(), times.sorted.end());
    return results;
}

/// Three digits and a unit.
std::string duration(double seconds) {
    constexpr std::pair<double, const char*> units[] = {
        {1, "s"}, {1e-3, "ms"}, {1e-6, "us"}, {1e-9, "ns"}};
    const auto* unit = std::begin(units);
    while (unit + 1 != std::end(units) && seconds < unit->first) ++unit;
    const double value = seconds / unit->first;
    char text[32];
    const int decimals = value < 10 ? 2 : value < 100 ? 1 : 0;
    std::snprintf(text, sizeof text, "%.*f %s", decimals, value, unit->second);
    return text;
}

bool may_be_chance(const Times& a, const Times& b) {
    return a.sorted.size() > 1 && b.sorted.size() > 1 && a.least() <= b.most() &&
           b.least() <= a.most();
}

void print_others(const char* which, const Results& of, const Results& other) {
    for (const std::string& line : of.failed)
        std::printf("failed in the %s: %s\n", which, line.c_str());
    for (const std::string& name : of.names) {
        if (other.times.count(name) == 0) std::printf("only in the %s: %s\n", which, name.c_str());
    }
}

/// Throws  `Error` if they have no benchmark in common
void print(const Results& first, const Results& second, const std::string& paths) {
    std::size_t width = 9;
    std::size_t common = 0;
    for (const std::string& name : first.names) {
        if (second.times.count(name) == 0) continue;
        width = std::max(width, name.size());
        ++common;
    }
    if (common == 0) hat::fail(paths, ": no benchmark is in both");
    std::printf("first:  %s\nsecond: %s\n\n", first.origin.c_str(), second.origin.c_str());
    const int columns = static_cast<int>(width);
    std::printf("%-*s %10s %10s %8s\n", columns, "benchmark", "first", "second", "faster");
    double logarithms = 0;
    for (const std::string& name : first.names) {
        const auto found = second.times.find(name);
        if (found == second.times.end()) continue;
        const Times& a = first.times.at(name);
        const Times& b = found->second;
        const double ratio = a.median() / b.median();
        logarithms += std::log(ratio);
        std::printf("%-*s %10s %10s %8.2f%s\n", columns, name.c_str(), duration(a.median()).c_str(),
                    duration(b.median()).c_str(), ratio, may_be_chance(a, b) ? " ~" : "");
    }
    std::printf("%-*s %10s %10s %8.2f\n", columns, "geometric mean", "", "",
                std::exp(logarithms / static_cast<double>(common)));
    print_others("first", first, second);
    print_others("second", second, first);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3 || std::string_view(argv[1]).starts_with("--")) {
        std::fprintf(stderr, "usage: compare FIRST.json SECOND.json\n");
        return 2;
    }
    try {
        print(read(argv[1]), read(argv[2]), std::string(argv[1]) + " and " + argv[2]);
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "compare: %s\n", error.what());
        return 1;
    }
}
