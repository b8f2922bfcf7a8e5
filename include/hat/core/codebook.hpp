// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hat/config.hpp>
#include <hat/core/bit_cast.hpp>
#include <hat/core/matrix_view.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace hat {

/// The numbers of a matrix that has at most 16 different ones, as k-means of 4 bits leaves them. A
/// number's code is its place. Numbers that differ in one bit are different.
class Codebook {
public:
    static constexpr int most = 16;
    static constexpr int bytes = most * static_cast<int>(sizeof(float));

    /// Precondition: `matrix` has no more.
    explicit Codebook(ConstMatrix matrix) noexcept {
        for (int i = 0; i < matrix.rows(); ++i) {
            for (int j = 0; j < matrix.cols(); ++j) {
                const float x = matrix(i, j);
                if (code(x) < size_) continue;
                HAT_ASSERT(size_ < most);
                if (size_ < most) numbers_[static_cast<std::size_t>(size_++)] = x;
            }
        }
    }

    [[nodiscard]] int size() const noexcept { return size_; }
    /// That of a number of the matrix; `size()` of others.
    [[nodiscard]] int code(float x) const noexcept {
        const auto is_it = [&](float number) {
            return bit_cast<std::uint32_t>(number) == bit_cast<std::uint32_t>(x);
        };
        const float* const begin = numbers_.data();
        return static_cast<int>(std::find_if(begin, begin + size_, is_it) - begin);
    }
    /// Writes all 16, zeros behind the last.
    void store(void* to) const noexcept { std::memcpy(to, numbers_.data(), bytes); }

private:
    std::array<float, std::size_t{most}> numbers_{};
    int size_ = 0;
};

}  // namespace hat
