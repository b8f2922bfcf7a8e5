// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/io/architecture_yaml.hpp>
#include <hat/io/file_lock.hpp>
#include <hat/io/file_status.hpp>
#include <hat/io/text_file.hpp>
#include <hat/search/report.hpp>
#include <hat/search/search_checkpoint.hpp>

#include "output_directory.hpp"
#include "output_file.hpp"
#include "search_health.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

/// What a search is asked for, and where it writes.
namespace hat::program {

struct SearchArguments {
    std::string run, data, out, pareto, one_for_all, latency, report;
    std::vector<std::string> predictors;
    double limit_ms = 0;
    double speedup = 0;
    std::optional<double> max_loss;
    std::int64_t limit_parameters = 0;
    bool published = false;
    bool resume = false;
    bool overwrite = false;
    int iterations = 30;
    int population = 0;
    int patience = 0;
    int measure = 5;
    int front = 0;  ///< generations of the search for all of it
    int threads = 0;
    float label_smoothing = 0.1F;
    std::uint64_t seed = 1;
    HealthOptions health;
};

[[nodiscard]] inline bool has_limit(const SearchArguments& arguments) {
    return arguments.limit_ms > 0 || arguments.speedup > 0;
}

/// A predictor's file, and what the device is called that it is of: the file without its end.
struct PredictorFile {
    std::string name;
    std::string path;
};

/// By name, so that their order on the command line changes nothing.
///
/// Throws  `Error` if two devices would have one name
[[nodiscard]] inline std::vector<PredictorFile>
predictor_files(const std::vector<std::string>& paths) {
    std::vector<PredictorFile> files;
    for (const std::string& path : paths)
        files.push_back({std::filesystem::path(path).stem().string(), path});
    std::stable_sort(files.begin(), files.end(),
                     [](const auto& a, const auto& b) { return a.name < b.name; });
    for (std::size_t i = 1; i < files.size(); ++i)
        if (files[i - 1].name == files[i].name)
            fail("search: --predictor ", files[i - 1].path, " and ", files[i].path,
                 " are both of a device ", in_quotes(files[i].name),
                 "; give their files different names");
    return files;
}

/// Where a search keeps how far it has come.
[[nodiscard]] inline std::string state_path(const SearchArguments& arguments) {
    const std::string& out = arguments.pareto.empty() ? arguments.out : arguments.pareto;
    return (arguments.predictors.size() > 1 ? without_slash(out) : out) + ".search.json";
}

/// Where `--front` keeps how far it has come.
[[nodiscard]] inline std::string front_state_path(const SearchArguments& arguments) {
    return arguments.out + ".front.json";
}

/// A front begins with what the search under the limit has found: it begins anew once that goes on.
///
/// Throws  `Error` if there is one, and it cannot be removed
inline void remove_front_state(const SearchArguments& arguments) {
    const std::string state = front_state_path(arguments);
    std::error_code error;
    std::filesystem::remove(state, error);
    if (error) fail(state, ": cannot remove: ", error.message());
}

/// The front of a device: `--pareto`, or a file of its name in that folder if there are several.
[[nodiscard]] inline std::string front_path(const SearchArguments& arguments,
                                            const PredictorFile& device) {
    if (arguments.predictors.size() == 1) return arguments.pareto;
    return without_slash(arguments.pareto) + "/" + device.name + ".csv";
}

inline constexpr const char* search_report_title = "The search for a fast network";
inline constexpr const char* search_front_columns = "loss,latency_ms,layer_parameters,genes";

namespace detail {

[[nodiscard]] inline bool is_architecture(const std::string& path) {
    static_cast<void>(io::architecture_from_yaml(io::read_file(path), path));
    return true;
}

[[nodiscard]] inline bool is_front(const std::string& path) {
    return first_line(path).starts_with(search_front_columns);
}

[[nodiscard]] inline bool is_saved_search(const std::string& path) {
    return search::is_saved_search(path);
}

[[nodiscard]] inline bool is_search_report(const std::string& path) {
    return first_line(path) == std::string("# ") + search_report_title;
}

[[nodiscard]] inline bool is_figure(const std::string& path) {
    return first_line(path).starts_with("<svg ");
}

/// Throws  `Error` if the report would go among other things.
inline void check_search_report(const std::string& folder, const std::vector<std::string>& inputs) {
    check_folder("--report", folder);
    const auto check = [&](const char* name, const char* kind,
                           bool (*is_of_kind)(const std::string&)) {
        check_output({.flag = "--report",
                      .path = (without_slash(folder) + '/').append(name),
                      .kind = kind,
                      .is_of_kind = is_of_kind},
                     inputs);
    };
    check("report.md", "the report of a search", is_search_report);
    for (const char* name : search::report_figures) check(name, "a figure", is_figure);
}

/// Throws  `Error` if a front, or the network for all devices, would go among other things.
inline void check_fronts(const SearchArguments& arguments, const std::vector<std::string>& inputs) {
    const auto devices = predictor_files(arguments.predictors);
    if (devices.size() > 1) check_folder("--pareto", arguments.pareto);
    for (const PredictorFile& device : devices)
        check_output({.flag = "--pareto",
                      .path = front_path(arguments, device),
                      .kind = "the front of a search",
                      .is_of_kind = is_front},
                     inputs);
    if (!arguments.one_for_all.empty())
        check_output({.flag = "--one-for-all",
                      .path = arguments.one_for_all,
                      .kind = "an architecture",
                      .is_of_kind = is_architecture},
                     inputs);
}

}  // namespace detail

/// Throws  `Error` if there is a search already that the flags neither go on with nor replace, or
///         something would be lost that is no result of one.
inline void check_search_outputs(const SearchArguments& arguments) {
    const char* const flag = arguments.pareto.empty() ? "--out" : "--pareto";
    std::vector<std::string> inputs = arguments.predictors;
    if (!arguments.latency.empty())
        inputs.insert(inputs.end(), {arguments.latency, arguments.latency + ".plan"});
    if (arguments.pareto.empty())
        check_output({.flag = flag,
                      .path = arguments.out,
                      .kind = "an architecture",
                      .is_of_kind = detail::is_architecture},
                     inputs);
    else
        detail::check_fronts(arguments, inputs);
    const auto check_state = [&](const std::string& path) {
        check_output({.flag = flag,
                      .path = path,
                      .kind = "a saved search",
                      .is_of_kind = detail::is_saved_search},
                     inputs);
    };
    const std::string state = state_path(arguments);
    check_state(state);
    if (!arguments.out.empty()) check_state(front_state_path(arguments));
    if (io::exists(state) && !arguments.resume && !arguments.overwrite)
        fail(state, ": holds a search already; go on with --resume, replace it with --overwrite, ",
             "or choose another ", flag);
    if (!arguments.report.empty()) detail::check_search_report(arguments.report, inputs);
}

/// The right to be the only search that writes there, if nothing would be lost. A folder for fronts
/// is made if need be, and goes again with a search that leaves nothing in it.
class SearchPlace {
public:
    explicit SearchPlace(const SearchArguments& arguments)
        : lock_(state_path(arguments) + ".lock", state_path(arguments)) {
        check_search_outputs(arguments);
        if (!arguments.report.empty()) {
            make_parent(arguments.report);
            report_lock_.emplace(lock_path(arguments.report), arguments.report);
            check_search_outputs(arguments);  // who was at work there may have ended since
        }
        const std::string folder = without_slash(arguments.pareto);
        if (arguments.predictors.size() == 1 || io::exists(folder)) return;
        make_parent(folder + "/front");
        made_ = folder;
    }
    SearchPlace(const SearchPlace&) = delete;
    SearchPlace& operator=(const SearchPlace&) = delete;
    ~SearchPlace() {
        std::error_code error;
        if (!made_.empty()) std::filesystem::remove(made_, error);  // only what is empty
    }

private:
    io::FileLock lock_;
    std::optional<io::FileLock> report_lock_{};
    std::string made_{};
};

}  // namespace hat::program
