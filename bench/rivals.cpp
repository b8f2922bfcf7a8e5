// SPDX-License-Identifier: Apache-2.0

/// `rivals FILE.json…`: how many times as fast hat is as the best of its rivals.
///
/// The files are what programs of bench/kernels and bench/nn write (--benchmark_out=FILE). One part
/// of a benchmark's name between slashes is its implementation: ours begins with `hat`, a rival is
/// `eigen`, `openblas` or `onednn`, with an ending or without. All other parts are the case. A case
/// has a ratio for each implementation of ours: the least median among the rivals over ours; rivals
/// of the same ending, such as `_int8`, alone if there are any, and all of them otherwise. A line
/// of the table, in Markdown, is all cases of one family and one implementation: geometric mean,
/// least, most.

#include <hat/core/error.hpp>

#include "support/results.hpp"

#include <algorithm>
#include <cctype>
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

/// What the name of a benchmark says.
struct Name {
    std::string family;          ///< the first part, without a shape: "linear" of "linear_128x256"
    std::string subject;         ///< all but the implementation
    std::string implementation;  ///< empty: none that is known
};

bool begins_an_implementation(std::string_view part) {
    for (const std::string_view known : {"hat", "eigen", "openblas", "onednn"})
        if (part == known || part.starts_with(std::string(known) + '_')) return true;
    return false;
}

std::string without_shape(const std::string& part) {
    for (std::size_t i = 0; i + 1 < part.size(); ++i)
        if (part[i] == '_' && std::isdigit(static_cast<unsigned char>(part[i + 1])) != 0)
            return part.substr(0, i);
    return part;
}

Name parse(const std::string& text) {
    Name name;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find('/', begin), text.size());
        const std::string part = text.substr(begin, end - begin);
        if (begin == 0) name.family = without_shape(part);
        if (name.implementation.empty() && begins_an_implementation(part))
            name.implementation = part;
        else
            name.subject += part + '/';
        begin = end + 1;
    }
    return name;
}

bool is_ours(const std::string& implementation) {
    return implementation.starts_with("hat");
}

/// "_int8" of "hat_int8".
std::string ending(const std::string& implementation) {
    return implementation.substr(std::min(implementation.find('_'), implementation.size()));
}

/// Medians of one case, by implementation.
using Case = std::map<std::string, double>;

/// Of one family and one implementation.
struct Line {
    std::string family;
    std::string implementation;
    std::vector<double> ratios;
};

/// 0 without a rival.
double best_rival(const Case& medians, const std::string& ours) {
    double of_ending = 0;
    double of_all = 0;
    for (const auto& [implementation, median] : medians) {
        if (is_ours(implementation)) continue;
        const auto keep = [&](double& best) { best = best == 0 ? median : std::min(best, median); };
        keep(of_all);
        if (!ending(ours).empty() && ending(implementation) == ending(ours)) keep(of_ending);
    }
    return of_ending == 0 ? of_all : of_ending;
}

/// In the order of the files.
std::vector<Line> lines_of(const hat::support::Results& results) {
    std::map<std::string, Case> cases;
    for (const std::string& text : results.names) {
        const Name name = parse(text);
        if (!name.implementation.empty())
            cases[name.subject][name.implementation] = results.times.at(text).median();
    }
    std::vector<Line> lines;
    for (const std::string& text : results.names) {
        const Name name = parse(text);
        if (!is_ours(name.implementation)) continue;
        const Case& medians = cases.at(name.subject);
        const double rival = best_rival(medians, name.implementation);
        if (rival == 0) continue;
        const auto same = [&](const Line& line) {
            return line.family == name.family && line.implementation == name.implementation;
        };
        auto line = std::find_if(lines.begin(), lines.end(), same);
        if (line == lines.end())
            line = lines.insert(lines.end(), {name.family, name.implementation, {}});
        line->ratios.push_back(rival / medians.at(name.implementation));
    }
    return lines;
}

void print(const Line& line) {
    double logarithms = 0;
    for (const double ratio : line.ratios) logarithms += std::log(ratio);
    const auto [least, most] = std::minmax_element(line.ratios.begin(), line.ratios.end());
    std::printf("| %s, `%s` | %zu | **%.2f** | %.2f | %.2f |\n", line.family.c_str(),
                line.implementation.c_str(), line.ratios.size(),
                std::exp(logarithms / static_cast<double>(line.ratios.size())), *least, *most);
}

/// Throws  `Error` if the file has nothing that has a rival, or something that failed
std::vector<Line> read(const std::string& path) {
    const hat::support::Results results = hat::support::read_results(path);
    if (!results.failed.empty()) hat::fail(path, ": failed: ", results.failed.front());
    std::vector<Line> lines = lines_of(results);
    if (lines.empty()) hat::fail(path, ": no benchmark of ours has a rival");
    return lines;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2 || std::string_view(argv[1]).starts_with("--")) {
        std::fprintf(stderr, "usage: rivals FILE.json...\n");
        return 2;
    }
    try {
        std::vector<Line> lines;
        for (int i = 1; i < argc; ++i)
            for (Line& line : read(argv[i])) lines.push_back(std::move(line));
        std::printf("| family, ours | cases | times as fast | least | most |\n"
                    "|---|---|---|---|---|\n");
        for (const Line& line : lines) print(line);
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "rivals: %s\n", error.what());
        return 1;
    }
}
