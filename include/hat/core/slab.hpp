// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/aligned.hpp>
#include <hat/core/error.hpp>
#include <hat/core/extent.hpp>
#include <hat/core/matrix_view.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hat {

/// Names, shapes and places of the tensors of a slab. Every tensor is a matrix `[rows, cols]`
/// (a vector has one row) without gaps between its rows, and starts at a cache line.
class TensorTable {
public:
    /// A tensor: its name, its sizes and its place.
    struct Entry {
        std::string name;
        int rows;
        int cols;
        bool is_vector;         ///< stored as a one-dimensional tensor in files
        std::ptrdiff_t offset;  ///< in floats from the start of the slab
        int groups = 1;  ///< blocks of rows that map inputs of their own (group-linear layers)

        [[nodiscard]] std::ptrdiff_t size() const noexcept { return std::ptrdiff_t{rows} * cols; }
    };

    /// Adds a tensor behind the last one and returns its index.
    /// Throws  `Error` if the name is there already or the shape is empty.
    int add_matrix(std::string name, int rows, int cols, int groups = 1) {
        return add({std::move(name), rows, cols, false, 0, groups});
    }
    int add_vector(std::string name, int size) { return add({std::move(name), 1, size, true, 0}); }

    /// The index of a tensor, or −1.
    [[nodiscard]] int find(std::string_view name) const noexcept {
        for (int i = 0; i < size(); ++i) {
            if ((*this)[i].name == name) return i;
        }
        return -1;
    }
    /// Throws  `Error` if there is none.
    [[nodiscard]] int index(std::string_view name) const {
        const int i = find(name);
        if (i < 0) fail("tensor table: there is no tensor \"", name, "\"");
        return i;
    }

    [[nodiscard]] int size() const noexcept { return static_cast<int>(entries_.size()); }
    [[nodiscard]] const Entry& operator[](int i) const noexcept {
        return entries_[static_cast<std::size_t>(i)];
    }
    [[nodiscard]] auto begin() const noexcept { return entries_.begin(); }
    [[nodiscard]] auto end() const noexcept { return entries_.end(); }

    /// Floats a slab of this table needs, the gaps that align the tensors included.
    [[nodiscard]] std::ptrdiff_t extent() const noexcept { return extent_; }

private:
    int add(Entry entry) {
        if (entry.rows <= 0 || entry.cols <= 0) {
            fail("tensor table: \"", entry.name, "\" has shape [", entry.rows, ", ", entry.cols,
                 "]");
        }
        if (find(entry.name) >= 0) fail("tensor table: \"", entry.name, "\" appears twice");
        constexpr std::ptrdiff_t line = alignment / sizeof(float);
        entry.offset = extent_;
        extent_ += (entry.size() + line - 1) / line * line;
        entries_.push_back(std::move(entry));
        return size() - 1;
    }

    std::vector<Entry> entries_;
    std::ptrdiff_t extent_ = 0;
};

/// All tensors of a table in one aligned, zero-filled array: parameters, gradients, moments.
class Slab {
public:
    Slab() = default;
    explicit Slab(const TensorTable& table) : data_(table.extent()) {}
    /// So many floats of a slab: a part that somebody looks after alone.
    explicit Slab(std::ptrdiff_t floats) : data_(floats) {}

    [[nodiscard]] float* data() noexcept { return data_.data(); }
    [[nodiscard]] const float* data() const noexcept { return data_.data(); }
    [[nodiscard]] std::ptrdiff_t size() const noexcept { return data_.size(); }

    [[nodiscard]] Matrix matrix(const TensorTable::Entry& entry) noexcept {
        return {data_.data() + entry.offset, entry.rows, entry.cols};
    }
    [[nodiscard]] ConstMatrix matrix(const TensorTable::Entry& entry) const noexcept {
        return {data_.data() + entry.offset, entry.rows, entry.cols};
    }

private:
    AlignedArray<float> data_;
};

}  // namespace hat
