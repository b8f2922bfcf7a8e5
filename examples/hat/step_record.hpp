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
    std::string name;
    io::Json settings = io::Json::object();  ///< flags, as `io::settings_difference` compares them
    std::vector<std::string> inputs{};       ///< files that it reads, made by steps before it
    std::vector<std::string> outputs{};      ///< files and folders that are its own
    std::function<bool()> is_there{};        ///< whether its result is
    std::function<void()> run{};             ///< goes on with what it finds of an earlier run
};

/// Which steps of a work are done, of which settings and from which files, in a file of its own: so
/// that a work that is begun again does what is left, and nothing stands beside what it is not of.
class StepRecord {
public:
    /// Throws  `Error` if the file at `path` is damaged
    explicit StepRecord(std::string path) : path_(std::move(path)) {
        if (io::exists(path_))
            steps_ = io::json_field(io::parse_json(io::read_file(path_), path_), "steps", path_);
        if (!steps_.is_object()) fail(path_, ": steps: expected an object");
    }

    /// Does the step, unless that was done: again if its result is gone, or if what it was made of
    /// has changed, in which case what it made goes first.
    ///
    /// Throws  `Error` if it was done with other settings
    void run(const Step& step) {
        const io::Json inputs = hashes(step.inputs);
        if (steps_.contains(step.name)) {
            const io::Json before = steps_[step.name];
            const std::string where = path_ + ": " + step.name;
            const bool is_there = io::json_get<bool>(before, "done", where) && step.is_there();
            const std::string difference =
                io::settings_difference(io::json_text(io::json_field(before, "settings", where)),
                                        io::json_text(step.settings));
            if (is_there && !difference.empty())
                fail(path_, ": ", step.name, " was done with other flags: ", difference,
                     "; give the same to go on, or another --out");
            if (io::json_field(before, "inputs", where) == inputs) {
                if (is_there) return;
            } else {
                std::fprintf(stderr, "note: %s is done again, as what it was made of has changed\n",
                             step.name.c_str());
                for (const std::string& output : step.outputs) remove(output);
            }
        }
        save(step, inputs, false);
        step.run();
        save(step, inputs, true);
    }

private:
    [[nodiscard]] static io::Json hashes(const std::vector<std::string>& paths) {
        io::Json of = io::Json::object();
        for (const std::string& path : paths) of[path] = io::file_hash(path);
        return of;
    }

    static void remove(const std::string& path) {
        std::error_code error;
        std::filesystem::remove_all(path, error);
        if (error) fail(path, ": cannot remove: ", error.message());
    }

    void save(const Step& step, const io::Json& inputs, bool is_done) {
        steps_[step.name] = {{"done", is_done}, {"settings", step.settings}, {"inputs", inputs}};
        const io::Json record{{"steps", steps_}};
        io::write_file(path_, io::json_text(record) + "\n");
    }

    std::string path_;
    io::Json steps_ = io::Json::object();
};

}  // namespace hat::program
