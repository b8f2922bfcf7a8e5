// SPDX-License-Identifier: Apache-2.0
// Needs: nlohmann-json
#pragma once

#include <hat/core/error.hpp>
#include <hat/core/slab.hpp>
#include <hat/io/finite.hpp>
#include <hat/io/json.hpp>
#include <hat/io/safetensors.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace hat::io {

/// The shape that a tensor of a table has in files: one extent for a vector, two for a matrix.
[[nodiscard]] inline std::vector<std::int64_t> stored_shape(const TensorTable::Entry& entry) {
    if (entry.is_vector) return {entry.cols};
    return {entry.rows, entry.cols};
}

/// Appends a view of every tensor of `slab`, named `prefix` + its name in the table.
inline void append_tensors(std::vector<TensorView>& tensors, const TensorTable& table,
                           const Slab& slab, const std::string& prefix = {}) {
    for (const auto& entry : table) {
        const std::span values(slab.data() + entry.offset, static_cast<std::size_t>(entry.size()));
        tensors.push_back(tensor_view(prefix + entry.name, stored_shape(entry), values));
    }
}

/// Throws  `Error` unless `file` has the tensor of an entry, under `prefix` + its name, in its
/// shape
///         and of a floating dtype.
inline void check_tensor(const SafetensorsFile& file, const TensorTable::Entry& entry,
                         const std::string& prefix = {}) {
    const TensorView& found = file.tensor(prefix + entry.name);
    const auto expected = stored_shape(entry);
    if (found.shape != expected)
        fail(file.path(), ": tensor ", in_quotes(found.name), " has shape ",
             shape_text(found.shape), ", expected ", shape_text(expected));
    if (found.dtype > Dtype::bf16)
        fail(file.path(), ": tensor ", in_quotes(found.name), " is ", dtype_info(found.dtype).name,
             ", expected a floating dtype");
}

/// Throws  `Error` unless `file` has every tensor of the table so.
inline void check_tensors(const SafetensorsFile& file, const TensorTable& table,
                          const std::string& prefix = {}) {
    for (const auto& entry : table) check_tensor(file, entry, prefix);
}

/// Throws  `Error` naming the first number of the table's tensors in `file` that is not finite.
inline void check_finite(const SafetensorsFile& file, const TensorTable& table,
                         const std::string& prefix = {}) {
    for (const auto& entry : table) check_finite(file.path(), file.tensor(prefix + entry.name));
}

/// Copies every tensor of the table out of `file`; other tensors of the file are left alone.
///
/// Throws  `Error` as `check_tensors` and `check_finite`, before the slab is touched.
inline void copy_tensors(const SafetensorsFile& file, const TensorTable& table, Slab& slab,
                         const std::string& prefix = {}) {
    check_tensors(file, table, prefix);
    check_finite(file, table, prefix);
    for (const auto& entry : table) {
        file.copy_floats(prefix + entry.name,
                         {slab.data() + entry.offset, static_cast<std::size_t>(entry.size())});
    }
}

}  // namespace hat::io
