// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/error.hpp>
#include <hat/io/directory_kind.hpp>
#include <hat/io/file_lock.hpp>
#include <hat/io/file_status.hpp>

#include "job.hpp"
#include "training_flags.hpp"

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace hat::program {

/// What a training writes into its directory, config.json last: it says that a training is there.
inline constexpr std::array<std::string_view, 7> run_names{
    "checkpoints", "parameters", "model", "space.yml", "log.jsonl", "diverged.json", "config.json"};

/// The directory of a training, and the right to be the only process that trains there.
class RunDirectory {
public:
    /// Of several ranks, the first one's alone: others leave it be.
    ///
    /// Throws  `Error` if something else is there, or a training that the flags neither go on with
    ///         nor replace, or another process is at work on it.
    RunDirectory(std::string path, const TrainingFlags& flags, const Job& job)
        : path_(std::move(path)), resume_(flags.resume), overwrite_(flags.overwrite),
          is_ours_(job.is_first()) {
        if (!is_ours_) return;
        check();
        if (io::is_directory(path_)) lock();
    }

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    /// Whether there is a training, if only its checkpoints.
    [[nodiscard]] bool has_training() const {
        return io::directory_kind(path_) == io::DirectoryKind::run ||
               io::exists(path_ + "/checkpoints");
    }

    /// Makes the directory if need be, and removes a training that is to be replaced.
    ///
    /// Throws  `Error` as the constructor: a training may have begun there meanwhile.
    void open() {
        if (!is_ours_) return;
        std::error_code error;
        std::filesystem::create_directories(path_, error);
        if (error) fail(path_, ": cannot make the directory: ", error.message());
        if (!lock_) {
            lock();
            check();
        }
        if (!overwrite_) return;
        for (const std::string_view name : run_names) {
            const std::string entry = (path_ + '/').append(name);
            std::filesystem::remove_all(entry, error);
            if (error) fail(entry, ": cannot remove: ", error.message());
        }
    }

private:
    void lock() { lock_.emplace(path_ + "/lock", path_); }

    void check() const {
        using io::DirectoryKind;
        const DirectoryKind found = io::directory_kind(path_);
        if (found == DirectoryKind::data || found == DirectoryKind::model)
            fail(path_, ": holds ", kind_name(found),
                 ", which would be lost; choose another --out");
        if (has_training()) {
            if (!resume_ && !overwrite_)
                fail(path_, ": holds a training already; go on with --resume, replace it with "
                            "--overwrite, or choose another --out");
            return;
        }
        if (found == DirectoryKind::free) return;
        if (!io::is_directory(path_)) fail(path_, ": is there already and is no directory");
        for (const std::string_view name : run_names)
            if (io::exists((path_ + '/').append(name)) && name != "space.yml")
                fail(path_, ": is no training, but holds \"", name,
                     "\", which would be lost; choose another --out");
    }

    std::string path_;
    bool resume_;
    bool overwrite_;
    bool is_ours_;
    std::optional<io::FileLock> lock_{};
};

}  // namespace hat::program
