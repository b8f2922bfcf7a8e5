// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/io/atomic_file.hpp>
#include <hat/io/file_hashes.hpp>
#include <hat/io/file_status.hpp>
#include <hat/io/json.hpp>
#include <hat/io/settings_difference.hpp>
#include <hat/io/text_file.hpp>

#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace hat::program {

/// A step of a longer work on files.
struct Step {
    std::string key;                         ///< in the record
    std::string title;                       ///< in messages: "the search"
    io::Json settings = io::Json::object();  ///< flags, as `io::settings_difference` compares them
    std::vector<std::string> inputs{};       ///< files that it reads, made by steps before it
    std::vector<std::string> outputs{};      ///< files and folders that are its own
    std::function<bool()> is_there{};        ///< whether its result is, which is made whole
    std::function<void()> run{};             ///< goes on with what it finds of an earlier run
};

/// What each step of a work was last begun with, settings and the content of its inputs, in a file:
/// so that the work, when it is started again, does what is left and nothing else.
class StepRecord {
public:
    /// Throws  `Error` if the file at `path` cannot be read, or is damaged
    explicit StepRecord(std::string path) : path_(std::move(path)) {
        if (!io::exists(path_)) return;
        const io::Json record = io::parse_json(io::read_file(path_), path_);
        if (io::json_get<std::string>(record, "format", path_) != format)
            fail(path_, ": not a record of steps of this version (", format, ")");
        steps_ = io::json_field(record, "steps", path_);
        if (!steps_.is_object()) fail(path_, ": steps: expected an object");
    }

    /// Throws  `Error` if the result of a step is there, of other settings
    void check(const std::vector<Step>& steps) const {
        for (const Step& step : steps) {
            if (!steps_.contains(step.key) || !step.is_there()) continue;
            const std::string difference = io::settings_difference(
                io::json_text(of(step, "settings")), io::json_text(step.settings));
            if (!difference.empty())
                fail(path_, ": ", step.title, " was made with something else: ", difference,
                     "; give the same to go on, or another --out");
        }
    }

    /// Runs a step of those that were checked, unless its result is there. If its inputs have
    /// changed since it was begun, its outputs are removed first, which is told. Until its result
    /// is there its settings may change.
    ///
    /// Throws  `Error` if an input cannot be read, an output not removed or the record not written,
    ///         and what the step throws
    void run(const Step& step) {
        io::Json inputs = io::Json::array();
        for (const std::string& path : step.inputs) inputs.push_back(io::file_hash(path));
        if (steps_.contains(step.key)) {
            if (of(step, "inputs") != inputs)
                remove_outputs(step);
            else if (step.is_there())
                return;
        }
        steps_[step.key] = {{"settings", step.settings}, {"inputs", inputs}};
        const io::Json record{{"format", format}, {"steps", steps_}};
        io::write_file(path_, io::json_text(record) + "\n");
        step.run();
    }

private:
    static constexpr const char* format = "hat steps 1";

    [[nodiscard]] const io::Json& of(const Step& step, const char* field) const {
        const std::string where = path_ + ": " + step.key;
        return io::json_field(io::json_field(steps_, step.key.c_str(), where), field, where);
    }

    static void remove_outputs(const Step& step) {
        std::string paths;
        for (const std::string& output : step.outputs) {
            if (!io::exists(output)) continue;
            std::error_code error;
            std::filesystem::remove_all(output, error);
            if (error) fail(output, ": cannot remove: ", error.message());
            paths += (paths.empty() ? "" : ", ") + output;
        }
        std::fprintf(stderr, "note: %s is made again, as what it is made of has changed%s%s\n",
                     step.title.c_str(), paths.empty() ? "" : "; removed: ", paths.c_str());
    }

    std::string path_;
    io::Json steps_ = io::Json::object();
};

}  // namespace hat::program
