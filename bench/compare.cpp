// SPDX-License-Identifier: Apache-2.0

/// `compare FIRST.json SECOND.json`: what two runs of benchmarks took, side by side.
///
/// The files are what Google Benchmark writes (--benchmark_out=FILE). A line has the medians of
/// both and how many times as fast the second is, with a ~ where its repetitions overlap those of
/// the first, which may be chance. Benchmarks that failed, or that only one of them has, are named
/// below the table.

#include <hat/core/error.hpp>

#include "support/results.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

using hat::support::read_results;
using hat::support::Results;
using hat::support::Times;

namespace {

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
        print(read_results(argv[1]), read_results(argv[2]),
              std::string(argv[1]) + " and " + argv[2]);
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "compare: %s\n", error.what());
        return 1;
    }
}
