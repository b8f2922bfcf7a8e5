// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/core/aligned.hpp>
#include <hat/core/matrix_view.hpp>
#include <hat/core/random.hpp>

#include <Eigen/Core>

#include <cstddef>
#include <cstdint>

/// Operands that ours and its rivals share.
namespace hat::support {

/// A row-major matrix that owns its memory, filled with normally distributed numbers.
class RandomMatrix {
public:
    RandomMatrix(int rows, int cols, double deviation = 1.0, std::uint64_t seed = 0)
        : rows_(rows), cols_(cols), data_(std::ptrdiff_t{rows} * cols) {
        Random random(seed + static_cast<std::uint64_t>(rows) * 1'000'003U +
                      static_cast<std::uint64_t>(cols));
        for (float& x : data_) x = static_cast<float>(deviation * random.normal());
    }

    [[nodiscard]] Matrix view() noexcept { return {data_.data(), rows_, cols_}; }
    [[nodiscard]] ConstMatrix view() const noexcept { return {data_.data(), rows_, cols_}; }
    /// The first row.
    [[nodiscard]] Vector vector() noexcept { return {data_.data(), cols_}; }
    [[nodiscard]] float* data() noexcept { return data_.data(); }
    [[nodiscard]] const float* data() const noexcept { return data_.data(); }

private:
    int rows_;
    int cols_;
    AlignedArray<float> data_;
};

using EigenMatrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using EigenMap = Eigen::Map<EigenMatrix, Eigen::Unaligned, Eigen::OuterStride<>>;
using EigenConstMap = Eigen::Map<const EigenMatrix, Eigen::Unaligned, Eigen::OuterStride<>>;

/// The same memory as Eigen sees it.
[[nodiscard]] inline EigenMap eigen(Matrix x) noexcept {
    return {x.data(), x.rows(), x.cols(), Eigen::OuterStride<>(x.stride())};
}
[[nodiscard]] inline EigenConstMap eigen(ConstMatrix x) noexcept {
    return {x.data(), x.rows(), x.cols(), Eigen::OuterStride<>(x.stride())};
}

}  // namespace hat::support
