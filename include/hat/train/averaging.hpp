// SPDX-License-Identifier: Apache-2.0
// Needs: nlohmann-json
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/in_quotes.hpp>
#include <hat/core/slab.hpp>
#include <hat/io/file_status.hpp>
#include <hat/io/safetensors.hpp>
#include <hat/io/slab.hpp>
#include <hat/train/checkpoint.hpp>
#include <hat/train/numbered_files.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace hat::train {

namespace detail {
inline constexpr const char* parameters_format = "hat-parameters-1";
}

/// The arithmetic mean of the parameters in several safetensors files: models or checkpoints, whose
/// other tensors are left alone. Added in double, rounded once; half precision is widened first.
///
/// Throws  `Error` if there is no file, one has not all tensors of the table in their shapes, or a
///         number is not finite.
[[nodiscard]] inline Slab mean_of_files(const TensorTable& table,
                                        std::span<const std::string> paths) {
    if (paths.empty()) fail("mean of parameters: there is no file to average");
    std::vector<io::SafetensorsFile> files;
    for (const std::string& path : paths) {
        files.push_back(io::SafetensorsFile::open(path));
        io::check_tensors(files.back(), table);
        io::check_finite(files.back(), table);
    }
    Slab mean(table);
    std::vector<float> values;
    std::vector<double> sum;
    for (const auto& entry : table) {
        const auto size = static_cast<std::size_t>(entry.size());
        values.resize(size);
        sum.assign(size, 0.0);
        for (const auto& file : files) {
            file.copy_floats(entry.name, values);
            for (std::size_t i = 0; i < size; ++i) sum[i] += static_cast<double>(values[i]);
        }
        const auto count = static_cast<double>(files.size());
        std::transform(sum.begin(), sum.end(), mean.data() + entry.offset,
                       [count](double x) { return static_cast<float>(x / count); });
    }
    return mean;
}

/// The parameters of the last `keep` epochs (or other intervals), one file each, for their mean.
///
/// Every file has its update and a checksum; who keeps the list of `KeptParameters` (a checkpoint)
/// knows again those it means.
class ParameterRing {
public:
    /// Throws  `Error` if `keep` is not positive.
    ParameterRing(std::string directory, int keep)
        : files_(std::move(directory), "parameters"), keep_(keep) {
        if (keep <= 0) fail("parameter ring: keep = ", keep, ", expected 1 or more");
    }

    /// Writes the parameters at `update` and notes them down in `kept`, of which the last `keep`
    /// stay. `update` grows from call to call, but starts again at an earlier one when a training
    /// resumes there: what is newer goes.
    ///
    /// Throws  `Error` if the disk is full; the files that were there stay.
    void save(std::vector<KeptParameters>& kept, std::int64_t update, const TensorTable& table,
              const Slab& parameters) const {
        files_.create_directory();
        std::vector<io::TensorView> tensors;
        io::append_tensors(tensors, table, parameters);
        const std::string number = std::to_string(update);
        const std::string checksum = detail::checksum(tensors, number);
        io::write_safetensors(
            files_.path(update), tensors,
            {{"format", detail::parameters_format}, {"update", number}, {"checksum", checksum}});
        files_.keep_until(update, std::numeric_limits<int>::max());
        std::erase_if(kept, [&](const KeptParameters& old) { return old.update >= update; });
        kept.push_back({update, checksum});
        if (std::ssize(kept) > keep_) kept.erase(kept.begin(), kept.end() - keep_);
    }

    /// Removes what is older than all of `kept`.
    void remove_older(std::span<const KeptParameters> kept) const {
        if (!kept.empty()) files_.remove_before(kept.front().update);
    }

    /// The last files that are there up to `update`, of trainings that did not note them down.
    [[nodiscard]] std::vector<KeptParameters> found(std::int64_t update) const {
        std::vector<KeptParameters> kept;
        for (const std::int64_t number : files_.numbers())
            if (number <= update) kept.push_back({number, {}});
        if (std::ssize(kept) > keep_) kept.erase(kept.begin(), kept.end() - keep_);
        return kept;
    }

    /// Where the parameters at `update` are.
    [[nodiscard]] std::string path(std::int64_t update) const { return files_.path(update); }

    /// Throws  `Error` naming the first file of `kept` that is missing, damaged or another one.
    void check(std::span<const KeptParameters> kept) const {
        for (const KeptParameters& parameters : kept) check(parameters);
    }

    /// Throws  `Error` as `check` and `mean_of_files`.
    [[nodiscard]] Slab mean(const TensorTable& table, std::span<const KeptParameters> kept) const {
        check(kept);
        std::vector<std::string> paths;
        for (const KeptParameters& parameters : kept) paths.push_back(path(parameters.update));
        return mean_of_files(table, paths);
    }

private:
    void check(const KeptParameters& kept) const {
        const std::string where = path(kept.update);
        if (!io::exists(where))
            fail(where, ": is missing; the mean of the last parameters needs it");
        const auto file = io::SafetensorsFile::open(where);
        const io::Metadata& metadata = file.metadata();
        // Older versions wrote nothing but the tensors.
        if (kept.checksum.empty() && !metadata.contains("checksum")) return;
        const std::string& checksum = file.metadata("checksum");
        const std::string& update = file.metadata("update");
        if (checksum != detail::checksum(file.tensors(), update))
            fail(where, ": damaged: its content does not have its checksum");
        if (update != std::to_string(kept.update))
            fail(where, ": holds the parameters of update ", readable(update), ", expected ",
                 kept.update);
        if (!kept.checksum.empty() && checksum != kept.checksum)
            fail(where, ": is not the file of this training: its checksum is ", readable(checksum),
                 ", was ", kept.checksum);
    }

    NumberedFiles files_;
    int keep_;
};

}  // namespace hat::train
