// SPDX-License-Identifier: Apache-2.0
// Needs: nlohmann-json
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/slab.hpp>
#include <hat/io/safetensors.hpp>
#include <hat/io/slab.hpp>
#include <hat/train/numbered_files.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace hat::train {

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
class ParameterRing {
public:
    /// Throws  `Error` if `keep` is not positive.
    ParameterRing(std::string directory, int keep)
        : files_(std::move(directory), "parameters"), keep_(keep) {
        if (keep <= 0) fail("parameter ring: keep = ", keep, ", expected 1 or more");
    }

    /// Writes the parameters at `number`, which grows from call to call (but starts again at an
    /// earlier number when a training resumes there), and removes the oldest.
    ///
    /// Throws  `Error` if the disk is full; the files that were there stay.
    void save(std::int64_t number, const TensorTable& table, const Slab& parameters) const {
        files_.create_directory();
        std::vector<io::TensorView> tensors;
        io::append_tensors(tensors, table, parameters);
        io::write_safetensors(files_.path(number), tensors);
        files_.keep_until(number, keep_);
    }

    /// The files that are there, oldest first.
    [[nodiscard]] std::vector<std::string> paths() const {
        std::vector<std::string> paths;
        for (const std::int64_t number : files_.numbers()) paths.push_back(files_.path(number));
        return paths;
    }

    /// Throws  `Error` as `mean_of_files`.
    [[nodiscard]] Slab mean(const TensorTable& table) const {
        return mean_of_files(table, paths());
    }

private:
    NumberedFiles files_;
    int keep_;
};

}  // namespace hat::train
