// SPDX-License-Identifier: Apache-2.0
// Needs: nlohmann-json
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/core/random.hpp>
#include <hat/core/slab.hpp>
#include <hat/io/json.hpp>
#include <hat/io/safetensors.hpp>
#include <hat/io/slab.hpp>
#include <hat/train/adam.hpp>
#include <hat/train/training_state.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hat::train {

namespace detail {

inline constexpr const char* checkpoint_format = "hat-checkpoint-1";
inline constexpr const char* first_moment_prefix = "adam.first_moment/";
inline constexpr const char* second_moment_prefix = "adam.second_moment/";
inline constexpr const char* steps_name = "adam.steps";
inline constexpr const char* average_prefix = "average/";

/// 64 bits of which a change of any one word changes all.
[[nodiscard]] inline std::uint64_t hash(std::span<const std::byte> bytes) noexcept {
    std::uint64_t h = bytes.size();
    for (std::size_t i = 0; i < bytes.size(); i += sizeof h) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data() + i, std::min(sizeof word, bytes.size() - i));
        h = (std::rotl(h, 5) ^ word) * 0x9e3779b97f4a7c15U;
    }
    return mix64(h);
}
[[nodiscard]] inline std::uint64_t hash(std::string_view text) noexcept {
    return hash(std::as_bytes(std::span(text)));
}

/// The same for any order of the tensors.
[[nodiscard]] inline std::string checksum(std::span<const io::TensorView> tensors,
                                          std::string_view position) {
    std::uint64_t sum = hash(position);
    for (const io::TensorView& tensor : tensors) {
        const std::string description =
            tensor.name + io::shape_text(tensor.shape) + io::dtype_info(tensor.dtype).name;
        sum += mix64(hash(description) + std::rotl(hash(tensor.bytes), 1));
    }
    return std::to_string(sum);
}

[[nodiscard]] inline std::string to_json(const TrainingPosition& position) {
    io::Json json;
    json["update"] = position.update;
    json["epoch"] = position.epoch;
    json["batch"] = position.batch;
    json["seed"] = position.seed;
    json["best_score"] = nullptr;
    if (position.best_score) json["best_score"] = *position.best_score;
    json["validations_since_best"] = position.validations_since_best;
    json["configuration"] = position.configuration;
    if (position.parameters) {
        json["parameters"] = io::Json::array();
        for (const KeptParameters& kept : *position.parameters)
            json["parameters"].push_back({{"update", kept.update}, {"checksum", kept.checksum}});
    }
    return io::json_text(json);
}

[[nodiscard]] inline TrainingPosition parse_position(const std::string& text,
                                                     const std::string& where) {
    const io::Json json = io::parse_json(text, where);
    const auto count = [&where](const io::Json& from, const char* key) {
        const auto n = io::json_get<std::int64_t>(from, key, where);
        if (n < 0) fail(where, ": ", key, " = ", n, ", expected 0 or more");
        return n;
    };
    TrainingPosition position;
    position.update = count(json, "update");
    position.epoch = count(json, "epoch");
    position.batch = count(json, "batch");
    position.seed = io::json_get<std::uint64_t>(json, "seed", where);
    if (!io::json_field(json, "best_score", where).is_null())
        position.best_score = io::json_get<double>(json, "best_score", where);
    position.validations_since_best = count(json, "validations_since_best");
    position.configuration = io::json_get<std::string>(json, "configuration", where);
    if (json.contains("parameters")) {
        position.parameters.emplace();
        for (const io::Json& kept : json["parameters"])
            position.parameters->push_back(
                {count(kept, "update"), io::json_get<std::string>(kept, "checksum", where)});
    }
    return position;
}

}  // namespace detail

