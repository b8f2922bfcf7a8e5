// SPDX-License-Identifier: Apache-2.0
// Needs: nlohmann-json
#pragma once

#include <hat/core/error.hpp>
#include <hat/train/checkpoint.hpp>
#include <hat/train/numbered_files.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hat::train {

/// The checkpoints of one training: the last `keep`, `checkpoint-<update>.safetensors`, and the
/// best, `best.safetensors`.
///
/// However a training ends, the directory holds what it saved last: a checkpoint appears whole or
/// not at all, and older ones go after that.
class CheckpointDirectory {
public:
    /// Throws  `Error` if `keep` is not positive.
    explicit CheckpointDirectory(std::string path, int keep = 2)
        : files_(std::move(path), "checkpoint"), keep_(keep) {
        if (keep <= 0) fail("checkpoints: keep = ", keep, ", expected 1 or more");
    }

    /// Where the checkpoint with the lowest validation loss is, or would be.
    [[nodiscard]] std::string best_path() const {
        return (std::filesystem::path(files_.directory()) / "best.safetensors").string();
    }

    /// Whether there is a checkpoint to resume from, or at least a torn one.
    [[nodiscard]] bool empty() const { return files_.numbers().empty(); }

    /// The update of the newest checkpoint, if there is one.
    [[nodiscard]] std::optional<std::int64_t> newest() const {
        const std::vector<std::int64_t> numbers = files_.numbers();
        return numbers.empty() ? std::nullopt : std::optional(numbers.back());
    }

    /// Writes `state`, which has the best score so far if `is_best`; removes what is too old.
    ///
    /// Throws  `Error` if the disk is full; the checkpoints that were there stay.
    void save(const TrainingState& state, bool is_best) const {
        files_.create_directory();
        // In this order, a training killed in between does the same again and loses nothing.
        if (is_best) save_checkpoint(best_path(), state);
        save_checkpoint(files_.path(state.position.update), state);
        files_.keep_until(state.position.update, keep_);
    }

    /// Loads the newest checkpoint that is whole, having named torn ones on stderr; false if there
    /// is no checkpoint at all.
    ///
    /// Throws  `Error` if all are torn, or the newest whole one is of another training.
    [[nodiscard]] bool resume(const TrainingState& state) const {
        const std::vector<std::int64_t> numbers = files_.numbers();
        for (std::size_t i = numbers.size(); i-- > 0;) {
            const std::optional<CheckpointFile> file = open_if_whole(files_.path(numbers[i]));
            if (!file) continue;
            file->load(state);
            return true;
        }
        if (!numbers.empty())
            fail(files_.directory(), ": none of the ", numbers.size(), " checkpoints can be read");
        return false;
    }

private:
    [[nodiscard]] static std::optional<CheckpointFile> open_if_whole(const std::string& path) {
        try {
            return CheckpointFile::open(path);
        } catch (const Error& error) {
            std::fprintf(stderr, "skipped a checkpoint: %s\n", error.what());
            return std::nullopt;
        }
    }

    NumberedFiles files_;
    int keep_;
};

}  // namespace hat::train
