// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/arena.hpp>

#include <algorithm>
#include <cstddef>

namespace hat::nn {

/// Bytes of the two arenas that a network computes in: what it makes, and what its kernels need for
/// a moment.
struct ComputingMemory {
    std::size_t activations = 0;
    std::size_t scratch = 0;
};

/// Counts what layers of packed weights allocate in evaluation. Each tells it beside its `forward`,
/// in the same order: `count_memory(count, layer, …)`, where the layer has sizes for weights.
class MemoryCount {
public:
    /// Bytes of scratch that rows of so many inputs take on their way into a product.
    using BytesOfRows = std::size_t(int rows, int inputs) noexcept;

    /// Of `rows` rows at once, that products take as they are.
    constexpr explicit MemoryCount(int rows) noexcept : rows_(rows) {}
    constexpr MemoryCount(int rows, BytesOfRows* bytes) noexcept
        : rows_(rows), bytes_of_rows_(bytes) {}

    [[nodiscard]] constexpr int rows() const noexcept { return rows_; }
    /// The most at any time so far.
    [[nodiscard]] constexpr ComputingMemory most() const noexcept { return most_; }

    /// A matrix of so many rows and columns.
    constexpr void matrix(int rows, int cols) noexcept {
        add(Arena::bytes_of<float>(std::ptrdiff_t{rows} * cols));
    }
    /// A variable of all rows.
    constexpr void variable(int cols) noexcept { matrix(rows_, cols); }
    template <class T>
    constexpr void objects(std::ptrdiff_t n) noexcept {
        add(Arena::bytes_of<T>(n));
    }
    /// Bytes that a kernel needs.
    constexpr void scratch(std::size_t bytes) noexcept {
        most_.scratch = std::max(most_.scratch, bytes);
    }
    /// Those of `rows` rows that go into a product.
    [[nodiscard]] constexpr std::size_t bytes_of_rows(int rows, int inputs) const noexcept {
        return bytes_of_rows_(rows, inputs);
    }
    /// A product of all rows.
    constexpr void product(int inputs) noexcept { scratch(bytes_of_rows(rows_, inputs)); }
    /// What `f()` counts is free again.
    template <class F>
    constexpr void scope(const F& f) {
        const std::size_t before = used_;
        f();
        used_ = before;
    }

private:
    constexpr void add(std::size_t bytes) noexcept {
        used_ += bytes;
        most_.activations = std::max(most_.activations, used_);
    }

    // Compared with null it would be no constant where functions may be there (GCC with
    // -fno-delete-null-pointer-checks).
    static constexpr std::size_t none(int /*rows*/, int /*inputs*/) noexcept { return 0; }

    int rows_;
    BytesOfRows* bytes_of_rows_ = none;
    std::size_t used_ = 0;
    ComputingMemory most_{};
};

}  // namespace hat::nn