/// Writes all of `state` to `path`, whole or not at all: a safetensors file with the parameters
/// under their own names (so that it also serves as a model), Adam's moments and steps, the
/// average, and the position with a checksum in the metadata.
///
/// Throws  `Error` if the disk is full; what stood at `path` before is untouched.
inline void save_checkpoint(const std::string& path, const TrainingState& state) {
    const std::span<const std::int64_t> steps = std::as_const(state.adam).steps();
    std::vector<io::TensorView> tensors;
    io::append_tensors(tensors, state.table, state.parameters);
    io::append_tensors(tensors, state.table, state.adam.first_moment(),
                       detail::first_moment_prefix);
    io::append_tensors(tensors, state.table, state.adam.second_moment(),
                       detail::second_moment_prefix);
    tensors.push_back(
        io::tensor_view(detail::steps_name, {static_cast<std::int64_t>(steps.size())}, steps));
    if (state.average != nullptr)
        io::append_tensors(tensors, state.table, *state.average, detail::average_prefix);
    const std::string position = detail::to_json(state.position);
    io::write_safetensors(path, tensors,
                          {{"format", detail::checkpoint_format},
                           {"position", position},
                           {"checksum", detail::checksum(tensors, position)}});
}

/// A checkpoint on disk that is known to be whole.
class CheckpointFile {
public:
    /// Throws  `Error` if the file is cut off, damaged, or no checkpoint.
    [[nodiscard]] static CheckpointFile open(const std::string& path) {
        return CheckpointFile(path);
    }

    /// Where the training was.
    [[nodiscard]] const TrainingPosition& position() const noexcept { return position_; }

    /// Throws  `Error` if it is a checkpoint of another network or another kind of training, or a
    ///         number is not finite; `state` is then what it was.
    void load(const TrainingState& state) const {
        const TensorTable& table = state.table;
        const std::span<std::int64_t> steps = state.adam.steps();
        const std::span<const std::int64_t> stored_steps = check(state);
        io::copy_tensors(file_, table, state.parameters);
        io::copy_tensors(file_, table, state.adam.first_moment(), detail::first_moment_prefix);
        io::copy_tensors(file_, table, state.adam.second_moment(), detail::second_moment_prefix);
        if (state.average != nullptr)
            io::copy_tensors(file_, table, *state.average, detail::average_prefix);
        std::copy(stored_steps.begin(), stored_steps.end(), steps.begin());
        state.position = position_;
    }

private:
    explicit CheckpointFile(const std::string& path) : file_(io::SafetensorsFile::open(path)) {
        const auto format = file_.metadata().find("format");
        if (format == file_.metadata().end() || format->second != detail::checkpoint_format)
            fail(path, ": not a checkpoint of this version (", detail::checkpoint_format, ")");
        const std::string& position = file_.metadata("position");
        if (file_.metadata("checksum") != detail::checksum(file_.tensors(), position))
            fail(path, ": damaged: its content does not have its checksum");
        position_ = detail::parse_position(position, path + ": position");
    }

    /// All that can be wrong with a whole file; returns Adam's steps.
    [[nodiscard]] std::span<const std::int64_t> check(const TrainingState& state) const {
        const bool averages = state.average != nullptr;
        const TensorTable& table = state.table;
        for (const std::string prefix : {"", detail::first_moment_prefix,
                                         detail::second_moment_prefix, detail::average_prefix}) {
            if (prefix == detail::average_prefix && !averages) continue;
            io::check_tensors(file_, table, prefix);
            io::check_finite(file_, table, prefix);
        }
        const auto steps = file_.values<std::int64_t>(detail::steps_name);
        if (steps.size() != state.adam.steps().size())
            fail(file_.path(), ": has the steps of ", steps.size(), " tensors, expected ",
                 state.adam.steps().size());
        for (const std::int64_t step : steps) {
            if (step < 0) fail(file_.path(), ": a tensor has made ", step, " steps");
        }
        for (const io::TensorView& tensor : file_.tensors()) {
            if (!is_expected(tensor.name, table, averages))
                fail(file_.path(), ": tensor ", in_quotes(tensor.name),
                     " is not part of this training");
        }
        return steps;
    }

    [[nodiscard]] static bool is_expected(std::string_view name, const TensorTable& table,
                                          bool averages) {
        if (name == detail::steps_name) return true;
        for (const std::string_view prefix :
             {detail::first_moment_prefix, detail::second_moment_prefix, detail::average_prefix}) {
            if (!name.starts_with(prefix)) continue;
            if (prefix == detail::average_prefix && !averages) return false;
            return table.find(name.substr(prefix.size())) >= 0;
        }
        return table.find(name) >= 0;
    }

    io::SafetensorsFile file_;
    TrainingPosition position_;
};

}  // namespace hat::train
